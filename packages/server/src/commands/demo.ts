/** `hauberk demo`: the demo stands beside the packages and above them; the command only finds it. */
import type { Command } from '../main.ts';

/** Runs `hauberk demo`. */
export const demo: Command = async (args) => {
  const program = (await import(new URL('../../../../demo/demo.ts', import.meta.url).href)) as {
    readonly demo: Command;
  };
  return program.demo(args);
};
