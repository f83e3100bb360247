import type { Attack } from './attack.ts';
import { bareStage, finish, otherNumber, playOnGateway, type Story, saidOf } from './binding-actor.ts';

const story: Story = async (stage) => {
  const phone = await stage.actor();
  const token = await phone.start();
  await Promise.all([stage.carry(token), stage.carry(token, { from: otherNumber })]);
  return saidOf(await finish(phone));
};

/** A race of the victim's SMS and the attacker's own. */
export const attack: Attack = {
  id: 'bind-two-numbers',
  title: 'one token comes from two numbers at once',
  expected: 'declined, whichever comes first',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story);
    return { observed, held: observed.startsWith('declined ') || observed.includes('wrong-state') };
  },
  control: async () => (await story(bareStage(['one-number', 'number-match']))) === 'bound',
};
