import type { Attack } from './attack.ts';
import { finish } from './binding-actor.ts';
import { askOn, counted, type Delivery, post, smsGround, webhookLink } from './sms-ground.ts';
import type { World } from './world.ts';

const links = [webhookLink('open', ['127.0.0.0/8'])];

/** An honest customer is bound; then the attacker sends what it overheard. Answers the statuses and where the attempt stands. */
const replay = async (world: World, overheard: (delivery: Delivery) => Delivery): Promise<string> => {
  const ground = await smsGround(world, 'replay', links);
  const { actor, delivery } = await askOn(ground, { simTricks: ['unsent-sms', 'hooked-sent-items'] });
  await post(ground, 'open', delivery);
  await counted(ground);
  const bound = await finish(actor);
  if (bound.state !== 'bound') throw new Error(`${bound.state} ${bound.code}`);
  const again = overheard(delivery);
  const statuses = [await post(ground, 'open', again), await post(ground, 'open', again)];
  await counted(ground);
  const { state, code } = await actor.status();
  return `${statuses.join(' ')}, ${state} ${code}`.trimEnd();
};

/** B07 makes a second SMS void the token, so whoever can repeat one could undo bindings. */
export const attack: Attack = {
  id: 'sms-replayed-webhook',
  title: 'a delivery that was overheard is sent again',
  expected: 'acknowledged as known; the customer stays bound',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await replay(world, (delivery) => delivery);
    return { observed, held: observed.startsWith('200 200, bound') };
  },
  // As another SMS the same text undoes the binding, and with it the customer's login.
  control: async (world) =>
    (await replay(world, (delivery) => ({ ...delivery, id: `${delivery.id}-again` }))).endsWith('login-required'),
};
