/** Payments that the demo bank's policy has something to say about, and a gateway that says nothing for the controls. */
import type { Config } from '@hauberk/server';
import { knownCustomers, nextReference, transferBody, type Victim } from './victim.ts';
import { type Answer, call } from './wire-client.ts';
import type { OwnGateway, World } from './world.ts';

/** Enough to be confirmed by the user when the payee is new. */
export const largeMinor = 45_000;

/** The configuration without decisions; `strip` takes more away from each route. */
const unjudged = (config: Config, strip: object): Config => ({
  ...config,
  decision: undefined,
  services: config.services.map((service) => ({
    ...service,
    routes: service.routes.map((route) => ({ ...route, decision: undefined, ...strip })),
  })),
});

/** A second gateway on the same bank that judges nothing. The caller closes it. */
export const unjudgedGateway = (world: World, strip: object = {}): Promise<OwnGateway> =>
  world.gatewayWith((config) => unjudged(config, strip));

/** A body of a payment to somebody, with more members. */
export const orderTo = (victim: Victim, toAccountId: string, amountMinor: number, reference: string): string =>
  JSON.stringify({ ...(JSON.parse(transferBody(victim.customer, reference, amountMinor)) as object), toAccountId });

/** Accounts that nobody has paid yet, one after the other. */
export const freshPayee = (victim: Victim, turn: number): string => {
  const { customerId, accounts } = victim.customer;
  // Other attacks pay to first accounts; the last of the last customers are left.
  const open = knownCustomers()
    .filter((other) => other.customerId !== customerId)
    .flatMap((other) => other.accounts)
    .filter(({ currency }) => currency === accounts[0]?.currency)
    .toReversed();
  return open[turn % open.length]?.accountId ?? '';
};

/** Sends a payment as it stands. */
export const payAsIs = (
  victim: Victim,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  call(victim.target, victim.session, 'POST', '/api/transfers', {
    body,
    headers: { authorization: victim.authorization, 'idempotency-key': `key-${nextReference()}`, ...headers },
  });
