import type { Attack } from './attack.ts';
import { approve, enrolStepUpKey, largeTransfer } from './step-up-client.ts';
import { newVictim, nextReference, timesBooked, transferBody } from './victim.ts';
import type { World } from './world.ts';

const spend = async (world: World) => {
  const victim = await newVictim(world.target());
  const key = await enrolStepUpKey(victim);
  const reference = nextReference();
  const body = transferBody(victim.customer, reference, 5000);
  const proof = await approve(victim, key, await largeTransfer(victim, body, `key-${reference}`), body);
  const first = await largeTransfer(victim, body, `key-${reference}`, proof);
  // Another idempotency key, so that only the spent challenge stands in the way.
  const second = await largeTransfer(victim, body, `again-${reference}`, proof);
  return { first, second, booked: await timesBooked(world.bank, reference) };
};

/** One approval is used for two bookings. */
export const attack: Attack = {
  id: 'step-up-reused',
  title: 'a step-up answer is used twice',
  expected: 'the first use passes, the second meets a spent challenge; one booking',
  run: async (world) => {
    const { first, second, booked } = await spend(world);
    return {
      observed: `${first.status}, then ${second.status} ${second.code}, booked ${booked} times`,
      held: first.status < 300 && second.status >= 400 && booked === 1,
    };
  },
  control: async (world) => (await spend(world)).first.status < 300,
};
