import type { Attack } from './attack.ts';
import { bareStage, finish, otherNumber, playOnGateway, type Story, saidOf } from './binding-actor.ts';

const story: Story = async (stage) => {
  const phone = await stage.actor();
  const token = await phone.start();
  await stage.carry(token, { from: otherNumber });
  const answer = await finish(phone);
  return answer.state === 'bound' ? 'bound' : saidOf(await phone.status());
};

/** A number of the attacker's own, with the victim's password. */
export const attack: Attack = {
  id: 'bind-wrong-number',
  title: "the right token comes from a number that is not the customer's",
  expected: 'declined: sending, declared and registered number are one',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story);
    return { observed, held: observed === 'declined binding.number-mismatch' };
  },
  control: async () => (await story(bareStage(['number-match']))) === 'bound',
};
