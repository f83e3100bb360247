/**
 * A gateway that binds, before the demo bank, with the bank's directory and an SMS network beside it; phones with SIMs. Attacks on binding run the
 * whole way: app, sealed channel, gateway, service, record. SMS enter where the SMS plane hands them over.
 */
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoCustomer } from '@hauberk/example-bank';
import { type BindOptions, type BindOutcome, bind } from '@hauberk/sdk/bind';
import type { Hauberk } from '@hauberk/sdk/node';
import { bridgeBackend } from '@hauberk/sdk/trusted';
import type { Config, InboundAnswer, InboundSms } from '@hauberk/server';
import {
  type PhoneKind,
  type PhoneTrick,
  type SimTrick,
  type SimulatedNetwork,
  type SimulatedPhone,
  simulatedNetwork,
  simulatedPhone,
} from '@hauberk/simulator';
import { appOn, type PhoneGround, phoneGround } from './phones.ts';
import { knownCustomers } from './victim.ts';
import type { World } from './world.ts';

type BindingConfig = NonNullable<Config['binding']>;

/** Numbers that keep B13. */
export const pool: readonly string[] = Array.from({ length: 12 }, (_, index) => `+9190000000${String(index * 7 + 10)}`);

/** What the network carried; `+91…` is the customer's registered number. */
export interface BindingGround extends PhoneGround {
  /** The SMS network: what a phone with that number sends. */
  readonly carry: (from: string, to: string, text: string, over?: Partial<InboundSms>) => Promise<InboundAnswer>;
  readonly numberOf: (customer: DemoCustomer) => string;
  /** The operator of the phones: their SMS come to the link `operator`, the bank's codes to them. */
  readonly network: SimulatedNetwork;
  /** A customer that nobody else uses: tokens and attempts of a day are counted. */
  readonly freshCustomer: () => DemoCustomer;
}

/** What a control loosens in section `binding`. */
export type LoosenedBinding = (binding: BindingConfig) => BindingConfig;

const bankToken = 'directory-token-of-the-attacks';

/** The bank's directory: every customer has a number of their own. */
const startDirectory = async (network: () => SimulatedNetwork, numberOf: (id: string) => string) => {
  const server: Server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      const told = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, string>;
      const isAllowed = incoming.headers.authorization === `Bearer ${bankToken}`;
      response.setHeader('content-type', 'application/json');
      response.statusCode = isAllowed ? 200 : 401;
      if (isAllowed && incoming.url === '/code') network().deliver(told['number'] ?? '', told['text'] ?? '');
      response.end(JSON.stringify(isAllowed ? { number: numberOf(told['profile'] ?? '') } : {}));
    });
  });
  server.listen(0, '127.0.0.1');
  // It must not keep the attacks' process alive, which closes only gateways.
  server.unref();
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const numberById = (id: string): string => {
  const index = knownCustomers().findIndex(({ customerId }) => customerId === id);
  return `+9198${String(11_000_000 + index * 13).padStart(8, '0')}`;
};

const sectionOf = (url: string, app: string): BindingConfig => ({
  apps: { [app]: { android: 51, ios: 51 } },
  brand: 'Demo Bank',
  vmns: pool,
  links: [
    { id: 'operator', vmns: [] },
    { id: 'second', vmns: pool.slice(0, 1) },
  ],
  secret: 'a-secret-for-hashes-of-the-attacks',
  credential: { kind: 'authorization' },
  stepUpStep: 'otp',
  ways: ['sms', 'number', 'bound-device', 'passkey'],
  bank: { url, token: bankToken, timeoutMs: 5000 },
  feeds: {},
  mobileNetworks: ['127.0.0.0/8', '::1/128'],
  trailDays: 7,
  vmnSilentMinutes: 60,
  policy: {
    timerSeconds: 45,
    tokensPerDevice: 3,
    attemptsPerProfile: 3,
    coolingLimitMinor: 500_000,
    swapDays: 3,
    reliefDays: 90,
    onStaleList: 'accept',
    onRiskSilence: 'step-up',
    onSwapSilence: 'step-up',
    systems: [
      { family: 'android', platform: 'android', leastVersion: 10, leastPatchLevel: 0 },
      { family: 'ios', platform: 'ios', leastVersion: 16, leastPatchLevel: 0 },
    ],
  },
});

const grounds = new WeakMap<World, Map<string, Promise<BindingGround>>>();
let turn = 0;
let messages = 0;

/** What a control, or an attack on what stands on a binding, changes in the whole configuration. */
export type Reshape = (config: Config) => Config;

const startGround = async (
  world: World,
  {
    loosen,
    software,
    reshape,
  }: { readonly loosen: LoosenedBinding; readonly software: boolean; readonly reshape: Reshape },
  own: string,
) => {
  const url = await startDirectory(() => network, numberById);
  const ground = await phoneGround(
    world,
    {
      app: { software: software ? 'allowed' : 'refused' },
      change: (config) => reshape({ ...config, binding: loosen(sectionOf(url, config.apps[0]?.id ?? '')) }),
    },
    `binding ${own}`,
  );
  const carry: BindingGround['carry'] = async (from, to, text, over = {}) => {
    const { bindings } = ground.gateway.running();
    if (bindings === undefined) throw new Error('this gateway binds nothing');
    messages += 1;
    return bindings.inboundSms({ link: 'operator', messageId: `m-${messages}`, from, to, text, ...over });
  };
  const network = simulatedNetwork(async ({ from, to, text }) => 'outcome' in (await carry(from, to, text)));
  const freshCustomer = (): DemoCustomer => {
    const customer = knownCustomers()[turn % knownCustomers().length];
    turn += 1;
    if (customer === undefined) throw new Error('the bank has customers');
    return customer;
  };
  return {
    ...ground,
    carry,
    network,
    freshCustomer,
    numberOf: ({ customerId }: DemoCustomer) => numberById(customerId),
  };
};

