import type { Attack } from './attack.ts';
import { bareStage, finish, playOnGateway, type Story, saidOf } from './binding-actor.ts';

const story: Story = async (stage) => {
  const phone = await stage.actor();
  await stage.carry(await phone.start(), { link: 'bulk' });
  const answer = await finish(phone);
  return answer.state === 'bound' ? 'bound' : saidOf(await phone.status());
};

/** The source of an SMS is text that a link writes. */
export const attack: Attack = {
  id: 'bind-spoofed-sender',
  title: 'a sender is forged over a link that nobody trusts',
  expected: 'ignored: the attempt waits for its SMS',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story);
    return { observed, held: observed.startsWith('issued') };
  },
  control: async () => (await story(bareStage(['trusted-link']))) === 'bound',
};
