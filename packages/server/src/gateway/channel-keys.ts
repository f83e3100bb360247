/**
 * The channel's keys on the main thread: ticket keys that live in memory and rotate hourly, and from the KeyProvider everything that outlives
 * a start. Workers get the result by message; what they hold is always one whole `ChannelKeys`.
 */
import { type AgreementKey, type NamedKey, type SuiteId, suiteIds } from '@hauberk/channel';
import {
  type Bytes,
  type DurationMs,
  days,
  type EpochMs,
  epochMs,
  hours,
  minutes,
  type SyncCrypto,
} from '@hauberk/primitives';
import type { KeyFacts, KeyProvider, KeyPurpose, ManagedKey } from '../keys/key-provider.ts';
import type { AppRecord } from '../storage/app-record.ts';
import type { ChannelKeys, PostedConfig, PostedKey, PostedRing } from './channel-state.ts';
import { type ConfigContent, nextDocument, type SigningKey, statusOf } from './published-config.ts';
import type { Route } from './route.ts';

/** A service as it is published. */
export interface PublishedService {
  readonly organisation: string;
  readonly id: string;
  readonly suites: readonly SuiteId[];
  readonly endpoints: readonly string[];
  readonly maxAgeSeconds: number;
  /** Agreement keys, by their kid, that no client may use any more. */
  readonly revokedKeys: readonly string[];
  readonly routes: readonly Route[];
}

/** What the channel's keys are made from. */
export interface ChannelKeySource {
  readonly crypto: SyncCrypto;
  readonly keys: KeyProvider;
  readonly apps: AppRecord;
  readonly services: () => readonly PublishedService[];
  readonly configLife: DurationMs;
  readonly statusLife: DurationMs;
  readonly ticketLife: DurationMs;
  readonly now: () => EpochMs;
}

/** Ticket keys rotate this often; one is made known to all threads this long before it seals. */
const ticketRotation: DurationMs = hours(1);
const ticketLead: DurationMs = minutes(5);
/** Earlier versions of a config that are still honoured in hellos. */
const honouredVersions = 8;
/** Configs belong to a service, not to one app of it. */
const everyApp = '*';

interface TimedKey extends PostedKey {
  readonly sealsFromMs: EpochMs;
}

/** The ring of ticket keys: made here, written nowhere, gone with the process. */
export class TicketRing {
  private keys: readonly TimedKey[] = [];
  private lastId = 0;
  private readonly crypto: SyncCrypto;
  private readonly ticketLife: DurationMs;

  constructor(crypto: SyncCrypto, ticketLife: DurationMs) {
    this.crypto = crypto;
    this.ticketLife = ticketLife;
  }

  private make(sealsFromMs: EpochMs): TimedKey {
    this.lastId += 1;
    return { id: this.lastId, key: this.crypto.random(32), sealsFromMs };
  }

  /** The ring at an instant: makes the next key ahead of its time, forgets those whose last ticket has expired. */
  at(now: EpochMs): PostedRing {
    const newest = this.keys.at(-1);
    if (newest === undefined) this.keys = [this.make(now)];
    else if (newest.sealsFromMs + ticketRotation - ticketLead <= now) {
      this.keys = [...this.keys, this.make(epochMs(Math.max(newest.sealsFromMs + ticketRotation, now)))];
    }
    const current = this.keys.findLast((key) => key.sealsFromMs <= now) ?? this.keys[0];
    if (current === undefined) throw new Error('a ticket ring is never empty');
    // A key stops sealing when its successor starts; its last ticket dies one ticket life later.
    const isNeeded = (_key: TimedKey, index: number): boolean =>
      (this.keys[index + 1]?.sealsFromMs ?? now) + this.ticketLife + ticketLead > now;
    this.keys = this.keys.filter(isNeeded);
    return { current, alsoOpens: this.keys.filter((key) => key !== current) };
  }
}

/** How documents name a key. */
export const kidOf = (key: Pick<KeyFacts, 'id' | 'purpose'>): string => `${key.purpose}-${key.id.toString(36)}`;

/** The present key of a purpose, ready to sign. */
export const signingKey = (
  source: Pick<ChannelKeySource, 'keys' | 'now' | 'crypto'>,
  purpose: KeyPurpose,
): SigningKey => {
  const key = source.keys.current(purpose, source.now());
  return { kid: kidOf(key), pair: source.crypto.importPrivateKey('p256', 'sign', key.secret.reveal()) };
};

