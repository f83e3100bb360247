import type { Attack } from './attack.ts';
import { boundGround, boundPhone, type CustomersPhone, loggedIn } from './bound-actor.ts';
import { nextReference, transferBody } from './victim.ts';
import type { World } from './world.ts';

/** 60 % of what a first day allows (B19). */
const amountMinor = 300_000;

/** A second amount, which a reader that does not mind case takes for the first. */
const withTwin = (body: string): string => body.replace('{', '{"AmountMinor":1,');

const pay = async (
  { app, customer, authorization }: CustomersPhone,
  written = (body: string): string => body,
): Promise<number> => {
  const reference = nextReference();
  const reply = await app.fetch('/api/transfers', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': reference, authorization },
    body: written(transferBody(customer, reference, amountMinor)),
  });
  const { code } = (await reply.json()) as { readonly code?: string };
  // What the gateway let through is the bank's to judge: an empty account is no guard.
  return code === 'forbidden' || code === 'refused' || code === 'malformed' ? 403 : 200;
};

const payTwice = async (world: World, name: 'bound' | 'uncounted'): Promise<readonly number[]> => {
  const phone = await boundPhone(await boundGround(world, name));
  return Promise.all([pay(phone), pay(phone)]);
};

/** The attacker has a binding, however he came by it, and empties the account in parts. */
export const attack: Attack = {
  id: 'bind-first-day-split',
  title: 'the limit of a first day is taken in two transfers at once, or from a phone that is not bound',
  expected: 'one of the two is refused, and everything from the other phone, and what names two amounts',
  needs: 'own-gateway',
  run: async (world) => {
    const statuses = await payTwice(world, 'bound');
    const ground = await boundGround(world);
    const { customer } = await boundPhone(ground);
    const unbound = await pay(await loggedIn(ground, customer));
    const twin = await pay(await boundPhone(ground), withTwin);
    const passed = statuses.filter((status) => status === 200).length;
    const told = `${passed} of ${statuses.length} passed; unbound ${unbound}; two amounts ${twin}`;
    return { observed: told, held: passed === 1 && unbound === 403 && twin === 403 };
  },
  control: async (world) => (await payTwice(world, 'uncounted')).join() === '200,200',
};
