import type { Attack } from './attack.ts';
import { finish, playOnGateway, type Story, saidOf } from './binding-actor.ts';
import { everyNumberRevoked } from './binding-ground.ts';

const listed = {
  name: 'listed',
  loosen: everyNumberRevoked,
};

const story: Story = async (stage) => {
  const phone = await stage.actor();
  const token = await phone.start();
  if (token.state !== 'issued') return saidOf(token);
  await stage.carry(token);
  return saidOf(await finish(phone));
};

/** Every number of the bank is on this list, and the list is of this moment. */
export const attack: Attack = {
  id: 'bind-disconnected-number',
  title: 'the SIM of a number that was disconnected',
  expected: 'declined: the number is on the list of revoked ones',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story, listed);
    return { observed, held: observed === 'declined binding.number-revoked' };
  },
  control: async (world) => (await playOnGateway(world, story)) === 'bound',
};
