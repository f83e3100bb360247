import type { Attack } from './attack.ts';
import { bareStage, playOnGateway, type Story, saidOf } from './binding-actor.ts';

const story: Story = async (stage) => {
  const attacker = await stage.actor();
  const token = await attacker.start();
  await stage.carry(token);
  const seen = await attacker.sentItem('absent');
  const claimed = await attacker.confirm();
  return claimed.state === 'bound' ? 'bound' : `${saidOf(seen)}, then ${saidOf(claimed)}`.trim();
};

/** The attacker knows the password and holds a genuine phone; the SMS is the victim's. */
export const attack: Attack = {
  id: 'bind-forwarded-token',
  title: "a victim is talked into sending the attacker's token by SMS",
  expected: "declined: the attacker's genuine app has no sent item, and no code arrives in its inbox",
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story);
    return { observed, held: observed.endsWith('binding.unproven') };
  },
  control: async () => (await story(bareStage(['possession']))) === 'bound',
};
