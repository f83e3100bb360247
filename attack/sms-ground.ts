/** A gateway that binds, with links by which SMS come in from outside: webhooks, and an SMSC that somebody else may hold. */

import type { Config } from '@hauberk/server';
import { type Actor, type Cast, gatewayStage, type Told } from './binding-actor.ts';
import { type BindingGround, bindingGround } from './binding-ground.ts';
import type { World } from './world.ts';

type SmsLink = NonNullable<Config['sms']>['links'][number];

const usual = { countryCode: undefined, messagesPerSecond: 500, redeliverySeconds: 10 };
const members = { from: 'from', to: 'to', text: 'text', id: 'id', carrier: 'carrier' };

/** A webhook that these addresses may call. */
export const webhookLink = (id: string, addresses: readonly string[]): SmsLink => ({
  ...usual,
  id,
  webhook: { path: `/sms/${id}`, form: 'json', addresses, clientNames: [], members },
});

/** A link to an SMSC on this machine. */
export const smppLink = (
  id: string,
  port: number,
  { messagesPerSecond, window }: { readonly messagesPerSecond: number; readonly window: number },
): SmsLink => ({
  ...usual,
  id,
  messagesPerSecond,
  smpp: {
    host: '127.0.0.1',
    port,
    bind: 'receiver',
    systemId: 'bank',
    secret: 'secret',
    systemType: '',
    defaultCoding: 'gsm7',
    window,
    enquireSeconds: 30,
  },
});

/** A gateway with these links, all of which it believes. */
export const smsGround = (world: World, name: string, links: readonly SmsLink[]): Promise<BindingGround> =>
  bindingGround(world, {
    name: `sms ${name}`,
    loosen: (section) => ({ ...section, links: links.map(({ id }) => ({ id, vmns: [] })) }),
    reshape: (config) => ({
      ...config,
      sms: { listen: { host: '127.0.0.1', port: 0 }, links, mostWaiting: 10_000 },
    }),
  });

/** A delivery as an aggregator posts it. */
export interface Delivery {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly id: string;
}

/** Posts a delivery; answers the status. */
export const post = async (
  ground: BindingGround,
  link: string,
  delivery: Delivery,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const url = `http://127.0.0.1:${ground.gateway.running().smsPort() ?? 0}/sms/${link}`;
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(delivery) });
  await reply.arrayBuffer();
  return reply.status;
};

/** An app that asked for a token, with the delivery that its SMS would be. */
export interface Asked {
  readonly actor: Actor;
  readonly token: Told;
  readonly delivery: Delivery;
}

let ids = 0;

/** A fresh customer's app asks for a token. */
export const askOn = async (ground: BindingGround, cast: Cast = {}): Promise<Asked> => {
  const customer = ground.freshCustomer();
  const actor = await gatewayStage(ground, 51, customer).actor(cast);
  const token = await actor.start();
  if (token.state !== 'issued') throw new Error(`${token.state} ${token.code}`);
  ids += 1;
  const delivery = { from: ground.numberOf(customer), to: token.vmn, text: token.text, id: `delivery-${ids}` };
  return { actor, token, delivery };
};

/** Waits until what was taken has been counted. */
export const counted = async (ground: BindingGround): Promise<void> => {
  while ((ground.gateway.running().sms()?.waiting ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
};
