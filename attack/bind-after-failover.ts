import type { Attack } from './attack.ts';
import { finish, playOnGateway, type Story, saidOf } from './binding-actor.ts';

const story: Story = async (stage) => {
  const phone = await stage.actor();
  const token = await phone.start();
  await stage.restart();
  return stage.carry(token);
};

const undisturbed: Story = async (stage) => {
  const phone = await stage.actor();
  await stage.carry(await phone.start());
  return saidOf(await finish(phone));
};

/** A new node must not lengthen the timer. */
export const attack: Attack = {
  id: 'bind-after-failover',
  title: 'the SMS comes after the gateway restarted',
  expected: 'the attempt is over: no clock can say how long it took',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story, { name: 'restarted' });
    return { observed, held: observed === 'declined binding.failover' };
  },
  control: async (world) => (await playOnGateway(world, undisturbed)) === 'bound',
};
