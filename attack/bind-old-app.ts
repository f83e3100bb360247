import type { Attack } from './attack.ts';
import { finish, playOnGateway, type Story, saidOf } from './binding-actor.ts';
import type { LoosenedBinding } from './binding-ground.ts';

const loosen: LoosenedBinding = (section) => ({
  ...section,
  apps: Object.fromEntries(Object.keys(section.apps).map((app) => [app, { android: 52, ios: 52 }])),
});
const newer = { name: 'newer', loosen };

const story: Story = async (stage) => {
  const phone = await stage.actor();
  const token = await phone.start();
  if (token.state !== 'issued') return saidOf(token);
  await stage.carry(token);
  return saidOf(await finish(phone));
};

/** The phone attests build 51, its client says 52. */
export const attack: Attack = {
  id: 'bind-old-app',
  title: 'an old build claims to be the latest one',
  expected: 'declined: the attested build counts, not the claimed one',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story, newer, 52);
    return { observed, held: observed === 'declined binding.app-outdated' };
  },
  control: async (world) => (await playOnGateway(world, story)) === 'bound',
};
