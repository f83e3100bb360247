import type { Attack } from './attack.ts';
import { craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

/** The attacker holds a request back for 15 minutes. */
export const attack: Attack = {
  id: 'held-back',
  title: 'a request is held back for 15 minutes',
  expected: 'a clock problem, nothing booked',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const held = await craftTransfer(victim, reference, { created: Math.floor(Date.now() / 1000) - 900 });
    const answer = await deliver(victim.target, victim.session, held);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${answer.status} ${answer.code}, booked ${booked} times`,
      held: answer.code === 'clock' && booked === 0,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const answer = await deliver(victim.target, victim.session, await craftTransfer(victim, reference));
    return answer.status < 300 && (await timesBooked(world.bank, reference)) === 1;
  },
};
