/** What an attack is: something that must not work against the gateway, and a control that shows that it works without the guard. */
import { NotApplicable } from './not-applicable.ts';
import type { World } from './world.ts';

/** How an attack went. */
export interface AttackOutcome {
  /** What was seen, in one line. */
  readonly observed: string;
  /** Whether the gateway held. */
  readonly held: boolean;
}

/** One row of docs/threats.md. */
export interface Attack {
  readonly id: string;
  readonly title: string;
  /** What must be seen when the gateway holds. */
  readonly expected: string;
  /** What the attack needs beyond a URL: a gateway that it may restart, kill or reconfigure. */
  readonly needs?: 'own-gateway';
  readonly run: (world: World) => Promise<AttackOutcome>;
  /** The same attack with the guard off, or on the bare bank: true when it succeeds there. */
  readonly control: (world: World) => Promise<boolean>;
}

/** One line of the report. `held` is null where the attack does not apply to the target. */
export interface AttackReport {
  readonly id: string;
  readonly title: string;
  readonly expected: string;
  readonly observed: string;
  readonly held: boolean | null;
  readonly controlSucceeded: boolean;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** Runs one attack and its control. A fault in the attack itself counts as not held: it proves nothing. */
export const runAttack = async (attack: Attack, world: World): Promise<AttackReport> => {
  const { id, title, expected } = attack;
  if (attack.needs === 'own-gateway' && !world.isOwn) {
    return { id, title, expected, observed: 'needs a gateway of its own', held: null, controlSucceeded: false };
  }
  try {
    const controlSucceeded = await attack.control(world);
    const { observed, held } = await attack.run(world);
    return { id, title, expected, observed, held, controlSucceeded };
  } catch (error) {
    const held = error instanceof NotApplicable ? null : false;
    const observed = error instanceof NotApplicable ? error.message : messageOf(error);
    return { id, title, expected, observed, held, controlSucceeded: false };
  }
};
