/**
 * How the numbers fare that receive SMS: what came to each, and which of them fell silent while the others did not. Counts are of this process
 * since its start; only the process that holds the links has any.
 */
import { type Msisdn, readMsisdn, type VmnPool } from '@hauberk/binding';
import type { DurationMs, EpochMs } from '@hauberk/primitives';
import type { InboundAnswer } from './inbound-sms.ts';

/** What became of an SMS, from the number's side. */
export const vmnOutcomes = [
  'counted',
  'redelivered',
  'wrong-vmn',
  'untrusted',
  'declined',
  'unknown',
  'refused',
] as const;

/** One of them. `unknown` carries no open token; `refused` was not taken by the record and will come again. */
export type VmnOutcome = (typeof vmnOutcomes)[number];

/** A number, as operators see it. */
export interface VmnFigures {
  readonly vmn: string;
  readonly outcomes: Readonly<Record<VmnOutcome, number>>;
  /** Of the last SMS that carried a token. */
  readonly lastSeenMs: EpochMs | null;
  /** For how long no SMS with a token has come; since the start when none ever has. */
  readonly quietMs: number;
  readonly isSilent: boolean;
}

/** The pool, as operators see it. */
export interface PoolFigures {
  readonly sinceMs: EpochMs;
  readonly vmns: readonly VmnFigures[];
  /** SMS to numbers that are not in the pool. */
  readonly elsewhere: number;
}

/**
 * Phones are told a number at random. When the others got this many messages each on average since a number got its last, chance alone
 * explains that in fewer than one case of 100,000.
 */
const missedShare = 12;

interface Held {
  readonly outcomes: Record<VmnOutcome, number>;
  lastSeenMs: EpochMs | undefined;
  /** How many SMS with tokens the whole pool had had when this number got its last. */
  seenAt: number;
}

const outcomeOf = (answer: InboundAnswer): VmnOutcome => {
  if (!('outcome' in answer)) return 'refused';
  const { outcome, code } = answer;
  if (code === 'binding.wrong-vmn') return 'wrong-vmn';
  if (code === 'binding.link-untrusted') return 'untrusted';
  return outcome === 'ignored' ? 'unknown' : outcome;
};

const carriesToken = (outcome: VmnOutcome): boolean => outcome !== 'unknown' && outcome !== 'refused';

const fresh = (): Held => ({
  outcomes: { counted: 0, redelivered: 0, 'wrong-vmn': 0, untrusted: 0, declined: 0, unknown: 0, refused: 0 },
  lastSeenMs: undefined,
  seenAt: 0,
});

/** The health of a pool. */
export class VmnHealth {
  readonly #vmns: ReadonlyMap<Msisdn, Held>;
  readonly #sinceMs: EpochMs;
  readonly #silentAfter: DurationMs;
  #seen = 0;
  #elsewhere = 0;

  constructor(pool: VmnPool, silentAfter: DurationMs, now: EpochMs) {
    this.#vmns = new Map(pool.map((vmn) => [vmn, fresh()]));
    this.#silentAfter = silentAfter;
    this.#sinceMs = now;
  }

  /** Counts what an SMS to a number came to. */
  note(to: string, answer: InboundAnswer, now: EpochMs): void {
    const read = readMsisdn(to);
    const held = read.ok ? this.#vmns.get(read.value) : undefined;
    if (held === undefined) {
      this.#elsewhere += 1;
      return;
    }
    const outcome = outcomeOf(answer);
    held.outcomes[outcome] += 1;
    if (!carriesToken(outcome)) return;
    this.#seen += 1;
    held.seenAt = this.#seen;
    held.lastSeenMs = now;
  }

  /** What there is to tell now. */
  figures(now: EpochMs): PoolFigures {
    const enough = missedShare * this.#vmns.size;
    const vmns = [...this.#vmns].map(([vmn, { outcomes, lastSeenMs, seenAt }]): VmnFigures => {
      const quietMs = Math.max(0, now - (lastSeenMs ?? this.#sinceMs));
      const isSilent = quietMs >= this.#silentAfter && this.#seen - seenAt >= enough;
      return { vmn, outcomes: { ...outcomes }, lastSeenMs: lastSeenMs ?? null, quietMs, isSilent };
    });
    return { sinceMs: this.#sinceMs, vmns, elsewhere: this.#elsewhere };
  }
}
