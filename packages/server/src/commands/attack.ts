/** `hauberk attack`: the attack suite stands beside the packages and above them; the command only finds it. */
import type { Command } from '../main.ts';

/** Runs `hauberk attack`. */
export const attack: Command = async (args) => {
  const suite = (await import(new URL('../../../../attack/run.ts', import.meta.url).href)) as {
    readonly attack: Command;
  };
  return suite.attack(args);
};