const named = (source: ChannelKeySource, purpose: KeyPurpose): readonly NamedKey[] =>
  source.keys
    .accepted(purpose, source.now())
    .flatMap((key) => (key.publicKey === null ? [] : [{ kid: kidOf(key), publicKey: key.publicKey }]));

const agreementPurpose = (suite: SuiteId): KeyPurpose => (suite === suiteIds[0] ? 'gateway-p256' : 'gateway-x25519');

const farFuture: DurationMs = days(3650);

const agreementKeys = (source: ChannelKeySource, { suites, revokedKeys }: PublishedService) =>
  suites.flatMap((suite) =>
    source.keys.accepted(agreementPurpose(suite), source.now()).flatMap((key) => {
      if (key.publicKey === null || revokedKeys.includes(kidOf(key))) return [];
      const expiresAtMs = key.expiresAtMs ?? epochMs(key.activeFromMs + farFuture);
      const shown: AgreementKey = {
        kid: kidOf(key),
        suite,
        publicKey: key.publicKey,
        notBeforeMs: key.activeFromMs,
        expiresAtMs,
      };
      return [
        { shown, posted: { kid: shown.kid, suite, scalar: key.secret.reveal(), expiresAtMs: Number(expiresAtMs) } },
      ];
    }),
  );

const contentOf = (
  source: ChannelKeySource,
  service: PublishedService,
  keys: readonly AgreementKey[],
): ConfigContent => ({
  organisation: service.organisation,
  service: service.id,
  suites: service.suites,
  keys,
  revokedKeys: service.revokedKeys,
  statusKeys: named(source, 'status-signing'),
  directiveKeys: named(source, 'directive-signing'),
  endpoints: service.endpoints,
  maxAgeSeconds: service.maxAgeSeconds,
  routes: service.routes,
});

const publish = async (source: ChannelKeySource, service: PublishedService): Promise<readonly PostedConfig[]> => {
  const scope = { organisation: service.organisation, app: everyApp };
  const now = source.now();
  const agreement = agreementKeys(source, service);
  const content = contentOf(
    source,
    service,
    agreement.map(({ shown }) => shown),
  );
  const earlier = await source.apps.latestConfigs(scope, service.id, honouredVersions);
  const next = nextDocument(
    source.crypto,
    signingKey(source, 'config-signing'),
    content,
    earlier[0],
    source.configLife,
    now,
  );
  if (next.isNew) {
    const kept = await source.apps.publishConfig(scope, { service: service.id, ...next, publishedAtMs: now });
    if (!kept.ok) throw new Error(`the gateway config could not be kept: ${kept.code}`);
  }
  const statusKey = signingKey(source, 'status-signing');
  const honoured = [next, ...earlier.filter(({ version }) => version !== next.version)];
  return honoured.map((published) => ({
    organisation: service.organisation,
    service: service.id,
    version: published.version,
    document: published.document,
    hash: published.hash,
    status: statusOf(source.crypto, statusKey, published, source.statusLife, now),
    agreementKeys: agreement.map(({ posted }) => posted),
  }));
};

const resumeRing = (source: ChannelKeySource): PostedRing => {
  const now = source.now();
  const posted = (key: ManagedKey): { readonly id: number; readonly key: Bytes } => ({
    id: key.id,
    key: key.secret.reveal(),
  });
  const current = source.keys.current('resume-ticket', now);
  const others = source.keys.accepted('resume-ticket', now).filter(({ id }) => id !== current.id);
  return { current: posted(current), alsoOpens: others.map(posted) };
};

/** Makes what workers need, now. Publishes a new config version where the content changed. */
export const makeChannelKeys = async (source: ChannelKeySource, tickets: TicketRing): Promise<ChannelKeys> => {
  const configs: PostedConfig[] = [];
  for (const service of source.services()) configs.push(...(await publish(source, service)));
  return { tickets: tickets.at(source.now()), resume: resumeRing(source), configs };
};

/** The public half of what apps pin: kid and raw point of the config-signing keys. */
export const pinnedKeys = (source: Pick<ChannelKeySource, 'keys' | 'now' | 'crypto'>): readonly NamedKey[] =>
  source.keys
    .accepted('config-signing', source.now())
    .flatMap((key) => (key.publicKey === null ? [] : [{ kid: kidOf(key), publicKey: key.publicKey }]));
