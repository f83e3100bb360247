/** When it comes to be known what an event was: seldom at once, sometimes never, now and then wrongly. */

import { dayMs, hourMs } from './calendar.ts';
import type { AttackKind, FraudEvent, Guilt } from './lines.ts';
import { chance, logNormal, streamOf } from './random.ts';

/** A line of `labels.jsonl`. */
export interface FraudLabel {
  readonly eventId: string;
  readonly fraud: boolean;
  readonly knownAtMs: number;
}

/** Median delay, its spread, and the share that anybody ever learns of. */
interface Telling {
  readonly medianMs: number;
  readonly spread: number;
  readonly known: number;
}

const told = (medianMs: number, spread: number, known: number): Telling => ({ medianMs, spread, known });

const tellings: Readonly<Record<AttackKind, Telling>> = {
  'farm-coupon': told(3 * dayMs, 0.6, 0.6),
  'farm-account': told(6 * dayMs, 0.6, 0.6),
  'farm-ticket': told(2 * dayMs, 0.6, 0.5),
  replay: told(6 * hourMs, 1, 0.85),
  repackage: told(2 * dayMs, 0.8, 0.7),
  clone: told(2 * dayMs, 0.8, 0.75),
  hook: told(3 * dayMs, 0.8, 0.6),
  host: told(3 * dayMs, 0.8, 0.6),
  emulator: told(2 * dayMs, 0.8, 0.65),
  'sim-swap': told(1 * dayMs, 0.9, 0.95),
  'remote-control': told(1 * dayMs, 1.1, 0.9),
  mule: told(5 * dayMs, 0.7, 0.7),
  'coupon-bot': told(3 * dayMs, 0.6, 0.6),
  'ticket-bot': told(1 * dayMs, 0.6, 0.6),
  scraper: told(4 * dayMs, 0.8, 0.4),
  'forged-papers': told(7 * dayMs, 0.7, 0.75),
  'loan-ring': told(25 * dayMs, 0.4, 0.85),
  takeover: told(2 * dayMs, 0.9, 0.85),
  'sim-pool': told(6 * dayMs, 0.7, 0.5),
};

/** Honest acts that a customer or a clerk calls fraud by mistake, and honest ones that were looked at and cleared. */
const honestRates = { mistaken: 0.0002, cleared: 0.002 };

/** Of tries that came to nothing (a wrong password, a refused request) hardly any is ever written down as fraud on somebody's account. */
const knownOfTries = 0.06;

const isTry = ({ attributes }: FraudEvent): boolean =>
  attributes['succeeded'] === false || !['verified', 'none'].includes(String(attributes['channel.result']));

/** The label of an event; undefined when nobody ever says what it was. */
export const labelOf = (
  seed: number,
  eventId: string,
  event: FraudEvent,
  guilt: Guilt | undefined,
): FraudLabel | undefined => {
  const { atMs } = event;
  const draw = streamOf(seed, 'label', eventId);
  const at = (median: number, spread: number): number =>
    Math.floor(atMs + Math.max(60_000, logNormal(draw, median, spread)));
  if (guilt === undefined) {
    if (chance(draw, honestRates.mistaken)) return { eventId, fraud: true, knownAtMs: at(2 * dayMs, 0.8) };
    return chance(draw, honestRates.cleared) ? { eventId, fraud: false, knownAtMs: at(dayMs, 0.8) } : undefined;
  }
  const { medianMs, spread, known } = tellings[guilt.kind];
  return chance(draw, isTry(event) ? knownOfTries : known)
    ? { eventId, fraud: true, knownAtMs: at(medianMs, spread) }
    : undefined;
};
