/**
 * The channel of one worker thread: keys and tables that the main thread made and posts. Ticket keys and signed configs change while it
 * runs; everything reads them through this one object, at every use.
 */
import {
  type ChannelGateway,
  type HandshakePorts,
  type HonouredConfig,
  type KnownDevice,
  OpenedTickets,
  type SuiteId,
  suiteIds,
  type TicketKeyRing,
} from '@hauberk/channel';
import {
  type Bytes,
  type DurationMs,
  type EpochMs,
  epochMs,
  fromEpochSeconds,
  type PrivateKey,
  type SecretKey,
  type SyncCrypto,
  toBase64Url,
} from '@hauberk/primitives';
import { type OpenTables, openSharedTables, type SharedTables } from './tables.ts';

/** A sealing key as it is posted between threads; it is never written anywhere. */
export interface PostedKey {
  readonly id: number;
  readonly key: Bytes;
}

/** A ring of sealing keys: one seals, all open. */
export interface PostedRing {
  readonly current: PostedKey;
  readonly alsoOpens: readonly PostedKey[];
}

/** A published config with what the gateway needs to honour it. */
export interface PostedConfig {
  readonly organisation: string;
  readonly service: string;
  readonly version: number;
  /** The signed document, served to clients. */
  readonly document: string;
  readonly hash: Bytes;
  readonly status: string;
  readonly agreementKeys: readonly {
    readonly kid: string;
    readonly suite: SuiteId;
    readonly scalar: Bytes;
    readonly expiresAtMs: number;
  }[];
}

/** What changes while a worker runs. */
export interface ChannelKeys {
  readonly tickets: PostedRing;
  readonly resume: PostedRing;
  /** Newest first: the first of a service is served, the others are honoured until they expire. */
  readonly configs: readonly PostedConfig[];
}

/** What a worker starts with. */
export interface ChannelSeed {
  readonly node: number;
  readonly boot: number;
  readonly tables: SharedTables;
  /** In memory only, new at every start. */
  readonly nonceKey: Bytes;
  readonly stepUpKey: Bytes;
  readonly ticketLife: DurationMs;
  readonly resumeLife: DurationMs;
  readonly maxAgeSeconds: number;
  readonly keys: ChannelKeys;
}

/** The channel of a thread. */
export interface ChannelState {
  readonly gateway: ChannelGateway;
  readonly tables: OpenTables;
  readonly stepUpKey: SecretKey;
  /** Ports of one handshake: the device was looked up before, for the channel itself never waits. */
  readonly handshakePorts: (device: KnownDevice | undefined, underLoad: boolean) => HandshakePorts;
  /** The config document that clients of a service get. */
  readonly documentOf: (organisation: string, service: string) => PostedConfig | undefined;
  /** Takes new keys over. */
  readonly update: (keys: ChannelKeys) => void;
}

const openRing = (crypto: SyncCrypto, ring: PostedRing): TicketKeyRing => ({
  current: { id: ring.current.id, key: crypto.importAead(ring.current.key) },
  alsoOpens: ring.alsoOpens.map(({ id, key }) => ({ id, key: crypto.importAead(key) })),
});

const openConfig = (crypto: SyncCrypto, config: PostedConfig): HonouredConfig => {
  const keys = new Map<string, { suite: SuiteId; privateKey: PrivateKey; expiresAtMs: EpochMs }>();
  for (const { kid, suite, scalar, expiresAtMs } of config.agreementKeys) {
    const group = suite === suiteIds[0] ? 'p256' : 'x25519';
    const { privateKey } = crypto.importPrivateKey(group, 'agree', scalar);
    keys.set(kid, { suite, privateKey, expiresAtMs: epochMs(expiresAtMs) });
  }
  return { organisation: config.organisation, service: config.service, keys, status: config.status };
};

interface OpenKeys {
  readonly tickets: TicketKeyRing;
  readonly resume: TicketKeyRing;
  readonly configs: ReadonlyMap<string, HonouredConfig>;
  readonly documents: ReadonlyMap<string, PostedConfig>;
}

const openKeys = (crypto: SyncCrypto, keys: ChannelKeys): OpenKeys => {
  const documents = new Map<string, PostedConfig>();
  for (const config of keys.configs.toReversed()) documents.set(`${config.organisation}\n${config.service}`, config);
  return {
    tickets: openRing(crypto, keys.tickets),
    resume: openRing(crypto, keys.resume),
    configs: new Map(keys.configs.map((config) => [toBase64Url(config.hash), openConfig(crypto, config)])),
    documents,
  };
};

/** How long after a start early data stays refused: what an earlier run accepted is not remembered by this one. */
const earlyFenceSeconds = (maxAgeSeconds: number): number => maxAgeSeconds + 30;

/** Some 2 KB each; a thread that serves more sessions at a time opens tickets more than once. */
const openedTicketsKept = 16_384;

/** Opens the channel of a worker thread. */
export const openChannelState = (crypto: SyncCrypto, seed: ChannelSeed): ChannelState => {
  const tables = openSharedTables(seed.tables);
  let held = openKeys(crypto, seed.keys);
  const gateway: ChannelGateway = {
    crypto,
    owner: { node: seed.node, boot: seed.boot },
    openedTickets: new OpenedTickets(crypto, openedTicketsKept),
    ticketKeys: () => held.tickets,
    sessions: tables.sessions,
    devices: tables.devices,
  };
  const nonceKey = crypto.importMac(seed.nonceKey);
  const earlyFrom = epochMs(fromEpochSeconds(seed.tables.bornAt) + earlyFenceSeconds(seed.maxAgeSeconds) * 1000);
  return {
    gateway,
    tables,
    stepUpKey: crypto.importMac(seed.stepUpKey),
    handshakePorts: (device, underLoad) => ({
      findConfig: (hash) => held.configs.get(toBase64Url(hash)),
      findDevice: () => device,
      resumeKeys: () => held.resume,
      nonceKey,
      strikes: tables.strikes,
      underLoad: () => underLoad,
      ticketLife: seed.ticketLife,
      resumeLife: seed.resumeLife,
      maxAgeSeconds: seed.maxAgeSeconds,
      earlyFrom,
    }),
    documentOf: (organisation, service) => held.documents.get(`${organisation}\n${service}`),
    update: (keys) => {
      held = openKeys(crypto, keys);
    },
  };
};
