import type { Attack } from './attack.ts';
import { bareReplay, craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

/** A captured request is sent again after the gateway restarted. */
export const attack: Attack = {
  id: 'replay-after-restart',
  title: 'a captured request is sent again after the gateway restarted',
  expected: 'the ticket of the older boot is refused, one booking',
  needs: 'own-gateway',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const captured = await craftTransfer(victim, reference);
    await deliver(victim.target, victim.session, captured);
    await world.gateway.restart();
    const copy = await deliver(world.target(), victim.session, captured);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${copy.status} ${copy.code}, booked ${booked} times`,
      held: copy.code === 'handshake-required' && !copy.bound && booked === 1,
    };
  },
  control: async (world) => (await bareReplay(world.bareBank, 2)) === 2,
};
