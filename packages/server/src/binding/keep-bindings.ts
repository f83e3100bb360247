/** The daily upkeep of bindings (B17, B21). Every node may run it: what one ended is ended for all. */
import { hours, seconds } from '@hauberk/primitives';
import type { Log } from '../gateway/log.ts';
import type { Bindings } from './open-bindings.ts';

/** Upkeep that can be stopped. */
export interface BindingUpkeep {
  readonly stop: () => void;
}

/** Tells when more numbers are silent than when it was told last; those that are heard again are forgotten. */
export const watchVmns = (silent: () => number, tell: (silent: number) => void): (() => void) => {
  let told = 0;
  return () => {
    const now = silent();
    if (now > told) tell(now);
    told = now;
  };
};

const silentVmns = (bindings: Bindings): number => bindings.vmns().vmns.filter(({ isSilent }) => isSilent).length;

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
  const look = watchVmns(
    () => silentVmns(bindings),
    (silent) => log.warn('binding.vmn-silent', { silent }),
  );
  const vmns = setInterval(look, seconds(60));
  first.unref();
  timer.unref();
  vmns.unref();
  return {
    stop: () => {
      clearTimeout(first);
      clearInterval(timer);
      clearInterval(vmns);
    },
  };
};
