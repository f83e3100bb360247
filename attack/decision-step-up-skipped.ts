import type { Attack } from './attack.ts';
import { freshPayee, largeMinor, orderTo, payAsIs, unjudgedGateway } from './judged-ground.ts';
import { approve, enrolStepUpKey } from './step-up-client.ts';
import { newVictim, nextReference, timesBooked } from './victim.ts';
import type { World } from './world.ts';

/** Everything that somebody tries who holds the session and has no user: nothing, rubbish, and an answer that a user gave to something else. */
const tries = async (world: World) => {
  const victim = await newVictim(world.target());
  const reference = nextReference();
  const body = orderTo(victim, freshPayee(victim, 2), largeMinor, reference);
  const codes = [(await payAsIs(victim, body)).code];
  for (const forged of ['x', `${'A'.repeat(43)}.${'A'.repeat(43)}.${'A'.repeat(86)}`])
    codes.push((await payAsIs(victim, body, { 'hauberk-step-up': forged })).code);
  const key = await enrolStepUpKey(victim);
  const harmless = orderTo(victim, freshPayee(victim, 3), largeMinor, nextReference());
  const demand = await payAsIs(victim, harmless);
  // The user did confirm, and saw another payment.
  const answer = await approve(victim, key, demand, harmless, '/api/transfers');
  codes.push((await payAsIs(victim, body, { 'hauberk-step-up': answer })).code);
  return { codes, booked: await timesBooked(world.bank, reference) };
};

/** Much money to somebody new, without the user. */
export const attack: Attack = {
  id: 'decision-step-up-skipped',
  title: 'a decision asks for the user, and the attacker answers without one',
  expected: 'no answer passes, nothing booked',
  needs: 'own-gateway',
  run: async (world) => {
    const { codes, booked } = await tries(world);
    return { observed: `${codes.join(', ')}; booked ${booked} times`, held: booked === 0 && codes.length === 4 };
  },
  control: async (world) => {
    const gateway = await unjudgedGateway(world);
    try {
      const victim = await newVictim(gateway.target());
      const reference = nextReference();
      await payAsIs(victim, orderTo(victim, freshPayee(victim, 2), largeMinor, reference));
      return (await timesBooked(world.bank, reference)) === 1;
    } finally {
      await gateway.close();
    }
  },
};
