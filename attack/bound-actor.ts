/**
 * Phones that are bound, and what stands on that: logins without a second step, other devices that take over, passkeys, transfers of the first day.
 * The gateway is that of the attacks on binding, with these members of its configuration.
 */
import { endpoint } from '@hauberk/channel/client';
import type { DemoCustomer } from '@hauberk/example-bank';
import { toBase64Url } from '@hauberk/primitives';
import type { PasskeyAssertion } from '@hauberk/sdk/bound';
import { createHauberk, type Hauberk, memoryStorage } from '@hauberk/sdk/node';
import { trustedDevice } from '@hauberk/sdk/trusted';
import type { Config } from '@hauberk/server';
import { assert as assertPasskey, register, type SigningKey, simulatedPhone } from '@hauberk/simulator';
import { type BindingGround, bindingGround, logInOn, type Reshape } from './binding-ground.ts';
import type { World } from './world.ts';

/** The bank's relying party. */
export const party = { rpId: 'bank.example', origin: 'https://bank.example' };

const withBound =
  (counted: boolean): Reshape =>
  (config: Config): Config => ({
    ...config,
    ...(config.binding === undefined
      ? {}
      : {
          binding: {
            ...config.binding,
            relief: { step: 'otp' },
            passkeys: { rpId: party.rpId, origins: [party.origin] },
          },
        }),
    services: config.services.map((service) => ({
      ...service,
      routes: service.routes.map((route) =>
        // Not judged by policies here: one that asks for a step-up would hide what the binding alone allows.
        route.id === 'transfer'
          ? { ...route, decision: undefined, bound: counted ? { amount: '/amountMinor' } : {} }
          : route,
      ),
    })),
  });

/** A gateway whose bindings carry logins and transfers; `uncounted` leaves the amounts of the first day out. */
export const boundGround = (world: World, name: 'bound' | 'uncounted' = 'bound'): Promise<BindingGround> =>
  bindingGround(world, { name, reshape: withBound(name === 'bound') });

let phones = 0;

/** A genuine phone with the app, whose user confirms what is asked. */
export const genuineApp = ({ makers, target }: BindingGround): { readonly app: Hauberk; readonly name: string } => {
  phones += 1;
  const { organisation, app, service, configKeys, gateway } = target;
  const trust = { configKeys, minConfigVersion: 1, buildTimeMs: 0 };
  const device = trustedDevice(simulatedPhone('android', { world: makers }).backend);
  const options = { organisation, app, service, endpoints: [gateway], trust, timeoutMs: 20_000, early: false, device };
  const confirm = async () => true;
  return { app: createHauberk({ ...options, confirm }, { storage: memoryStorage() }), name: `bound-${phones}` };
};

/** An answer, whatever its members. */
export type Said = Readonly<Record<string, string | undefined>>;

/** One call of binding. */
export const tell = async (
  app: Hauberk,
  authorization: string,
  members: object,
  path: string = endpoint.bind,
): Promise<Said> => {
  const headers = { 'content-type': 'application/json', authorization };
  const reply = await app.fetch(path, { method: 'POST', headers, body: JSON.stringify(members) });
  return (await reply.json()) as Said;
};

/** Only the password: what a login is before its second step. */
export const firstStep = async (app: Hauberk, { username, password }: DemoCustomer): Promise<string> => {
  const headers = { 'content-type': 'application/json' };
  const reply = await app.fetch('/api/login', {
    method: 'POST',
    headers,
    body: JSON.stringify({ username, password }),
  });
  return String(((await reply.json()) as Said)['authorization']);
};

/** Whether the bank shows this login its accounts. */
export const seesAccounts = async (app: Hauberk, authorization: string): Promise<boolean> =>
  (await app.fetch('/api/accounts', { headers: { authorization } })).status === 200;

/** Members of `start` on a phone with a SIM, and on a device without one. */
export const startOf = (
  ground: BindingGround,
  customer: DemoCustomer,
  name: string,
  way: string = 'sms',
): Readonly<Record<string, unknown>> => ({
  do: 'start',
  number: ground.numberOf(customer),
  fingerprint: name,
  replaces: true,
  app: 51,
  system: { family: 'android', version: 16, patchLevel: 202_609 },
  ...(way === 'sms'
    ? { evidence: { sim: 'present', airplane: 'off', path: 'cellular', cellularWorks: true }, subscription: 'sim-1' }
    : { way, evidence: { sim: 'absent', airplane: 'off', path: 'wifi', cellularWorks: false } }),
});

