import type { Attack } from './attack.ts';
import { finish, playOnGateway, type Story, saidOf } from './binding-actor.ts';
import type { LoosenedBinding } from './binding-ground.ts';

const loosen: LoosenedBinding = (section) => ({ ...section, policy: { ...section.policy, onSwapSilence: 'decline' } });
const strict = { name: 'swap-strict', loosen };

const story: Story = async (stage) => {
  const phone = await stage.actor();
  const token = await phone.start();
  if (token.state !== 'issued') return saidOf(token);
  await stage.carry(token);
  return saidOf(await finish(phone));
};

/** The attacker has number, password and a genuine phone. */
export const attack: Attack = {
  id: 'bind-cloned-sim',
  title: "a swapped or cloned SIM in the attacker's own phone",
  expected: 'declined where nobody can say when the SIM changed and policy says so',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story, strict);
    return { observed, held: observed === 'declined binding.sim-changed' };
  },
  control: async (world) => (await playOnGateway(world, story)) === 'bound',
};
