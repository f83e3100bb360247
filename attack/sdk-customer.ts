/** An honest app on the SDK, whose clock, storage or wire the attacker holds. */

import { type DemoCustomer } from '@hauberk/example-bank';
import { createHauberk, type Hauberk } from '@hauberk/sdk/node';
import { nextCustomer, transferBody } from './victim.ts';
import type { Target } from './wire-client.ts';

type Ports = NonNullable<Parameters<typeof createHauberk>[1]>;

/** A customer's app, logged in. */
export interface SdkCustomer {
  readonly hauberk: Hauberk;
  readonly customer: DemoCustomer;
  readonly authorization: string;
}

/** Makes an app that talks to `endpoint`, which may be the attacker's. */
export const sdkFor = (target: Target, endpoint: string, ports: Ports = {}): Hauberk =>
  createHauberk(
    {
      organisation: target.organisation,
      app: target.app,
      service: target.service,
      endpoints: [endpoint],
      trust: { configKeys: target.configKeys, minConfigVersion: 1, buildTimeMs: 0 },
      timeoutMs: 20_000,
      early: false,
    },
    ports,
  );

const postJson = (
  hauberk: Hauberk,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> =>
  hauberk.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** Logs a customer in through the app. */
export const sdkLogIn = async (hauberk: Hauberk, customer: DemoCustomer = nextCustomer()): Promise<SdkCustomer> => {
  const first = (await (
    await postJson(hauberk, '/api/login', { username: customer.username, password: customer.password })
  ).json()) as Record<string, string>;
  const authorization = first['authorization'] ?? '';
  const second = (await (
    await postJson(hauberk, '/api/login/otp', { code: first['demoCode'] }, { authorization })
  ).json()) as Record<string, string>;
  return { hauberk, customer, authorization: second['authorization'] ?? '' };
};

/** Sends a payment as the app does. */
export const sdkTransfer = ({ hauberk, customer, authorization }: SdkCustomer, reference: string): Promise<Response> =>
  hauberk.fetch('/api/transfers', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, 'idempotency-key': `key-${reference}` },
    body: transferBody(customer, reference),
  });
