/** The daily upkeep of bindings (B17, B21). Every node may run it: what one ended is ended for all. */
import { hours, seconds } from '@hauberk/primitives';
import type { AuditHead } from '../audit/audit-log.ts';
import type { Log } from '../gateway/log.ts';
import type { Bindings } from './open-bindings.ts';

/** Upkeep that can be stopped. */
export interface BindingUpkeep {
  /** Anchors what the gateway leaves behind; safe to call twice. */
  readonly stop: () => Promise<void>;
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

/** Writes an anchor of the app's own chain of audit records into the signed log of the folder. */
export type WriteAnchor = (app: string, head: AuditHead) => Promise<void>;

/** Anchors every chain that has grown since; told to again, it goes on from there. */
export const auditAnchors = (
  bindings: Pick<Bindings, 'config' | 'auditHead'>,
  write: WriteAnchor,
): (() => Promise<void>) => {
  const anchored = new Map<string, number>();
  return async () => {
    for (const app of Object.keys(bindings.config.apps)) {
      const head = await bindings.auditHead(app);
      if (head === undefined || head.size === 0 || anchored.get(app) === head.size) continue;
      await write(app, head);
      anchored.set(app, head.size);
    }
  };
};

const silentVmns = (bindings: Bindings): number => bindings.vmns().vmns.filter(({ isSilent }) => isSilent).length;

/** Goes through the live bindings of every app soon after the start and then once a day. A round that fails is told and comes again the next day. */
export const keepBindings = (bindings: Bindings, log: Log, write: WriteAnchor): BindingUpkeep => {
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
  const anchor = auditAnchors(bindings, write);
  // What could not be anchored now is anchored the next time.
  const tryAnchor = (): Promise<void> =>
    anchor().catch((error: unknown) => log.error('binding.anchor-failed', { error }));
  const anchors = setInterval(() => void tryAnchor(), seconds(60));
  first.unref();
  timer.unref();
  vmns.unref();
  anchors.unref();
  return {
    stop: () => {
      clearTimeout(first);
      for (const each of [timer, vmns, anchors]) clearInterval(each);
      return tryAnchor();
    },
  };
};
