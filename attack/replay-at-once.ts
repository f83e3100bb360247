import type { Attack } from './attack.ts';
import { bareReplay, craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

/** A captured request is sent again at once. */
export const attack: Attack = {
  id: 'replay-at-once',
  title: 'a captured request is sent again at once',
  expected: 'the first is booked, the copy is an unbound replay, one booking',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const captured = await craftTransfer(victim, reference);
    const first = await deliver(victim.target, victim.session, captured);
    const copy = await deliver(victim.target, victim.session, captured);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${first.status}, then ${copy.status} ${copy.code} ${copy.bound ? 'bound' : 'unbound'}, booked ${booked} times`,
      held: first.bound && first.status < 300 && copy.code === 'replay' && !copy.bound && booked === 1,
    };
  },
  control: async (world) => (await bareReplay(world.bareBank, 2)) === 2,
};
