/** The SIM under a bound device: whether it is still the one that was bound (B23). */
import { callGateway, NotTold } from './attempt.ts';
import type { BindCaller, BindOptions } from './options.ts';
import { readShelf, writeShelf } from './shelf.ts';

/** Tells the gateway that the SIM under this bound device changed: its binding and logins end. */
export const tellSimChanged = async (caller: BindCaller): Promise<boolean> => {
  try {
    await callGateway(caller, { do: 'sim-changed' });
    return true;
  } catch (error) {
    if (error instanceof NotTold) return false;
    throw error;
  }
};

/** `unknown`: nothing was remembered, or the phone names no subscription (iOS). `absent`: no SIM is in it now; nothing was told. */
export type SimCheck = 'unchanged' | 'changed' | 'absent' | 'unknown';

/**
 * Looks whether the bound SIM is still there, at every start and after every event `sim-changed`, and tells the gateway when another one is.
 * Throws what phone and network throw; what could not be told is told the next time.
 */
export const checkSim = async (options: BindCaller & Pick<BindOptions, 'sim'>): Promise<SimCheck> => {
  const { subscription } = await readShelf(options);
  if (subscription === undefined) return 'unknown';
  const { sim, slots } = await options.sim.simState({});
  if (slots.some((slot) => slot.subscription === subscription)) return 'unchanged';
  if (sim === 'absent' || slots.length === 0) return 'absent';
  if (await tellSimChanged(options)) await writeShelf(options);
  return 'changed';
};
