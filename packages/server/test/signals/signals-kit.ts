/** What tests of signals share: a gateway's way in over stores in memory, and clients that report, honest or not. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { Report } from '@hauberk/channel';
import type { SignalCode } from '@hauberk/device';
import {
  nativeCanary,
  newReportChain,
  nextReport,
  type ReportChain,
  type SensedSignal,
  type SignalReport,
  sensedCanary,
} from '@hauberk/device/client';
import { type Bytes, type EpochMs, epochMs } from '@hauberk/primitives';
import type { MayCollect } from '@hauberk/privacy';
import { type SignalsConfig, signalsSchema } from '../../src/config/signals-schema.ts';
import { type KeyReader, SecretBytes } from '../../src/keys/key-provider.ts';
import { openSignals, type Signals } from '../../src/signals/open-signals.ts';
import {
  isSignalReport,
  keepSignalReports,
  nextChallenge,
  type SignalIntakeShell,
} from '../../src/signals/signal-intake.ts';
import { type SignalChallenge, signalNonces } from '../../src/signals/signal-nonce.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';
import type { Stores } from '../../src/storage/stores.ts';

/** An instant to count from. */
export const start: EpochMs = epochMs(1_800_000_000_000);
/** The app of the tests. */
export const bank = { organisation: 'bank', app: 'app' } as const;

/** SHA-256. */
export const sha256 = (input: Uint8Array): Bytes => new Uint8Array(createHash('sha256').update(input).digest());

const granted: MayCollect = () => ({ isAllowed: true, reason: 'granted', clauses: [] });
/** What somebody agreed to who was not asked. */
export const notAsked: MayCollect = () => ({ isAllowed: false, reason: 'before-consent', clauses: [] });

/** A gateway's way in. */
export interface SignalLab {
  readonly clock: { now: EpochMs };
  readonly stores: Stores;
  readonly signals: Signals;
  readonly counted: Map<string, number>;
  readonly consent: { is: MayCollect };
  readonly challenge: (device: string) => SignalChallenge;
  /** Sends reports; answers the codes of those that were not kept. */
  readonly send: (
    device: string,
    reports: readonly Report[],
    about?: { readonly attested?: string; readonly traffic?: readonly SignalCode[] },
  ) => Promise<readonly string[]>;
  /** Codes that are in force. */
  readonly codesOf: (device: string) => readonly string[];
  /** The same record and keys, and memory that knows nothing. */
  readonly restart: () => SignalLab;
}

/** Makes one. */
export const signalLab = (
  section: Partial<SignalsConfig> = {},
  stores: Stores = memoryStorage().connect().stores,
  secret: Uint8Array = randomBytes(32),
  clock: { now: EpochMs } = { now: start },
): SignalLab => {
  const config = signalsSchema.parse({ devices: 64, ...section });
  const keys = { current: () => ({ secret: new SecretBytes(secret) }) } as unknown as KeyReader;
  const now = (): EpochMs => clock.now;
  const failed = (error: unknown): never => assert.fail(String(error));
  const signals = openSignals({ config, outbox: stores.outbox, keys, decisionSecret: undefined, now, failed });
  const counted = new Map<string, number>();
  const consent = { is: granted };
  const shell: SignalIntakeShell = {
    outbox: stores.outbox,
    memory: signals.memory,
    nonces: signalNonces(keys, start),
    config,
    consentOf: async () => () => consent.is,
    count: (code) => counted.set(code, (counted.get(code) ?? 0) + 1),
  };
  return {
    clock,
    stores,
    signals,
    counted,
    consent,
    challenge: (device) => nextChallenge(shell, device, clock.now),
    send: async (device, reports, { attested = '', traffic = [] } = {}) => {
      assert.ok(reports.every(isSignalReport));
      const origin = { scope: bank, device, service: 'api', tier: 1, attested, traffic };
      const kept = await keepSignalReports(shell, origin, reports, clock.now);
      assert.ok(kept.ok);
      return kept.value.map(({ code }) => code);
    },
    codesOf: (device) => signals.memory.signalsOf(device, clock.now).signals.map(({ code }) => code),
    restart: () => signalLab(section, stores, secret, clock),
  };
};

let ids = 0;

/** A report on its way. */
export const onItsWay = (body: object, eventAtMs: number = start): Report => {
  ids += 1;
  return {
    id: `signal-${ids}`,
    kind: 'device.signals',
    kindVersion: 1,
    loss: 'must-keep',
    eventAtMs: epochMs(eventAtMs),
    body: body as Report['body'],
  };
};

/** An installation that reports: it keeps its chain, and what lies between its probes and its reports may be hooked. */
export class Reporter {
  chain: ReportChain = newReportChain;
  challenge: SignalChallenge | undefined;
  /** Takes signals out on the way: what a hooked callback does. */
  hook: (signals: readonly SensedSignal[]) => readonly SensedSignal[] = (signals) => signals;

  /** The next report. */
  next(
    found: readonly Pick<SensedSignal, 'code' | 'source'>[],
    at: number = start,
    ran?: readonly string[],
  ): SignalReport {
    const signals = found.map((each) => ({ value: true, observedAtMs: at, ...each }));
    const round = {
      scene: 'pay',
      sdk: '0.1.0',
      ran: ran ?? [...new Set(signals.map(({ code }) => code))],
      skipped: [],
      signals,
      evidence: [],
    } as const;
    const native = nativeCanary(
      sha256,
      this.challenge?.nonce ?? '',
      signals.filter(({ source }) => source === 'native'),
    );
    const canary = sensedCanary(sha256, this.challenge, round, native);
    const told = { ...round, signals: this.hook(signals) };
    const { report, chain } = nextReport(sha256, this.chain, this.challenge, told, canary);
    this.chain = chain;
    return report;
  }
}
