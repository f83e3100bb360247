import type { Attack } from './attack.ts';
import { craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { call, deliver } from './wire-client.ts';

/** A sealed route is called with a signed, readable body. */
export const attack: Attack = {
  id: 'downgrade-mode',
  title: 'a sealed route is called in signed mode',
  expected: 'refused, nothing booked',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const answer = await deliver(
      victim.target,
      victim.session,
      await craftTransfer(victim, reference, { mode: 'signed' }),
    );
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${answer.status} ${answer.code}, booked ${booked} times`,
      held: answer.status === 403 && booked === 0,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const answer = await call(victim.target, victim.session, 'GET', '/api/accounts', {
      mode: 'signed',
      headers: { authorization: victim.authorization },
    });
    return answer.bound && answer.status === 200;
  },
};
