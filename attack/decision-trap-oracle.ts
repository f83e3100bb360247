import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { freshPayee, orderTo, payAsIs } from './judged-ground.ts';
import { newVictim, nextReference, type Victim } from './victim.ts';
import { craft } from './wire-client.ts';
import type { World } from './world.ts';

/** What a stranger on the wire sees of a payment's reply: its status and the names of its headers. */
const lookOf = async (victim: Victim, body: string): Promise<string> => {
  const crafted = await craft(victim.target, victim.session, 'POST', '/api/transfers', {
    body,
    headers: { authorization: victim.authorization, 'idempotency-key': `key-${nextReference()}` },
  });
  const { status, headers } = await send(victim.target.gateway, crafted);
  return `${status} ${Object.keys(headers).toSorted().join(' ')}`;
};

const looks = async (world: World, isMarked: boolean) => {
  const honest = await newVictim(world.target());
  // The route has shown a real reply, so there is something to look like.
  const real = await lookOf(honest, orderTo(honest, freshPayee(honest, 4), 100, nextReference()));
  const caught = await newVictim(world.target());
  const body = orderTo(caught, freshPayee(caught, 4), 100, nextReference());
  if (isMarked) await payAsIs(caught, body.replace('{', '{"overrideLimit":true,'));
  const refused = isMarked ? body : body.replace('{', '{"amountMinor":1,');
  return { real, told: await lookOf(caught, refused) };
};

/** A trapped device compares what it is told with what an honest one gets. */
export const attack: Attack = {
  id: 'decision-trap-oracle',
  title: 'a trap is told apart by status and headers',
  expected: 'the same status and the same headers as a real reply',
  needs: 'own-gateway',
  run: async (world) => {
    const { real, told } = await looks(world, true);
    return { observed: told === real ? 'no difference' : `${told} instead of ${real}`, held: told === real };
  },
  // The comparison sees a refusal where there is one.
  control: async (world) => {
    const { real, told } = await looks(world, false);
    return told !== real;
  },
};
