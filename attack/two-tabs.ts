import type { Attack } from './attack.ts';
import { newVictim, victimCall } from './victim.ts';
import { craft, deliver, openSession } from './wire-client.ts';

/** Two tabs and a restarted one share one storage: each opens its own session; one session in two contexts would repeat its numbers. */
export const attack: Attack = {
  id: 'two-tabs',
  title: 'two tabs and a restart on one storage',
  expected: 'every context has its own keys and counter, all requests pass',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const tabs = [
      victim.session,
      await openSession(victim.target, victim.device),
      await openSession(victim.target, victim.device, victim.session.resumeTicket),
    ];
    const answers = await Promise.all(
      tabs.flatMap((session) =>
        Array.from({ length: 20 }, () => victimCall({ ...victim, session }, 'GET', '/api/accounts')),
      ),
    );
    const passed = answers.filter(({ bound, status }) => bound && status === 200).length;
    const keys = new Set(tabs.map(({ keys: { keyId } }) => keyId)).size;
    return {
      observed: `${passed} of ${answers.length} passed over ${keys} sessions`,
      held: passed === answers.length && keys === tabs.length,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    // Two contexts that count on one session collide: the second number is a replay.
    const copy = { ...victim.session };
    const headers = { authorization: victim.authorization };
    const first = await deliver(
      victim.target,
      victim.session,
      await craft(victim.target, victim.session, 'GET', '/api/accounts', { headers }),
    );
    const second = await deliver(
      victim.target,
      copy,
      await craft(victim.target, copy, 'GET', '/api/accounts', { headers }),
    );
    return first.bound && second.code === 'replay';
  },
};
