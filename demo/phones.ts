/** Phones of every kind in the background: honest ones that bank, liars that do not get in, and a copied one that is caught. */
import { DEMO_CUSTOMERS, type HauberkTrust, seededRandom, simulateCustomer } from '@hauberk/example-bank';
import { type ClientStorage, createHauberk, type Hauberk, HauberkError, memoryStorage } from '@hauberk/sdk/node';
import { TrustedError, trustedDevice } from '@hauberk/sdk/trusted';
import {
  type PhoneKind,
  type PhoneTrick,
  type SimulatedPhone,
  type SimulatedWorld,
  simulatedPhone,
} from '@hauberk/simulator';
import { pause } from './customers.ts';
import type { Tally } from './tally.ts';

/** What phones need. */
export interface PhonesOptions {
  readonly gateway: string;
  readonly trust: HauberkTrust;
  /** The app that they run. */
  readonly app: string;
  /** The makers that the gateway believes. */
  readonly makers: SimulatedWorld;
  /** Has the gateway read the makers' list of revocations. */
  readonly writeRevocations: () => void;
  readonly tally: Tally;
}

const pauseMs = 900;
const kinds: readonly PhoneKind[] = ['android', 'android-factory', 'android-strongbox', 'iphone', 'harmony'];
const lies: readonly (readonly [PhoneKind, PhoneTrick])[] = [
  ['android', 'unlocked'],
  ['android', 'emulator'],
  ['android', 'repackaged'],
  ['android', 'leaked-keybox'],
  ['android-strongbox', 'level-mismatch'],
  ['android', 'forged-extension'],
  ['iphone', 'development-build'],
  ['android', 'replayed-evidence'],
  ['harmony', 'other-app'],
];

const appOn = ({ gateway, trust, app }: PhonesOptions, phone: SimulatedPhone, storage: ClientStorage): Hauberk => {
  const { configKeys, minConfigVersion, organisation, service } = trust;
  const root = { configKeys, minConfigVersion, buildTimeMs: 0 };
  const options = { organisation, app, service, endpoints: [gateway], trust: root };
  return createHauberk({ ...options, device: trustedDevice(phone.backend) }, { storage });
};

const codeOf = (error: unknown): string =>
  error instanceof HauberkError || error instanceof TrustedError ? error.code : String(error);

/** One visit of an honest customer on a phone. */
const bankOn = async (options: PhonesOptions, kind: PhoneKind, index: number, signal: AbortSignal): Promise<void> => {
  const storage = memoryStorage();
  const hauberk = appOn(options, simulatedPhone(kind, { world: options.makers }), storage);
  const { tier } = await hauberk.connect();
  options.tally.note('phone', `${kind} enrols`, `tier ${tier ?? ''}`, tier === 1);
  const customer = DEMO_CUSTOMERS[index % DEMO_CUSTOMERS.length];
  if (customer === undefined) return;
  const random = seededRandom(index + 1000);
  const visit = await simulateCustomer({
    fetch: (url, init) => hauberk.fetch(url, init),
    random,
    customer,
    baseUrl: '',
    maxAmountMinor: 5000,
    pause: () => pause(pauseMs * random(), signal),
  });
  if (!signal.aborted)
    options.tally.note('phone', `${kind} banks`, visit.satisfied ? 'served' : 'unserved', visit.satisfied);
  await copyPhone(options, kind, storage);
};

/** The app's storage on another genuine phone, which makes a key of the copied name: everything is there but the key itself. */
const copyPhone = async (options: PhonesOptions, kind: PhoneKind, storage: ClientStorage): Promise<void> => {
  const thief = simulatedPhone(kind, { world: options.makers });
  const identity = await storage.read('identity');
  if (identity === undefined) return;
  const { trustedAlias: alias } = identity.keyPair.privateKey.handle as { readonly trustedAlias: string };
  await thief.backend.createKey({ alias, use: 'sign', userVerification: 'none', level: 'hardware' });
  const result = await appOn(options, thief, storage)
    .connect()
    .then(() => 'got in', codeOf);
  options.tally.note('attacker', `copied ${kind}`, result, result !== 'got in');
};

/** A gateway looks at its list at most once a second. */
const listReadMs = 1100;

const lieOn = async (
  options: PhonesOptions,
  kind: PhoneKind,
  trick: PhoneTrick,
  signal: AbortSignal,
): Promise<void> => {
  const phone = simulatedPhone(kind, { world: options.makers, tricks: [trick] });
  options.writeRevocations();
  if (trick === 'leaked-keybox') await pause(listReadMs, signal);
  if (signal.aborted) return;
  // The second enrolment of a phone that shows the same evidence again is the lie.
  if (trick === 'replayed-evidence')
    await appOn(options, phone, memoryStorage())
      .connect()
      .catch(() => undefined);
  const result = await appOn(options, phone, memoryStorage())
    .connect()
    .then(() => 'got in', codeOf);
  options.tally.note('attacker', `${kind} ${trick}`, result, result !== 'got in');
};

const live = async (options: PhonesOptions, signal: AbortSignal): Promise<void> => {
  for (let turn = 0; !signal.aborted; turn += 1) {
    const kind = kinds[turn % kinds.length];
    if (kind !== undefined) await bankOn(options, kind, turn, signal);
    await pause(pauseMs, signal);
    const [liar, trick] = lies[turn % lies.length] ?? [];
    if (signal.aborted || liar === undefined || trick === undefined) continue;
    await lieOn(options, liar, trick, signal);
    await pause(pauseMs, signal);
  }
};

/** Starts the phones. A fault of their own (a gateway that drains) pauses them and they begin anew. */
export const startPhones = (options: PhonesOptions): { readonly stop: () => Promise<void> } => {
  const ending = new AbortController();
  const go = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await live(options, ending.signal).catch(() => undefined);
      await pause(1000, ending.signal);
    }
  };
  const lived = go();
  return {
    stop: async () => {
      ending.abort();
      await lived;
    },
  };
};
