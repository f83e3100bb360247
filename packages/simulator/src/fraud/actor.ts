/** Who acts: somebody with a plan for each day. */
import type { DeviceTruth, FraudWorld, GroupTruth } from './lines.ts';
import type { Phone } from './phone.ts';
import type { Places } from './places.ts';
import type { Stage } from './scene.ts';

/** Something that begins at a moment. */
export interface Visit {
  readonly atMs: number;
  readonly play: (stage: Stage) => void;
}

/** Somebody. A day is planned once, in order. */
export interface Actor {
  readonly plan: (dayStartMs: number) => readonly Visit[];
}

/** What a farm or gang tells of itself at the start; the rest is counted. */
export type GroupStory = Omit<GroupTruth, 'devices' | 'firstEventMs'>;

/** Where everybody lives, and who is told of. */
export interface Setting {
  readonly world: FraudWorld;
  readonly places: Places;
  /** Phones come to be known to the truth when they are first used; `isVictim` says that an attacker used or abused it. */
  readonly tell: (phone: Phone, isVictim?: boolean) => void;
  /** Phones that wait for another owner, oldest first. */
  readonly usedPhones: Phone[];
  readonly tellGroup: (name: string, group: GroupStory) => void;
}

/** What the truth says of a phone. */
export const truthOf = ({ role, group, traits }: Phone): DeviceTruth => ({
  role,
  ...(group === undefined ? {} : { group }),
  ...(traits.length === 0 ? {} : { traits: [...new Set(traits)].sort() }),
});
