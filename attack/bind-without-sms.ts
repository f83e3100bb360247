import type { Attack } from './attack.ts';
import { finish, playOnGateway, type Story, saidOf } from './binding-actor.ts';

const story: Story = async (stage) => {
  const attacker = await stage.actor();
  await attacker.start();
  await attacker.sentItem('delivered');
  return saidOf(await attacker.confirm());
};

const honest: Story = async (stage) => {
  const phone = await stage.actor();
  await stage.carry(await phone.start());
  return saidOf(await finish(phone));
};

/** The calls of a client that leaves out the one thing it does not control. */
export const attack: Attack = {
  id: 'bind-without-sms',
  title: 'the endpoint is called directly: token, sent item, confirmation, and no SMS',
  expected: 'nothing is bound: only an SMS leads on',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await playOnGateway(world, story);
    return { observed, held: observed.startsWith('issued ') };
  },
  control: async (world) => (await playOnGateway(world, honest)) === 'bound',
};
