/** The signals of one device that count now: what policies, records and people read. Expired ones are not there. */
import { bandOf, type DeviceBand, type ScoredSignal, type ScorePart, scoreOf, scoreParts } from './device-score.ts';
import type { SignalValue } from './signal-report.ts';
import { type SignalCode, signalRuleOf, signalRules } from './signal-rules.ts';
import {
  newSignalRow,
  type Provenance,
  provenances,
  readSignalRow,
  type SignalKey,
  type SignalRow,
  type SignalTable,
  slotOf,
} from './signal-table.ts';

/** One of them. */
export interface SignalInForce {
  readonly code: SignalCode;
  readonly value: SignalValue;
  /** Who vouches for it. */
  readonly source: Provenance;
  /** Since it was observed. */
  readonly ageMs: number;
  readonly untilMs: number;
}

/** All of them, with what they come to. Plain data: it may be kept, posted and recorded. */
export interface SignalsInForce {
  /** In the order of the registry; where several voices tell one thing, the best believed. */
  readonly signals: readonly SignalInForce[];
  /** 0 the worst to 100 the best; undefined when nothing was ever reported or sensed. */
  readonly score: number | undefined;
  readonly band: DeviceBand;
  readonly parts: readonly ScorePart[];
  /** When the newest report came; undefined when none did since the memory began. */
  readonly reportedAtMs: number | undefined;
}

/** Of a device that nothing is known of. */
export const noSignals: SignalsInForce = {
  signals: [],
  score: undefined,
  band: 'unknown',
  parts: [],
  reportedAtMs: undefined,
};

const nothingHeld: SignalRow = newSignalRow();

const rankOf = (provenance: Provenance): number => provenances.indexOf(provenance);

/** When silence is a signal. */
export interface SilencePolicy {
  /** Since its last report a device may be silent for so long. */
  readonly afterMs: number;
  /** Whether a device that never reported is silent, too. */
  readonly isReportExpected: boolean;
}

const silenceCode = 'client.silent';

const silent = (sinceMs: number, nowMs: number): readonly (readonly [ScoredSignal, SignalInForce])[] => {
  const rule = signalRuleOf(silenceCode);
  if (rule === undefined) return [];
  const told = {
    code: rule.code,
    value: true,
    source: 'server',
    ageMs: nowMs - sinceMs,
    untilMs: nowMs + rule.ttlMs,
  } as const;
  return [[{ rule, value: 1, provenance: 'server' }, told]];
};

/** What a copied row comes to now. */
const signalsOfRow = (row: SignalRow, nowMs: number, silence: SilencePolicy): SignalsInForce => {
  // Most devices show nothing.
  if (row.used === 0 && row.counter > 0 && nowMs <= row.seenS * 1000 + silence.afterMs)
    return {
      signals: noSignals.signals,
      score: 100,
      band: 'clean',
      parts: noSignals.parts,
      reportedAtMs: row.seenS * 1000,
    };
  const scored: ScoredSignal[] = [];
  const best = new Map<number, SignalInForce>();
  const silentFromMs = row.counter === 0 ? 0 : row.seenS * 1000 + silence.afterMs;
  if (nowMs > silentFromMs && (row.counter > 0 || silence.isReportExpected))
    for (const [signal, told] of silent(row.counter === 0 ? nowMs : silentFromMs, nowMs)) {
      scored.push(signal);
      best.set(signal.rule.index, told);
    }
  for (let slot = 0; slot < row.used; slot += 1) {
    const { index, value, provenance, untilS } = slotOf(row, slot);
    const rule = signalRules[index];
    if (rule === undefined || nowMs >= untilS * 1000) continue;
    scored.push({ rule, value, provenance });
    const held = best.get(index);
    if (held === undefined || rankOf(held.source) < rankOf(provenance)) {
      const told = rule.form === 'flag' ? value === 1 : value;
      const untilMs = untilS * 1000;
      best.set(index, {
        code: rule.code,
        value: told,
        source: provenance,
        ageMs: nowMs - (untilMs - rule.ttlMs),
        untilMs,
      });
    }
  }
  const signals = [...best].toSorted(([one], [other]) => one - other).map(([, signal]) => signal);
  const parts = scoreParts(scored);
  const score = scoreOf(parts);
  const reportedAtMs = row.counter === 0 ? undefined : row.seenS * 1000;
  const band = bandOf(score, reportedAtMs !== undefined);
  return { signals, score: band === 'unknown' ? undefined : score, band, parts, reportedAtMs };
};

/** The signals in force of a device: a few dozen words are read, and nothing is made for a device that has none. */
export const readSignalsInForce = (
  table: SignalTable,
  key: SignalKey,
  scratch: SignalRow,
  nowMs: number,
  silence: SilencePolicy,
): SignalsInForce => {
  if (readSignalRow(table, key, scratch)) return signalsOfRow(scratch, nowMs, silence);
  return silence.isReportExpected ? signalsOfRow(nothingHeld, nowMs, silence) : noSignals;
};

/** The value of one signal; undefined when it is not in force. */
export const signalValueOf = ({ signals }: SignalsInForce, code: SignalCode): SignalValue | undefined =>
  signalRuleOf(code) === undefined ? undefined : signals.find((signal) => signal.code === code)?.value;
