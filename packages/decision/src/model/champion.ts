/**
 * Which of two policies or models is better, on the same stream of events: asked as often as one likes, at no cost in false alarms. Events on which both say
 * the same tell nothing; of those on which they differ, under equality either is the one that stops with one half. Against that we bet after
 * Krichevsky and Trofimov; the capital is an e-process, so that with probability 1 − α it never reaches 1/α (Ville 1939).
 */

/** What both made of one event. `true` is a step-up, a denial or a trap. */
export interface PairedVerdict {
  readonly champion: boolean;
  readonly challenger: boolean;
  readonly isFraud: boolean;
}

/** Events on which the two differ, and what was bet on them. */
export interface SideEvidence {
  readonly rows: number;
  readonly bothStop: number;
  readonly onlyChampion: number;
  readonly onlyChallenger: number;
  /** Natural logarithm of the capital; the difference is proven at α when it is at least ln(1/α). */
  readonly logCapital: number;
}

/** What the comparison says. `better`: stops more fraud at no more step-ups, or asks fewer honest people and stops no less. */
export type ChampionVerdict = 'undecided' | 'better' | 'worse' | 'mixed';

/** The comparison so far. */
export interface ChampionReport {
  readonly verdict: ChampionVerdict;
  readonly fraud: SideEvidence;
  readonly honest: SideEvidence;
}

const begin: SideEvidence = { rows: 0, bothStop: 0, onlyChampion: 0, onlyChallenger: 0, logCapital: 0 };

const addTo = (side: SideEvidence, { champion, challenger }: PairedVerdict): SideEvidence => {
  const rows = side.rows + 1;
  if (champion === challenger) return { ...side, rows, bothStop: side.bothStop + (champion ? 1 : 0) };
  const { onlyChampion, onlyChallenger } = side;
  const seen = (challenger ? onlyChallenger : onlyChampion) + 0.5;
  const share = seen / (onlyChampion + onlyChallenger + 1);
  const logCapital = side.logCapital + Math.log(2 * share);
  return challenger
    ? { ...side, rows, onlyChallenger: onlyChallenger + 1, logCapital }
    : { ...side, rows, onlyChampion: onlyChampion + 1, logCapital };
};

/** +1 when the challenger stops more, −1 when the champion does, 0 when nothing is proven. */
const proven = ({ onlyChampion, onlyChallenger, logCapital }: SideEvidence, alpha: number): number =>
  logCapital < Math.log(2 / alpha) ? 0 : Math.sign(onlyChallenger - onlyChampion);

const verdictOf = (fraud: number, honest: number): ChampionVerdict => {
  if (fraud === 0 && honest === 0) return 'undecided';
  if (fraud >= 0 && honest <= 0) return 'better';
  return fraud <= 0 && honest >= 0 ? 'worse' : 'mixed';
};

/** Keeps the comparison: constant memory. */
export class ChampionBook {
  readonly #alpha: number;
  #fraud = begin;
  #honest = begin;

  /** `alpha` is the chance of ever telling a difference where there is none; both questions share it. */
  constructor(alpha = 0.05) {
    this.#alpha = alpha;
  }

  /** Takes an event of which it is known what it was. */
  observe(pair: PairedVerdict): void {
    if (pair.isFraud) this.#fraud = addTo(this.#fraud, pair);
    else this.#honest = addTo(this.#honest, pair);
  }

  /** What is proven now. */
  report(): ChampionReport {
    const verdict = verdictOf(proven(this.#fraud, this.#alpha), proven(this.#honest, this.#alpha));
    return { verdict, fraud: this.#fraud, honest: this.#honest };
  }
}