/** A gateway that binds; one for each name of what was loosened. It is closed with the attacks' world. */
export const bindingGround = (
  world: World,
  {
    name = '',
    loosen = (binding) => binding,
    software = false,
    reshape = (config) => config,
  }: {
    readonly name?: string;
    readonly loosen?: LoosenedBinding;
    readonly software?: boolean;
    readonly reshape?: Reshape;
  } = {},
): Promise<BindingGround> => {
  const ofWorld = grounds.get(world) ?? new Map<string, Promise<BindingGround>>();
  grounds.set(world, ofWorld);
  const ground = ofWorld.get(name) ?? startGround(world, { loosen, software, reshape }, name);
  ofWorld.set(name, ground);
  return ground;
};

/** A phone with the bank's app and a SIM in it, its user logged in. */
export interface SimPhone {
  readonly app: Hauberk;
  readonly phone: SimulatedPhone | undefined;
  readonly kind: PhoneKind;
  readonly customer: DemoCustomer;
  readonly authorization: string;
  readonly name: string;
}

const post = async (app: Hauberk, path: string, members: object, authorization?: string) => {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const reply = await app.fetch(path, { method: 'POST', headers, body: JSON.stringify(members) });
  return { status: reply.status, told: (await reply.json()) as Record<string, unknown> };
};

/** Logs a customer in on an app, through both steps. */
export const logInOn = async (app: Hauberk, { username, password }: DemoCustomer): Promise<string> => {
  const first = await post(app, '/api/login', { username, password });
  const authorization = String(first.told['authorization']);
  const second = await post(app, '/api/login/otp', { code: first.told['demoCode'] }, authorization);
  if (second.status !== 200) throw new Error(`login: ${first.status} ${second.status}`);
  return String(second.told['authorization']);
};

let phones = 0;

/** What is in a phone, and what its holder does with it. */
export interface PhoneSim {
  /** Number of the SIM; the customer's when absent. */
  readonly card?: string;
  readonly simTricks?: readonly SimTrick[];
}

/** A fresh phone on which a customer is logged in; without a kind, a script on a machine without hardware. */
export const simPhone = async (
  ground: BindingGround,
  customer: DemoCustomer,
  kind: PhoneKind | 'script' = 'android',
  tricks: readonly PhoneTrick[] = [],
  { card = ground.numberOf(customer), simTricks = [] }: PhoneSim = {},
): Promise<SimPhone> => {
  phones += 1;
  const { makers: world, network } = ground;
  const cards = [{ number: card, carrier: 'Jio' }];
  const phone = kind === 'script' ? undefined : simulatedPhone(kind, { world, tricks, network, cards, simTricks });
  ground.writeRevocations();
  const app = appOn(ground.target, phone);
  const authorization = await logInOn(app, customer);
  return { app, phone, kind: kind === 'script' ? 'android' : kind, customer, authorization, name: `phone-${phones}` };
};

/** What a script says of a SIM. */
export const goodSim = {
  sim: 'present',
  airplane: 'off',
  path: 'cellular',
  cellularWorks: true,
  slot: 0,
  slotCarrier: 'Jio',
} as const;

/** Runs the app's own flow on a phone; `bent` is what a changed app does otherwise. */
export const bindOn = (
  ground: BindingGround,
  { app, phone, kind, customer, authorization, name }: SimPhone,
  bent: Partial<BindOptions> = {},
): Promise<BindOutcome> => {
  if (phone === undefined) throw new Error('a script has no native half');
  return bind({
    hauberk: app,
    sim: bridgeBackend(phone.bridge),
    number: ground.numberOf(customer),
    authorization,
    app: 51,
    system: { family: kind === 'iphone' ? 'ios' : 'android', version: 16, patchLevel: 202_609 },
    fingerprint: name,
    pollMs: 20,
    ...bent,
  });
};

/** One line of an outcome. */
export const said = (outcome: BindOutcome): string =>
  !('code' in outcome)
    ? outcome.state
    : `${outcome.state} ${outcome.code} ${'rule' in outcome ? (outcome.rule ?? '') : ''}`.trim();

/** A list of this moment that has every number of the bank on it. */
export const everyNumberRevoked: LoosenedBinding = (section) => {
  const numbers = knownCustomers().map(({ customerId }) => numberById(customerId));
  const file = join(mkdtempSync(join(tmpdir(), 'hauberk-revoked-')), 'revoked.csv');
  const head = `as-of,${new Date().toISOString()},count,${numbers.length}`;
  writeFileSync(file, [head, ...numbers].join('\n'));
  return { ...section, feeds: { revoked: file } };
};
