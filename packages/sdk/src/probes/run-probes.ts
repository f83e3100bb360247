/** One round of checks: what may be looked at is looked at, within bounds of time, and what may not is explained. */
import {
  maySense,
  type SceneTier,
  type SensedSignal,
  type SharedEvidence,
  type SignalCode,
  type SignalConsent,
  type SkippedSignal,
  type SkipReason,
  signalRuleOf,
} from '@hauberk/device/client';
import type { NativeSignals } from '../trusted/native-signals.ts';
import type { Probe } from './probe.ts';
import type { ProbeWorld } from './probe-world.ts';

/** What a round works with. */
export interface RoundParts {
  readonly world: ProbeWorld;
  readonly probes: readonly Probe[];
  readonly native: NativeSignals | undefined;
  readonly mayCollect: SignalConsent;
  /** When each code was looked at last, epoch milliseconds. */
  readonly lastLooks: Readonly<Record<string, number>>;
  /** In the gateway's time, where it is known. */
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Longest time for all probes, in milliseconds. */
  readonly budgetMs: number;
}

/** What it came to. `sensed` stays with whoever makes the canary, `told` is what arrived where reports are made. */
export interface Round {
  readonly ran: readonly string[];
  readonly skipped: readonly SkippedSignal[];
  readonly sensed: readonly SensedSignal[];
  readonly told: readonly SensedSignal[];
  readonly evidence: readonly SharedEvidence[];
  /** Of the native half; undefined where there is none. */
  readonly nativeCanary: string | undefined;
}

/** Longest time for one probe, in milliseconds. */
const probeMs = 1000;
const nativeMs = 5000;

const within = async <Value>(work: Promise<Value>, ms: number): Promise<Value | 'out-of-time'> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'out-of-time'>((resolve) => {
    timer = setTimeout(() => resolve('out-of-time'), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const refusals: Readonly<Record<string, SkipReason>> = {
  'signal.beyond-scene': 'not-allowed',
  'signal.before-consent': 'before-consent',
  'signal.too-often': 'too-often',
};

/** Carries what was sensed to where reports are made. */
export class SignalCourier {
  readonly arrived: SensedSignal[] = [];
  /** One signal. */
  carry(signal: SensedSignal): void {
    this.arrived.push(signal);
  }
}

/** A round under way. */
class RoundWork {
  readonly ran = new Set<string>();
  readonly skipped = new Map<string, SkipReason>();
  readonly sensed: SensedSignal[] = [];
  readonly evidence: SharedEvidence[] = [];
  nativeCanary: string | undefined;
  readonly #parts: RoundParts;
  readonly #scene: SceneTier;
  readonly #endsAt: number;
  constructor(parts: RoundParts, scene: SceneTier) {
    this.#parts = parts;
    this.#scene = scene;
    this.#endsAt = parts.monotonic() + parts.budgetMs;
  }

  /** The codes that may be looked at now; the others are skipped for the reason that is known. */
  allowed(codes: readonly string[]): readonly string[] {
    const { mayCollect, lastLooks, now } = this.#parts;
    return codes.filter((code) => {
      const may = maySense(code, this.#scene, mayCollect, lastLooks[code], now());
      if (!may.ok) this.skip([code], refusals[may.code] ?? 'unsupported');
      return may.ok;
    });
  }

  skip(codes: readonly string[], why: SkipReason): void {
    for (const code of codes) if (!this.ran.has(code)) this.skipped.set(code, why);
  }

  end(codes: readonly string[]): void {
    for (const code of codes) {
      this.skipped.delete(code);
      this.ran.add(code);
    }
  }

  async probe({ codes, look }: Probe): Promise<void> {
    const { world, monotonic, now } = this.#parts;
    const allowed = this.allowed(codes);
    if (allowed.length === 0) return;
    const left = this.#endsAt - monotonic();
    if (left <= 0) return this.skip(allowed, 'out-of-time');
    await world.idle();
    try {
      const found = await within(Promise.resolve(look(world)), Math.min(left, probeMs));
      if (found === 'out-of-time') return this.skip(allowed, 'out-of-time');
      for (const { code, value } of found)
        if (allowed.includes(code)) this.sensed.push({ code, value, source: 'web', observedAtMs: now() });
      this.end(allowed);
    } catch {
      // A host that is odd enough to throw must not take the app with it.
      this.skip(allowed, 'failed');
    }
  }

  async native(codes: readonly SignalCode[], nonce: string): Promise<void> {
    const { native } = this.#parts;
    const allowed = this.allowed(codes);
    if (allowed.length === 0) return;
    if (native === undefined) return this.skip(allowed, 'no-bridge');
    try {
      const answer = await within(native.readSignals(allowed, nonce), nativeMs);
      if (answer === 'out-of-time') return this.skip(allowed, 'out-of-time');
      this.nativeCanary = answer.canary;
      this.evidence.push(...answer.evidence);
      for (const signal of answer.signals)
        if (allowed.includes(signal.code)) this.sensed.push({ ...signal, source: 'native' });
      this.end(answer.ran.filter((code) => allowed.includes(code)));
      for (const { code, why } of answer.skipped) if (allowed.includes(code)) this.skip([code], why);
      this.skip(
        allowed.filter((code) => !this.ran.has(code) && !this.skipped.has(code)),
        'unsupported',
      );
    } catch {
      this.skip(allowed, 'failed');
    }
  }
}

const isOnLayer = (code: string, layer: 'web' | 'native'): boolean =>
  signalRuleOf(code)?.layers.includes(layer) === true;

/** Runs a round for a scene. Never rejects, and ends within its budget and the native half's. */
export const runRound = async (
  parts: RoundParts,
  scene: SceneTier,
  nativeCodes: readonly SignalCode[],
  nonce: string,
): Promise<Round> => {
  const work = new RoundWork(parts, scene);
  await work.native(
    nativeCodes.filter((code) => isOnLayer(code, 'native')),
    nonce,
  );
  for (const probe of parts.probes) await work.probe(probe);
  const courier = new SignalCourier();
  for (const signal of work.sensed) courier.carry(signal);
  return {
    ran: [...work.ran],
    skipped: [...work.skipped].map(([code, why]) => ({ code, why })),
    sensed: work.sensed,
    told: courier.arrived,
    evidence: work.evidence,
    nativeCanary: work.nativeCanary,
  };
};
