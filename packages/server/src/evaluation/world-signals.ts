/** Reports and attested facts → signals in force, in the same table and by the same rules as the server's own intake. */
import {
  type HeldSignal,
  holdSignals,
  mayKeepSignal,
  newSignalRow,
  openSignalTable,
  readSignalsInForce,
  type SignalCode,
  type SignalKey,
  type SignalsInForce,
  signalRuleOf,
  signalTableBytes,
  stepReport,
} from '@hauberk/device';
import { createKeyedHash } from '@hauberk/primitives';
import type { MayCollect } from '@hauberk/privacy';
import { teeSignals } from '../signals/judge-signals.ts';
import type { ReportChecks, WorldReport } from './world-lines.ts';

/** What the server's findings are in the words of the signal registry. */
const findings: readonly (readonly [keyof ReportChecks, string, SignalCode])[] = [
  ['signature', 'wrong', 'repackaging.withoutApp'],
  ['nonce', 'stale', 'client.nonceStale'],
  ['nonce', 'unknown', 'client.nonceForged'],
  ['counter', 'gap', 'client.counterGap'],
  ['counter', 'repeated', 'client.counterStale'],
  ['canary', 'absent', 'client.canaryMissing'],
  ['canary', 'wrong', 'client.canaryForged'],
];

const silence = { afterMs: 24 * 3_600_000, isReportExpected: false };
/** A world's people agreed to what their reports tell: consent is judged before reports are written. */
const everybodyAgreed: MayCollect = () => ({ isAllowed: true, reason: 'granted', clauses: [] });

/** Signals of a world's devices. */
export class WorldSignals {
  readonly #table;
  readonly #hash;
  readonly #row = newSignalRow();
  readonly #key: SignalKey = { low: 0, high: 0 };

  constructor(devices: number, key: Uint8Array) {
    this.#table = openSignalTable(new SharedArrayBuffer(signalTableBytes(devices)));
    this.#hash = createKeyedHash(key);
  }

  #keyOf(device: string): SignalKey {
    this.#hash(device, this.#key);
    if (this.#key.low === 0 && this.#key.high === 0) this.#key.low = 1;
    return this.#key;
  }

  #hold(device: string, codes: readonly SignalCode[], provenance: 'server' | 'tee', atMs: number): void {
    const held = codes.flatMap((code): readonly HeldSignal[] => {
      const rule = signalRuleOf(code);
      return rule === undefined
        ? []
        : [{ index: rule.index, value: 1, provenance, untilS: Math.floor((atMs + rule.ttlMs) / 1000) }];
    });
    holdSignals(this.#table, this.#keyOf(device), held, Math.floor(atMs / 1000));
  }

  /** Takes a report that has come in. One with a wrong signature tells nothing but that. */
  take({ device, atMs, checks, report }: WorldReport): void {
    const found = findings.flatMap(([name, word, code]) => (checks[name] === word ? [code] : []));
    this.#step(device, report.counter, atMs);
    this.#hold(device, found, 'server', atMs);
    if (checks.signature === 'wrong') return;
    const held = report.signals.flatMap((signal): readonly HeldSignal[] => {
      const allowed = mayKeepSignal(signal, report.scene, everybodyAgreed, atMs);
      if (!allowed.ok || signal.value === false) return [];
      const { index, ttlMs } = allowed.value;
      const untilS = Math.floor((signal.observedAtMs + ttlMs) / 1000);
      return [{ index, value: Number(signal.value), provenance: signal.source, untilS }];
    });
    holdSignals(this.#table, this.#keyOf(device), held, Math.floor(atMs / 1000));
  }

  /** Notes that the device reported. How the report follows the one before was judged when it was taken in. */
  #step(device: string, counter: number, atMs: number): void {
    const hash: SignalKey = { low: 0, high: 0 };
    this.#hash(`${device} ${counter}`, hash);
    const step = { counter, hash, previous: undefined, atS: Math.floor(atMs / 1000) };
    stepReport(this.#table, this.#keyOf(device), step);
  }

  /** Takes what hardware said of a device, in the text form of attested facts. */
  attest(device: string, attested: string, atMs: number): void {
    this.#hold(device, teeSignals(attested), 'tee', atMs);
  }

  /** What is in force for a device now. */
  of(device: string, nowMs: number): SignalsInForce {
    return readSignalsInForce(this.#table, this.#keyOf(device), this.#row, nowMs, silence);
  }
}
