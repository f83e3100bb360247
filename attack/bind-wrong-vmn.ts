import type { Attack } from './attack.ts';
import { bareStage, finish, playOnGateway, type Story, saidOf } from './binding-actor.ts';
import { pool } from './binding-ground.ts';

const story: Story = async (stage) => {
  const phone = await stage.actor();
  const token = await phone.start();
  const to = token.vmn === pool[3] ? pool[4] : pool[3];
  await stage.carry(token, to === undefined ? {} : { to });
  const answer = await finish(phone);
  return answer.state === 'bound' ? 'bound' : saidOf(await phone.status());
};

/** The text leaked, the number it belongs to did not. */
export const attack: Attack = {
  id: 'bind-wrong-vmn',
  title: 'the token is sent to another VMN than the assigned one',
  expected: 'declined and told: a guess shows that the text alone is known',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story);
    return { observed, held: observed === 'declined binding.wrong-vmn' };
  },
  control: async () => (await story(bareStage(['assigned-vmn']))) === 'bound',
};
