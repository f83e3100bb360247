import type { Attack } from './attack.ts';
import { otherNumber, playOnGateway, type Story, saidOf } from './binding-actor.ts';

const story: Story = async (stage) => {
  const [first, second] = [await stage.actor(), await stage.actor()];
  await first.start();
  return saidOf(await second.start());
};

const oneAfterTheOther: Story = async (stage) => {
  const [first, second] = [await stage.actor(), await stage.actor()];
  await stage.carry(await first.start(), { from: otherNumber });
  return saidOf(await second.start());
};

/** Both know the password. */
export const attack: Attack = {
  id: 'bind-parallel-sessions',
  title: 'two phones bind one customer at once',
  expected: 'the second gets no token while the first is at it',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story);
    return { observed, held: observed === 'declined binding.busy' };
  },
  control: async (world) => (await playOnGateway(world, oneAfterTheOther)) === 'issued',
};
