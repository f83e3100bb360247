/** How sessions of the app end, told once each: the guard that halts rollouts counts them. */
import { type SessionHealth, sessionHealthKind } from '@hauberk/rollout/client';
import type { DirectiveHost, HealthWatch } from './directive-port.ts';
import type { StoredHealth } from './storage.ts';

/** What a session says of its client. */
export interface HealthFacts {
  readonly appVersion: string | undefined;
  readonly cohorts: readonly string[];
  readonly revision: () => number;
}

const healthOf = (held: StoredHealth, crashed: boolean, nowMs: number): SessionHealth => ({
  appVersion: held.appVersion,
  cohorts: held.cohorts,
  revision: held.revision,
  crashed,
  errors: held.errors,
  seconds: Math.min(31_536_000, Math.max(0, Math.round((nowMs - held.beganAtMs) / 1000))),
});

/** Watches over one session. */
export const watchHealth = (
  { context, report }: DirectiveHost,
  ready: () => Promise<void>,
  facts: HealthFacts,
): HealthWatch => {
  const { storage, clock } = context.ports;
  let session: StoredHealth | undefined;
  const tell = (held: StoredHealth, crashed: boolean): void =>
    report(sessionHealthKind, { ...healthOf(held, crashed, clock.wall()) }, { loss: 'must-keep' });
  const keep = (change: Partial<StoredHealth>): void => {
    if (session === undefined) return;
    session = { ...session, ...change };
    const kept = session;
    // A storage that fails loses a count, never a session of the app.
    storage.update('health', () => kept).catch(() => undefined);
  };
  const close = async (crashed: boolean): Promise<void> => {
    const held = session;
    if (held === undefined) return;
    session = undefined;
    tell(held, crashed);
    await storage.remove('health').catch(() => undefined);
  };
  return {
    begin: async () => {
      await ready();
      const left = await storage.read('health').catch(() => undefined);
      if (left !== undefined && session === undefined) tell(left, left.isInFront);
      const {
        appVersion = null,
        cohorts,
        revision,
      } = {
        appVersion: facts.appVersion,
        cohorts: facts.cohorts,
        revision: facts.revision(),
      };
      session = { beganAtMs: clock.wall(), appVersion, cohorts, revision, errors: 0, isInFront: true };
      keep({});
    },
    background: () => keep({ isInFront: false }),
    foreground: () => keep({ isInFront: true }),
    error: () => keep({ errors: (session?.errors ?? 0) + 1 }),
    crashed: () => close(true),
    end: () => close(false),
  };
};
