import type { Attack } from './attack.ts';
import { bareReplay, craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';
import type { World } from './world.ts';

const rounds = 6;

/** Waits until both workers listen again. */
const whenWhole = async (world: World): Promise<void> => {
  for (let wait = 0; wait < 200 && world.gateway.running().workers() < 2; wait += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** Worker threads die while copies of one request race; the survivors and successors must still know what was claimed. */
export const attack: Attack = {
  id: 'replay-after-worker-kill',
  title: 'copies race while worker threads are killed',
  expected: 'never more than one booking per request, and honest requests pass afterwards',
  needs: 'own-gateway',
  run: async (world) => {
    let most = 0;
    for (let round = 0; round < rounds; round += 1) {
      const victim = await newVictim(world.target());
      const reference = nextReference();
      const captured = await craftTransfer(victim, reference);
      const race = Array.from({ length: 24 }, () =>
        deliver(victim.target, victim.session, captured).catch(() => undefined),
      );
      await world.gateway.running().killWorker(round % 2);
      await Promise.all(race);
      await whenWhole(world);
      await deliver(victim.target, victim.session, captured).catch(() => undefined);
      most = Math.max(most, await timesBooked(world.bank, reference));
    }
    const after = await newVictim(world.target());
    const reference = nextReference();
    const honest = await deliver(after.target, after.session, await craftTransfer(after, reference));
    return {
      observed: `at most ${most} bookings, afterwards ${honest.status}`,
      held: most <= 1 && honest.bound && honest.status < 300,
    };
  },
  control: async (world) => (await bareReplay(world.bareBank, 2)) === 2,
};
