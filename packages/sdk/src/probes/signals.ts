/** Signals of a client: `collect(scene)` looks, makes the next report of the installation's chain and hands it to the report queue. */
import { endpoint, reportBatch } from '@hauberk/channel/client';
import { sha256 } from '@hauberk/crypto/sha256';
import {
  newReportChain,
  nextReport,
  type ReportChain,
  type RoundChallenge,
  type SceneTier,
  type SharedEvidence,
  type SignalCode,
  type SignalConsent,
  sensedCanary,
  signalReportKind,
  signalReportVersion,
  signalRules,
  writeSignalReport,
} from '@hauberk/device/client';
import type { Hauberk } from '../core/hauberk.ts';
import type { NativeSignals } from '../trusted/native-signals.ts';
import type { Probe } from './probe.ts';
import type { ProbeWorld } from './probe-world.ts';
import { type Round, runRound } from './run-probes.ts';

/** What an installation remembers between reports. */
export interface SignalsState {
  readonly chain: ReportChain;
  readonly lastLooks: Readonly<Record<string, number>>;
}

/** Where it is kept. `update` is one step: two pages of an installation share one chain. */
export interface SignalsStore {
  readonly read: () => Promise<SignalsState | undefined>;
  readonly update: (change: (held: SignalsState) => SignalsState) => Promise<void>;
}

/** What signals are opened with. */
export interface SignalsOptions {
  readonly hauberk: Pick<Hauberk, 'fetch' | 'report' | 'status'>;
  /** What the person agreed to; nothing is looked at without a yes. `mayCollect` of `@hauberk/privacy` has this form. */
  readonly mayCollect: SignalConsent;
  readonly native?: NativeSignals;
  /** Evidence for clusters, as digests that the app made. */
  readonly evidence?: () => readonly SharedEvidence[];
  /** Longest time that probes of a page may take together, in milliseconds; 3,000 unless told. */
  readonly budgetMs?: number;
}

/** What a host provides. */
export interface SignalsPorts {
  readonly world: ProbeWorld;
  readonly probes: readonly Probe[];
  readonly store: SignalsStore;
  readonly wall: () => number;
  readonly monotonic: () => number;
}

/** What a call came to. Failures are answers: signals never stop an app. */
export type Collected =
  | { readonly ok: true; readonly counter: number; readonly ran: number; readonly found: number }
  | { readonly ok: false; readonly code: 'nothing-allowed' | 'busy' | 'failed' };

/** Signals of this client. */
export interface Signals {
  /** Looks at what a scene of this tier may ask for and queues a report. Never rejects. */
  readonly collect: (scene: SceneTier) => Promise<Collected>;
}

/** Version of the SDK, as reports tell it. */
export const signalsVersion = '0.1.0';
/** A challenge is asked for anew when it is older, in milliseconds. */
const challengeMs = 3_600_000;
const challengeForm = /^[A-Za-z0-9_-]{22,43}$/;

const nativeCodes: readonly SignalCode[] = signalRules.flatMap(({ code, layers }) =>
  layers.includes('native') ? [code] : [],
);

class OpenSignals implements Signals {
  readonly #options: SignalsOptions;
  readonly #ports: SignalsPorts;
  #challenge: { readonly is: NonNullable<RoundChallenge>; readonly at: number } | undefined;
  #isBusy = false;
  constructor(options: SignalsOptions, ports: SignalsPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  readonly collect = async (scene: SceneTier): Promise<Collected> => {
    if (this.#isBusy) return { ok: false, code: 'busy' };
    this.#isBusy = true;
    try {
      return await this.#collect(scene);
    } catch {
      return { ok: false, code: 'failed' };
    } finally {
      this.#isBusy = false;
    }
  };

  async #collect(scene: SceneTier): Promise<Collected> {
    const { world, probes, store, monotonic } = this.#ports;
    const { native, mayCollect, budgetMs = 3000 } = this.#options;
    const held = await store.read();
    const lastLooks = held?.lastLooks ?? {};
    const challenge = await this.#nextChallenge();
    const parts = { world, probes, native, mayCollect, lastLooks, now: this.#now, monotonic, budgetMs };
    const round = await runRound(parts, scene, nativeCodes, challenge?.nonce ?? '');
    // Nobody agreed: not even that nothing was looked at is told.
    if (round.ran.length === 0) return { ok: false, code: 'nothing-allowed' };
    const { ran, sensed, nativeCanary } = round;
    // Here, where everything was sensed, and not where it is told.
    const canary = sensedCanary(sha256, challenge, { ran, signals: sensed }, nativeCanary);
    return this.#report(scene, round, challenge, canary);
  }

  async #report(scene: SceneTier, round: Round, challenge: RoundChallenge, canary: string): Promise<Collected> {
    const { ran, skipped, told } = round;
    const evidence = [...round.evidence, ...(this.#options.evidence?.() ?? [])];
    let answer: Collected = { ok: false, code: 'failed' };
    const at = this.#now();
    await this.#ports.store.update((held) => {
      const sensed = { scene, sdk: signalsVersion, ran, skipped, signals: told, evidence };
      const next = nextReport(sha256, held.chain, challenge, sensed, canary);
      const written = writeSignalReport(next.report);
      if (!written.ok) return held;
      this.#options.hauberk.report(signalReportKind, written.value.body, {
        kindVersion: signalReportVersion,
        loss: 'must-keep',
      });
      answer = { ok: true, counter: next.report.counter, ran: ran.length, found: told.length };
      const looks = Object.fromEntries(ran.map((code) => [code, at]));
      return { chain: next.chain, lastLooks: { ...held.lastLooks, ...looks } };
    });
    return answer;
  }

  readonly #now = (): number => this.#options.hauberk.status().serverTimeMs ?? Math.floor(this.#ports.wall());

  /** Offline there is none to be had: the report then has the last one, or none. */
  async #nextChallenge(): Promise<RoundChallenge> {
    const { monotonic } = this.#ports;
    if (this.#challenge !== undefined && monotonic() - this.#challenge.at < challengeMs) return this.#challenge.is;
    try {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: reportBatch([]) };
      const reply = await this.#options.hauberk.fetch(endpoint.reports, init);
      const { signals } = (await reply.json()) as { signals?: { nonce?: unknown; canary?: unknown } };
      const { nonce, canary } = signals ?? {};
      const isWhole = typeof nonce === 'string' && typeof canary === 'string';
      if (reply.status === 200 && isWhole && challengeForm.test(nonce) && challengeForm.test(canary))
        this.#challenge = { is: { nonce, canary }, at: monotonic() };
    } catch {
      // The network is not there.
    }
    return this.#challenge?.is;
  }
}

/** Opens signals over a host's ports; the platform entries call it. */
export const openSignalsOver = (options: SignalsOptions, ports: SignalsPorts): Signals =>
  new OpenSignals(options, ports);

/** A store that forgets with the page. */
export const memorySignalsStore = (): SignalsStore => {
  let held: SignalsState | undefined;
  return {
    read: async () => held,
    update: async (change) => {
      held = change(held ?? { chain: newReportChain, lastLooks: {} });
    },
  };
};
