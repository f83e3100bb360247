/** How cautious attackers are at each difficulty. */
import type { Difficulty } from './lines.ts';

/** What farms do to look like strangers to each other. */
export interface Caution {
  /** Fewest and most kinds of evidence that the devices of a farm share. */
  readonly kinds: readonly [number, number];
  /** Probability that a report tells a shared piece of evidence as it is. */
  readonly presence: number;
  /** Fewest groups that the shared kinds are of: of the network, of the metal, of how phones lie there, of what was installed. */
  readonly groups: number;
  /** Racks: parts of a farm that have some kinds of evidence for themselves. */
  readonly variants: readonly [number, number];
  /** Phones that one box starts together, and how many seconds they lie apart. */
  readonly shelf: number;
  readonly shelfSeconds: number;
  /** Hours after which a farm turns the evidence that it can turn; 0 for never. */
  readonly rotationHours: number;
  /** Share of members that lived with honest owners before. */
  readonly aged: number;
  /** Seconds over which the first wave of a task spreads, and minutes over which the rest does. */
  readonly waveSeconds: number;
  readonly restMinutes: number;
  /** Share of the members in the first wave, and in the task at all. */
  readonly firstWave: number;
  readonly turnout: number;
  /** Tasks a day. */
  readonly tasksPerDay: number;
  /** Probability that a signal that would give a phone away is hidden from its report. */
  readonly spoofed: number;
  /** Share of the attackers outside farms who know their trade: they hide every signal and mostly bring the canary through. */
  readonly skilled: number;
  /** Probability that a silenced client still brings the canary through. */
  readonly canaryKept: number;
}

/** The figures. */
export const cautionOf: Readonly<Record<Difficulty, Caution>> = {
  easy: {
    kinds: [5, 7],
    presence: 0.95,
    groups: 3,
    variants: [1, 1],
    shelf: 16,
    shelfSeconds: 1.5,
    rotationHours: 0,
    aged: 0.2,
    waveSeconds: 8,
    restMinutes: 1,
    firstWave: 0.8,
    turnout: 0.98,
    tasksPerDay: 5,
    spoofed: 0.2,
    skilled: 0.02,
    canaryKept: 0.1,
  },
  medium: {
    kinds: [3, 5],
    presence: 0.68,
    groups: 2,
    variants: [1, 3],
    shelf: 6,
    shelfSeconds: 5,
    rotationHours: 30,
    aged: 0.65,
    waveSeconds: 40,
    restMinutes: 12,
    firstWave: 0.5,
    turnout: 0.85,
    tasksPerDay: 3.5,
    spoofed: 0.6,
    skilled: 0.2,
    canaryKept: 0.25,
  },
  hard: {
    kinds: [2, 3],
    presence: 0.55,
    groups: 1,
    variants: [2, 4],
    shelf: 2,
    shelfSeconds: 90,
    rotationHours: 8,
    aged: 0.9,
    waveSeconds: 900,
    restMinutes: 150,
    firstWave: 0.3,
    turnout: 0.6,
    tasksPerDay: 2,
    spoofed: 0.85,
    skilled: 0.5,
    canaryKept: 0.6,
  },
};
