/** What is remembered of a binding over the end of the app's process: the attempt that is under way, then the subscription that was bound. */
import { callGateway, isEnd, NotTold, outcomeOf } from './attempt.ts';
import type { BindCaller, BindOutcome } from './options.ts';

/** What a shelf holds. */
export interface Kept {
  readonly attempt?: string | undefined;
  readonly subscription?: string | undefined;
}

/** Reads a shelf; what is no writing of ours is nothing. */
export const readShelf = async ({ shelf }: Pick<BindCaller, 'shelf'>): Promise<Kept> => {
  try {
    const read = JSON.parse((await shelf?.read()) ?? '{}') as unknown;
    if (typeof read !== 'object' || read === null) return {};
    const { attempt, subscription } = read as Readonly<Record<string, unknown>>;
    const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    return { attempt: textOf(attempt), subscription: textOf(subscription) };
  } catch {
    return {};
  }
};

/** Remembers; undefined forgets. */
export const writeShelf = async ({ shelf }: Pick<BindCaller, 'shelf'>, kept?: Kept): Promise<void> =>
  kept === undefined ? shelf?.remove() : shelf?.write(JSON.stringify(kept));

/** What stays after an attempt: the subscription that is bound, where the phone names one. */
export const keptAfter = ({ state }: BindOutcome, subscription: string | undefined): Kept | undefined =>
  state === 'bound' && subscription !== undefined ? { subscription } : undefined;

/**
 * Ends the attempt that an app kill cut short. Its session was left, which burns the token (B04, B05), unless the binding was already confirmed.
 * Undefined when none was under way. Throws what a failed call throws: then the attempt is still remembered.
 */
export const settle = async (caller: BindCaller): Promise<BindOutcome | undefined> => {
  const { attempt, subscription } = await readShelf(caller);
  if (attempt === undefined) return undefined;
  const status = await callGateway(caller, { do: 'status', attempt });
  const told = isEnd(status) ? status : await callGateway(caller, { do: 'left', how: 'left', attempt });
  const outcome = outcomeOf(told);
  await writeShelf(caller, keptAfter(outcome, subscription));
  return outcome;
};

/** Burns the token of an attempt that goes on no more; a gateway that is not there lets it expire. */
export const burn = async (caller: BindCaller, attempt: string): Promise<void> => {
  try {
    await callGateway(caller, { do: 'left', how: 'left', attempt }).catch((error: unknown) => {
      // Kept for the next start, unless the gateway has decided.
      if (!(error instanceof NotTold) || error.isPassing) throw error;
    });
    await writeShelf(caller);
  } catch {
    // What stands in the way does so as well at the next start, which settles it.
  }
};