/** A phone of a customer, logged in. */
export interface CustomersPhone {
  readonly app: Hauberk;
  readonly name: string;
  readonly customer: DemoCustomer;
  readonly authorization: string;
}

/** A phone on which a customer is logged in, through both steps. */
export const loggedIn = async (ground: BindingGround, customer: DemoCustomer): Promise<CustomersPhone> => {
  const { app, name } = genuineApp(ground);
  return { app, name, customer, authorization: await logInOn(app, customer) };
};

/** Binds a phone by its SMS. */
export const bindBySms = async (ground: BindingGround, phone: CustomersPhone): Promise<CustomersPhone> => {
  const { app, name, customer, authorization } = phone;
  const token = await tell(app, authorization, startOf(ground, customer, name));
  const { attempt } = token;
  await ground.carry(ground.numberOf(customer), token['vmn'] ?? '', token['text'] ?? '');
  await tell(app, authorization, { do: 'sent-item', attempt, state: 'delivered' });
  const bound = await tell(app, authorization, { do: 'confirm', attempt });
  if (bound['state'] !== 'bound') throw new Error(`bind: ${bound['state']} ${bound['code'] ?? ''}`);
  return phone;
};

/** A fresh customer whose phone is bound. */
export const boundPhone = async (ground: BindingGround): Promise<CustomersPhone> =>
  bindBySms(ground, await loggedIn(ground, ground.freshCustomer()));

/** A passkey, wherever it lies. */
export interface HeldPasskey {
  readonly key: SigningKey;
  readonly credential: string;
}

/** A passkey that the bound phone vouches for. */
export const passkeyOf = async (
  { app, authorization }: CustomersPhone,
  ground: BindingGround,
): Promise<HeldPasskey> => {
  const { challenge = '' } = await tell(app, authorization, { do: 'passkey-challenge' });
  const made = register(ground.makers.authenticators, {
    format: 'none',
    challenge: Buffer.from(challenge, 'base64url'),
    ...party,
  });
  const members = {
    do: 'add-passkey',
    clientData: toBase64Url(made.clientDataJson),
    attestationObject: toBase64Url(made.attestationObject),
  };
  const added = await tell(app, authorization, members, endpoint.bindApprove);
  if (added['state'] !== 'added') throw new Error(`passkey: ${added['code'] ?? ''}`);
  return { key: made.key, credential: toBase64Url(made.credentialId) };
};

/** Signs a challenge with a passkey. */
export const signWith = ({ key, credential }: HeldPasskey, challenge: string): PasskeyAssertion => {
  const signed = assertPasskey(key, { challenge: Buffer.from(challenge, 'base64url'), ...party });
  const { clientDataJson: clientData, authenticatorData, signature } = signed;
  return { credential, clientData, authenticatorData, signature };
};

/** Binds a device without a SIM by a passkey: what the last call says, and the assertion that was shown. */
export const bindByPasskey = async (
  ground: BindingGround,
  { app, name, customer, authorization }: CustomersPhone,
  sign: (challenge: string) => PasskeyAssertion,
): Promise<{ readonly said: string; readonly shown: PasskeyAssertion }> => {
  const started = await tell(app, authorization, startOf(ground, customer, name, 'passkey'));
  const { attempt, challenge = '' } = started;
  const shown = sign(challenge);
  const { credential, ...octets } = shown;
  const members = Object.fromEntries(Object.entries(octets).map(([member, value]) => [member, toBase64Url(value)]));
  const proven = await tell(app, authorization, { do: 'passkey', attempt, credential, ...members });
  const last = proven['state'] === 'proven' ? await tell(app, authorization, { do: 'confirm', attempt }) : proven;
  return { said: saidOf(last), shown };
};

/** One line of an answer. */
export const saidOf = ({ state = '', code = '' }: Said): string => `${state} ${code}`.trim();
