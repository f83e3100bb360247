import type { Attack } from './attack.ts';
import { bareReplay, craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

const copies = 64;

/** Many copies race over many connections to all worker threads. */
export const attack: Attack = {
  id: 'replay-across-workers',
  title: '64 copies of one request race to all worker threads',
  expected: 'exactly one bound reply and one booking',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const captured = await craftTransfer(victim, reference);
    const answers = await Promise.all(
      Array.from({ length: copies }, () => deliver(victim.target, victim.session, captured)),
    );
    const bound = answers.filter((answer) => answer.bound).length;
    const booked = await timesBooked(world.bank, reference);
    return { observed: `${bound} bound replies, booked ${booked} times`, held: bound === 1 && booked === 1 };
  },
  control: async (world) => (await bareReplay(world.bareBank, copies)) === copies,
};
