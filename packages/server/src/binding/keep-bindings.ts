/** The daily upkeep of bindings (B17, B21). Every node may run it: what one ended is ended for all. */
import { hours, seconds } from '@hauberk/primitives';
import type { Log } from '../gateway/log.ts';
import type { Bindings } from './open-bindings.ts';

/** Upkeep that can be stopped. */
export interface BindingUpkeep {
  readonly stop: () => void;
}

/** Goes through the live bindings of every app soon after the start and then once a day. A round that fails is told and comes again the next day. */
export const keepBindings = (bindings: Bindings, log: Log): BindingUpkeep => {
  const round = async (): Promise<void> => {
    for (const app of Object.keys(bindings.config.apps)) {
      const report = await bindings.of(app)?.refresh();
      if (report !== undefined) log.info('binding.upkeep', report);
    }
  };
  const run = (): void => {
    round().catch((error: unknown) => log.error('binding.upkeep-failed', { error }));
  };
  // What ended as the last process did is told soon after the next one began.
  const first = setTimeout(run, seconds(60));
  const timer = setInterval(run, hours(24));
  first.unref();
  timer.unref();
  return {
    stop: () => {
      clearTimeout(first);
      clearInterval(timer);
    },
  };
};
