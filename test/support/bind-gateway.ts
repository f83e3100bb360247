/** A gateway that binds SIMs: simulated phones, an operator between them and it, a bank with a directory behind it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BindCaller, type BindOptions, type BindOutcome, bind } from '@hauberk/sdk/bind';
import { type DeviceKeys, openKeys } from '@hauberk/sdk/keys';
import { type ClientStorage, type Hauberk, memoryStorage } from '@hauberk/sdk/node';
import { bridgeBackend } from '@hauberk/sdk/trusted';
import {
  type OutgoingSms,
  type PhoneKind,
  type PhoneOptions,
  type SimulatedNetwork,
  type SimulatedPhone,
  simulatedNetwork,
  simulatedPhone,
  simulatedWorld,
} from '@hauberk/simulator';
import { type PhoneGateway, startPhoneGateway } from './phone-gateway.ts';

/** A customer on a phone, logged in. */
export interface BoundCustomer extends BindCaller {
  readonly hauberk: Hauberk;
  readonly keys: DeviceKeys;
  readonly authorization: string;
  readonly phone: SimulatedPhone;
  readonly name: string;
  readonly number: string;
}

/** How a phone is made here. */
export type SimOptions = Omit<PhoneOptions, 'world' | 'network'>;

/** The running parts. */
export interface BindGateway {
  readonly phones: PhoneGateway;
  readonly network: SimulatedNetwork;
  /** What the operator does with SMS to the bank; hands them over until told otherwise. */
  carry: (sms: OutgoingSms, handOver: () => Promise<boolean>) => Promise<boolean>;
  /** Texts of the bank to numbers, newest last. */
  readonly texts: readonly { readonly number: string; readonly text: string }[];
  /** A fresh customer with a phone of a kind and their own SIM in it. */
  readonly customer: (kind?: PhoneKind, options?: SimOptions) => Promise<BoundCustomer>;
  /** The same customer's password on a phone of somebody's. */
  readonly customerOn: (name: string, kind: PhoneKind, options: SimOptions) => Promise<BoundCustomer>;
  /** A new login of the same customer, on the same phone. */
  readonly again: (customer: BoundCustomer) => Promise<BoundCustomer>;
  readonly bind: (customer: BoundCustomer, more?: Partial<BindOptions>) => Promise<BindOutcome>;
  readonly close: () => Promise<void>;
}

const bankToken = 'directory-token-of-tests';
const vmns = Array.from({ length: 12 }, (_, index) => `+9190000000${String(index * 7 + 10)}`);
const numberOf = (name: string): string => `+9198${name.slice(-8).padStart(8, '1')}`;

const login = {
  id: 'login',
  methods: ['POST'],
  path: '/login/{name}',
  mode: 'sealed',
  login: {
    credential: { kind: 'authorization' },
    opens: { credentialPointer: '/credential', customerPointer: '/customer', lifeSeconds: 600 },
  },
};

const answerOf = (url: string, told: Readonly<Record<string, string>>, logins: number): object => {
  if (url.startsWith('/login/')) {
    const customer = url.slice('/login/'.length);
    return { credential: `Bearer ${customer}-${logins}`, customer };
  }
  return { number: numberOf(told['profile'] ?? '') };
};

const startBank = async (text: (number: string, text: string) => void): Promise<Server> => {
  let logins = 0;
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      const { url = '' } = incoming;
      logins += 1;
      const told = JSON.parse(Buffer.concat(pieces).toString('utf8') || '{}') as Record<string, string>;
      if (url === '/code') text(told['number'] ?? '', told['text'] ?? '');
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answerOf(url, told, logins)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

/** What a test has beside the usual configuration. */
export interface BesideBinding {
  /** Laid over the policy of binding. */
  readonly policy?: object;
  /** Laid over the section `binding`. */
  readonly binding?: object;
  /** Other sections, such as `sms`. */
  readonly sections?: object;
}

const sectionOf = (url: string, { policy, binding }: BesideBinding) => ({
  apps: { mobile: { android: 51, ios: 1 } },
  brand: 'Demo Bank',
  vmns,
  links: [{ id: 'operator' }],
  secret: 's'.repeat(32),
  credential: { kind: 'authorization' },
  bank: { url, token: bankToken, timeoutMs: 5000 },
  mobileNetworks: ['127.0.0.0/8', '::1/128'],
  policy: { onStaleList: 'accept', onRiskSilence: 'accept', onSwapSilence: 'accept', ...policy },
  ...binding,
});

let customers = 0;
let messages = 0;

/** Starts one. */
export const startBindGateway = async (beside: BesideBinding = {}): Promise<BindGateway> => {
  const texts: { number: string; text: string }[] = [];
  const bank = await startBank((number, text) => {
    texts.push({ number, text });
    network.deliver(number, text);
  });
  const url = `http://127.0.0.1:${(bank.address() as AddressInfo).port}`;
  const world = simulatedWorld();
  // Listed before the gateway reads the list, which it looks at once a second.
  simulatedPhone('android', { world, tricks: ['leaked-keybox'] });
  const phones = await startPhoneGateway({}, world, {
    routes: [login],
    upstream: url,
    section: { binding: sectionOf(url, beside), ...beside.sections },
  });
  const handOver = async ({ from, to, text }: OutgoingSms): Promise<boolean> => {
    messages += 1;
    const sms = { link: 'operator', messageId: `m-${messages}`, from, to, text };
    const answer = await phones.running().bindings?.inboundSms(sms);
    return answer !== undefined && 'outcome' in answer;
  };
  const network = simulatedNetwork((sms) => gateway.carry(sms, () => handOver(sms)));
  const logIn = async (hauberk: Hauberk, name: string): Promise<string> => {
    const reply = await hauberk.fetch(`/login/${name}`, { method: 'POST', body: '{}' });
    return String(((await reply.json()) as { readonly credential: string }).credential);
  };
  const customerOn = async (name: string, kind: PhoneKind, options: SimOptions): Promise<BoundCustomer> => {
    const phone = simulatedPhone(kind, { ...options, world: phones.world, network });
    phones.writeRevocations();
    const storage: ClientStorage = memoryStorage();
    const keys = openKeys();
    const hauberk = phones.clientOn(phone, storage, { keys });
    return { hauberk, keys, phone, name, number: numberOf(name), authorization: await logIn(hauberk, name) };
  };
  const gateway: BindGateway = {
    phones,
    network,
    carry: (_, handsOver) => handsOver(),
    texts,
    customer: async (kind = 'android', options = {}) => {
      customers += 1;
      const name = `c${String(customers).padStart(8, '0')}`;
      return customerOn(name, kind, { cards: [{ number: numberOf(name), carrier: 'Jio' }], ...options });
    },
    customerOn,
    again: async (customer) => ({ ...customer, authorization: await logIn(customer.hauberk, customer.name) }),
    bind: ({ phone, name, ...customer }, more = {}) =>
      bind({
        ...customer,
        sim: bridgeBackend(phone.bridge),
        app: 51,
        system: { family: phone.kind === 'iphone' ? 'ios' : 'android', version: 16, patchLevel: 202_609 },
        fingerprint: name,
        pollMs: 20,
        codeWaitMs: 100,
        ...more,
      }),
    close: async () => {
      await phones.close();
      bank.closeAllConnections();
      bank.close();
    },
  };
  return gateway;
};
