/** One customer on a bad network: logs in at home, leaves, pays once, and has an app that is killed on the way. */
import { randomUUID } from 'node:crypto';
import { DEMO_CUSTOMERS, type DemoCustomer, type Random, seededRandom } from '@hauberk/example-bank';
import { type EntryEvent, openJournal } from '@hauberk/sdk/journal';
import { type ClientStorage, createHauberk, type Hauberk, memoryStorage } from '@hauberk/sdk/node';
import { startFaultProxy, type Weather } from './fault-proxy.ts';
import { type MortalPorts, mortalPorts } from './mortal-ports.ts';
import type { NetworkWorld } from './network-world.ts';

/** The conditions of a simulation; times are unscaled milliseconds. */
export interface Conditions {
  readonly weather: Weather;
  /** How long a payment may wait. */
  readonly budgetMs: number;
  /** Most kills of one app. */
  readonly kills: number;
  /** All times of network and app are divided by it. */
  readonly scale: number;
  /** The control: every attempt has a key of its own, so that the network's doubles become payments. */
  readonly freshKeys?: boolean;
}

/** What became of one payment. */
export interface RunOutcome {
  /** What the user was told in the end; undefined for nothing. */
  readonly told: EntryEvent['state'] | undefined;
  readonly reason: string;
  readonly booked: number;
  /** From the order to its end, unscaled. */
  readonly seconds: number;
  readonly killed: number;
}

interface Phone {
  readonly storage: ClientStorage;
  readonly authorization: string;
  readonly customer: DemoCustomer;
}

const json = { 'content-type': 'application/json' };

const logIn = async (world: NetworkWorld, customer: DemoCustomer): Promise<Phone> => {
  const storage = memoryStorage();
  const { fetch } = createHauberk({ ...world.app, endpoints: [world.gatewayUrl] }, { storage });
  const post = async (path: string, body: object, headers: Record<string, string>) => {
    const reply = await fetch(path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as Readonly<Record<string, string>>;
  };
  const { username, password } = customer;
  const first = await post('/api/login', { username, password }, {});
  const { authorization = '' } = first;
  const second = await post('/api/login/otp', { code: first['demoCode'] }, { authorization });
  return { storage, customer, authorization: second['authorization'] ?? '' };
};

const orderOf = (customer: DemoCustomer, clientReference: string): string => {
  const from = customer.accounts[0];
  const other = DEMO_CUSTOMERS.find(
    ({ customerId, accounts }) => customerId !== customer.customerId && accounts[0]?.currency === from?.currency,
  );
  return JSON.stringify({
    fromAccountId: from?.accountId,
    toAccountId: other?.accounts[0]?.accountId,
    amountMinor: 1,
    currency: from?.currency,
    memo: 'on the train',
    clientReference,
  });
};

/** The customer with a phone in hand. */
class Customer {
  readonly #world: NetworkWorld;
  readonly #conditions: Conditions;
  readonly #random: Random;
  readonly #phone: Phone;
  readonly #endpoints: readonly string[];
  readonly #reference: string;
  /** What the user has read, which no kill undoes. */
  #told: EntryEvent | undefined;
  readonly #ended = Promise.withResolvers<void>();
  constructor(
    world: NetworkWorld,
    conditions: Conditions,
    random: Random,
    phone: Phone,
    endpoints: readonly string[],
    reference: string,
  ) {
    this.#world = world;
    this.#conditions = conditions;
    this.#random = random;
    this.#phone = phone;
    this.#endpoints = endpoints;
    this.#reference = reference;
  }

  async pay(): Promise<RunOutcome> {
    const { budgetMs, scale, kills } = this.#conditions;
    const startedAt = performance.now();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), (budgetMs * 1.1) / scale);
    const lost = new Promise<void>((resolve) => patience.signal.addEventListener('abort', () => resolve()));
    let killed = 0;
    while (this.#told === undefined && !patience.signal.aborted) {
      const life = this.#start(killed < kills && this.#random() < 0.5);
      await Promise.race([life.died, this.#ended.promise, lost]);
      life.kill();
      if (this.#told !== undefined || patience.signal.aborted) break;
      killed += 1;
      await new Promise((resolve) => setTimeout(resolve, (this.#random() * 10_000) / scale));
    }
    clearTimeout(timer);
    return {
      told: this.#told?.state,
      reason: this.#told?.reason ?? '',
      booked: this.#world.timesBooked(this.#reference),
      seconds: ((performance.now() - startedAt) * scale) / 1000,
      killed,
    };
  }

  /** One start of the app. */
  #start(isMortal: boolean): MortalPorts {
    const death = { step: 1 + Math.floor(this.#random() * 30), isAfterEffect: this.#random() < 0.5 };
    const mortal = mortalPorts(this.#phone.storage, isMortal ? death : undefined);
    const hauberk = this.#open(mortal);
    this.#use(hauberk).catch((fault: unknown) => {
      mortal.kill();
      process.stderr.write(`${this.#reference}: ${String(fault)}\n`);
    });
    return mortal;
  }

  #open({ ports }: MortalPorts): Hauberk {
    const { scale, freshKeys = false } = this.#conditions;
    const { authorization } = this.#phone;
    const journal = openJournal({
      atSend: () => ({ authorization, ...(freshKeys ? { 'idempotency-key': randomUUID() } : {}) }),
      onEntry: (event) => this.#hear(event),
      retryMs: 1000 / scale,
      leaseMs: 15_000 / scale,
    });
    const times = { timeoutMs: 30_000 / scale, minTimeoutMs: 2000 / scale };
    return createHauberk({ ...this.#world.app, ...times, endpoints: this.#endpoints, journal }, ports);
  }

  async #use(hauberk: Hauberk): Promise<void> {
    const { customer } = this.#phone;
    await hauberk.owner(customer.customerId);
    const entries = await hauberk.journal.list();
    // Neither waiting nor told: the app died before the order was taken, and the user types it again.
    if (this.#told !== undefined || entries.some(({ describe }) => describe === this.#reference)) return;
    const order = { url: '/api/transfers', method: 'POST', headers: json, body: orderOf(customer, this.#reference) };
    const { budgetMs, scale } = this.#conditions;
    await hauberk.enqueue(order, { describe: this.#reference, expiresInMs: budgetMs / scale });
  }

  #hear(event: EntryEvent): void {
    if (event.state === 'needs-user') return;
    this.#told ??= event;
    this.#ended.resolve();
  }
}

/** Runs one customer from the login to the end of the payment. */
export const runCustomer = async (
  world: NetworkWorld,
  conditions: Conditions,
  seed: number,
  run: number,
): Promise<RunOutcome> => {
  const random = seededRandom(seed + run * 7919);
  const customer = DEMO_CUSTOMERS[run % DEMO_CUSTOMERS.length];
  if (customer === undefined) throw new Error('the bank has customers');
  const phone = await logIn(world, customer);
  const { weather, scale } = conditions;
  const scaled = {
    ...weather,
    roundTripMs: weather.roundTripMs / scale,
    retransmitMs: weather.retransmitMs / scale,
  };
  const proxies = [
    await startFaultProxy(world.gatewayUrl, random, scaled),
    await startFaultProxy(world.gatewayUrl, random, scaled),
  ];
  try {
    const endpoints = proxies.map(({ url }) => url);
    return await new Customer(world, conditions, random, phone, endpoints, `train-${seed}-${run}`).pay();
  } finally {
    for (const proxy of proxies) await proxy.close();
  }
};
