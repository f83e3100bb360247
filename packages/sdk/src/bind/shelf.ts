/** What is remembered of a binding over the end of the app's process: the attempt that is under way, then the subscription that was bound. */
import { callGateway, isEnd, NotTold, outcomeOf } from './attempt.ts';
import type { BindCaller, BindOutcome } from './options.ts';

/** What a shelf holds. */
export interface Kept {
  readonly attempt?: string;
  readonly subscription?: string;
}

/** Reads a shelf; what is no writing of ours is nothing. */
export const readShelf = async ({ shelf }: Pick<BindCaller, 'shelf'>): Promise<Kept> => {
  try {
    const read = JSON.parse((await shelf?.read()) ?? '{}') as unknown;
    if (typeof read !== 'object' || read === null) return {};
    const { attempt, subscription } = read as Readonly<Record<string, unknown>>;
    return {
      ...(typeof attempt === 'string' ? { attempt } : {}),
      ...(typeof subscription === 'string' ? { subscription } : {}),
    };
  } catch {
    return {};
  }
};

/** Remembers. */
export const writeShelf = async ({ shelf }: Pick<BindCaller, 'shelf'>, kept: Kept): Promise<void> => {
  if (Object.keys(kept).length === 0) await shelf?.remove();
  else await shelf?.write(JSON.stringify(kept));
};

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
  await writeShelf(caller, outcome.state === 'bound' && subscription !== undefined ? { subscription } : {});
  return outcome;
};

/** Burns the token of an attempt that goes on no more; a gateway that is not there lets it expire. */
export const burn = async (caller: BindCaller, attempt: string): Promise<void> => {
  try {
    await callGateway(caller, { do: 'left', how: 'left', attempt });
    await writeShelf(caller, {});
  } catch (error) {
    if (error instanceof NotTold && !error.isPassing) await writeShelf(caller, {});
  }
};
