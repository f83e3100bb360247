import type { Attack } from './attack.ts';
import { newVictim, victimCall } from './victim.ts';
import { enrol, openSession } from './wire-client.ts';
import type { OwnGateway } from './world.ts';

const slots = 64;
const flood = 160;

/** Cheap devices open sessions without ever using them; answers how many got one. */
const floodSessions = async (gateway: OwnGateway): Promise<number> => {
  let opened = 0;
  for (let count = 0; count < flood; count += 16) {
    const results = await Promise.allSettled(
      Array.from({ length: 16 }, async () => openSession(gateway.target(), await enrol(gateway.target()))),
    );
    opened += results.filter(({ status }) => status === 'fulfilled').length;
  }
  return opened;
};

/** Cheap enrolments fill a small session table; whoever works in it must go on. */
export const attack: Attack = {
  id: 'table-flood',
  title: 'cheap enrolments fill the session table',
  expected: 'the flood is refused when its tier is full; the verified session goes on',
  needs: 'own-gateway',
  run: async (world) => {
    const gateway = await world.gatewayWith((config) => ({
      ...config,
      sessions: {
        ...config.sessions,
        tiers: [
          { name: 'software', sessions: slots },
          { name: 'hardware', sessions: slots },
        ],
      },
    }));
    const victim = await newVictim(gateway.target());
    const opened = await floodSessions(gateway);
    const answer = await victimCall(victim, 'GET', '/api/accounts');
    await gateway.close();
    return {
      observed: `${opened} of ${flood} flooding sessions opened, honest ${answer.status}`,
      held: opened < flood && answer.bound && answer.status === 200,
    };
  },
  control: async (world) => {
    // Without a bound on the table every cheap enrolment gets its session.
    const results = await Promise.allSettled(
      Array.from({ length: 32 }, async () => openSession(world.target(), await enrol(world.target()))),
    );
    return results.every(({ status }) => status === 'fulfilled');
  },
};
