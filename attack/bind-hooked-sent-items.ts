import type { Attack } from './attack.ts';
import { bareStage, finish, playOnGateway, type Story, saidOf } from './binding-actor.ts';

const story: Story = async (stage) => {
  const attacker = await stage.actor('script');
  const token = await attacker.start();
  if (token.state !== 'issued') return saidOf(token);
  await stage.carry(token);
  return saidOf(await finish(attacker));
};

/** The pattern of 2026: the victim's SMS is sent for them, and the attacker's own phone says whatever it likes. */
export const attack: Attack = {
  id: 'bind-hooked-sent-items',
  title: "malware sends the token from the victim's phone, a hooked app forges the sent item",
  expected: 'no token: nothing vouches for the phone that asks',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story, { name: 'software', software: true });
    return { observed, held: observed === 'declined binding.not-attested' };
  },
  control: async () => (await story(bareStage(['attestation']))) === 'bound',
};
