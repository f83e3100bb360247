/** `hauberk simulate`: the simulations stand beside the packages and above them; the command only finds them. */
import type { Command } from '../main.ts';

/** Runs `hauberk simulate`. */
export const simulate: Command = async (args) => {
  const suite = (await import(new URL('../../../../simulate/run.ts', import.meta.url).href)) as {
    readonly simulate: Command;
  };
  return suite.simulate(args);
};
