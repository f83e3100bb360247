import type { Attack } from './attack.ts';
import { approve, enrolStepUpKey, largeTransfer } from './step-up-client.ts';
import { newVictim, nextReference, timesBooked, transferBody } from './victim.ts';
import type { World } from './world.ts';

const amountMinor = 5000;

const approved = async (world: World, moved: boolean) => {
  const victim = await newVictim(world.target());
  const key = await enrolStepUpKey(victim);
  const shown = nextReference();
  const sent = moved ? nextReference() : shown;
  const shownBody = transferBody(victim.customer, shown, amountMinor);
  const problem = await largeTransfer(victim, shownBody, `key-${shown}`);
  const proof = await approve(victim, key, problem, shownBody);
  const answer = await largeTransfer(
    victim,
    transferBody(victim.customer, sent, moved ? amountMinor * 10 : amountMinor),
    `key-${sent}`,
    proof,
  );
  return { problem, answer, booked: await timesBooked(world.bank, sent) };
};

/** The user approves one payment, the attacker sends another with that approval. */
export const attack: Attack = {
  id: 'step-up-moved',
  title: 'a step-up answer is moved to another transaction',
  expected: 'a new challenge instead of a booking; on its own transaction it passes',
  run: async (world) => {
    const { problem, answer, booked } = await approved(world, true);
    return {
      observed: `${problem.code}, moved ${answer.status} ${answer.code}, booked ${booked} times`,
      held: problem.code === 'step-up-required' && answer.status >= 400 && booked === 0,
    };
  },
  control: async (world) => {
    const { answer, booked } = await approved(world, false);
    return answer.status < 300 && booked === 1;
  },
};
