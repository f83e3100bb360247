/** The binding services of a process's configuration over its storage: one for each app, the same on every thread. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type BindingPolicy, type NumberFeed, readMsisdn, readVmnPool } from '@hauberk/binding';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { days, type EpochMs, minutes, utf8 } from '@hauberk/primitives';
import type { AuditHead } from '../audit/audit-log.ts';
import type { BindingConfig, BindingOperatorConfig } from '../config/binding-config.ts';
import type { Config } from '../config/config.ts';
import { watchedFile } from '../device/watched-file.ts';
import type { Log } from '../gateway/log.ts';
import { postgresBindings } from '../storage/postgres/postgres-binding-store.ts';
import type { Scope } from '../storage/scope.ts';
import type { Stores } from '../storage/stores.ts';
import { type BankDirectory, bankDirectory } from './bank-directory.ts';
import { type BindingAdministration, bindingAdministration } from './binding-administration.ts';
import { bindingPolicyOf } from './binding-policy.ts';
import type { BindingClock, BindingNotices, SmsLinks } from './binding-ports.ts';
import { bindingSecrets, machineClock } from './binding-secrets.ts';
import { type BindingService, openBindingService } from './binding-service.ts';
import type { BindingStore } from './binding-store.ts';
import { type CamaraOperator, camaraKey, camaraOperator } from './camara-operator.ts';
import type { InboundAnswer, InboundSms } from './inbound-sms.ts';
import { numberFactsFrom } from './number-facts-provider.ts';
import { passkeyVerifier } from './passkey-verifier.ts';
import { type FeedList, type FeedValues, publishersIn, readFeed } from './signed-feed.ts';
import { type PoolFigures, VmnHealth } from './vmn-health.ts';

/** The bindings of every app. */
export interface Bindings {
  readonly config: BindingConfig;
  /** The service of an app; undefined when it does not bind. */
  readonly of: (app: string) => BindingService | undefined;
  /** The operators' side of an app; undefined when it does not bind. */
  readonly administrationOf: (app: string) => BindingAdministration | undefined;
  /** How the numbers fare that receive SMS, as far as this thread was told of SMS. */
  readonly vmns: () => PoolFigures;
  readonly policyOf: (app: string) => BindingPolicy | undefined;
  /** The end of an app's own chain of audit records; undefined where they are in the chain of the folder. */
  readonly auditHead: (app: string) => Promise<AuditHead | undefined>;
  /** Makes the database of bindings ready, where one is configured: once a process, before anything is decided. */
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
  /** Gives an SMS to the app whose token it carries. */
  readonly inboundSms: (message: InboundSms) => Promise<InboundAnswer>;
}

/** What bindings stand on. */
export interface BindingsParts {
  readonly stores: Pick<Stores, 'bindings' | 'devices' | 'logins' | 'outbox'>;
  readonly log: Log;
  readonly now: () => EpochMs;
}

/** The links that are believed, by their ids. */
const linksOf = ({ links }: BindingConfig): SmsLinks => {
  const canonical = (text: string): string => {
    const read = readMsisdn(text);
    return read.ok ? read.value : text;
  };
  const known = new Map(links.map(({ id, vmns }) => [id, new Set(vmns.map(canonical))]));
  return {
    isTrusted: (link, vmn) => {
      const vmns = known.get(link);
      return vmns !== undefined && (vmns.size === 0 || vmns.has(vmn));
    },
  };
};

/** A list that is read again when it changes; an older one, or one that nobody known signed, changes nothing. */
const watchedFeed = <List extends FeedList>(
  list: List,
  { feeds }: BindingConfig,
  { log, now }: BindingsParts,
): (() => NumberFeed<FeedValues[List]> | undefined) => {
  const path = feeds[list];
  if (path === undefined) return () => undefined;
  const publishers = feeds.publishersFile === undefined ? [] : publishersIn(feeds.publishersFile);
  let present: NumberFeed<FeedValues[List]> | undefined;
  const file = watchedFile(
    path,
    (bytes) => {
      const read = readFeed(bytes, list, publishers, now(), present);
      if (read.ok) present = read.value;
      return read;
    },
    () => log.warn('binding.feed-refused', { list }),
  );
  return () => file.read(now());
};

/** Ends the logins of the device whose binding ended, and tells the bank through the outbox. */
const noticesOf = (scope: Scope, bank: BankDirectory, parts: BindingsParts): BindingNotices => ({
  sendCode: async (number, text) => {
    if (!(await bank.sendCode(number, text))) parts.log.warn('binding.code-not-sent');
  },
  bindingEnded: async ({ profile, key, why }) => {
    const at = parts.now();
    const owner = await parts.stores.devices.findByThumbprint(scope, key, 'identity');
    if (owner !== undefined) await parts.stores.logins.end(scope, { device: owner.device.id }, at);
    const payload = utf8(JSON.stringify({ profile, device: owner?.device.id ?? '', why }));
    await parts.stores.outbox.append([{ scope, kind: 'binding.ended', atMs: at, payload }]);
  },
  alarm: (_code, { unchecked }) => parts.log.warn('binding.alarm', { unchecked: Number(unchecked ?? 0) }),
});

const operatorOf = ({ url, secret, keyFile, keyId, ...place }: BindingOperatorConfig): CamaraOperator => {
  // One of the two is there: the configuration was judged.
  const client =
    keyFile === undefined ? { clientSecret: secret ?? '' } : { key: camaraKey(readFileSync(keyFile, 'utf8')), keyId };
  return camaraOperator({ ...place, ...client, baseUrl: url });
};

const isUnknown = (answer: InboundAnswer): boolean =>
  'outcome' in answer && answer.outcome === 'ignored' && answer.code === 'binding.token-used';

interface AppBindings {
  readonly service: BindingService;
  readonly policy: BindingPolicy;
  readonly administration: BindingAdministration;
}

const inboundOf = async (apps: readonly AppBindings[], message: InboundSms): Promise<InboundAnswer> => {
  let answer: InboundAnswer = { outcome: 'ignored', code: 'binding.token-used' };
  for (const { service } of apps) {
    answer = await service.inboundSms(message);
    if (!isUnknown(answer)) return answer;
  }
  return answer;
};

const openHealth = ({ vmns, vmnSilentMinutes }: BindingConfig, now: EpochMs): VmnHealth => {
  const pool = readVmnPool(vmns);
  if (!pool.ok) throw new Error(`binding: ${pool.code} ${pool.detail ?? ''}`);
  return new VmnHealth(pool.value, minutes(vmnSilentMinutes), now);
};

interface Kept {
  readonly store: BindingStore;
  readonly clock: BindingClock;
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
  readonly auditHead: (scope: Scope) => Promise<AuditHead | undefined>;
}

const nothing = async (): Promise<undefined> => undefined;

/** Where bindings are kept. Gateways that share a database share its clock. */
const keptIn = ({ storage }: Config, { stores }: BindingsParts): Kept => {
  if (storage?.binding === undefined)
    return { store: stores.bindings, clock: machineClock, start: nothing, close: nothing, auditHead: nothing };
  const { store, monotonicMs, start, close, auditHead } = postgresBindings(storage.binding.postgres);
  const clock = { now: () => ({ ...machineClock.now(), monotonicMs: monotonicMs() }) };
  return { store, clock, start, close, auditHead };
};

/** Opens the services; undefined without the section. The configuration was judged, so nothing is refused here. */
export const openBindings = (config: Config, parts: BindingsParts): Bindings | undefined => {
  const { binding, organisation } = config;
  if (binding === undefined) return undefined;
  const secrets = bindingSecrets(createHash('sha256').update(`hb1/binding\u0000${binding.secret}`).digest());
  const bank = bankDirectory(binding.bank, (error) => parts.log.error('binding.bank-failed', { error }));
  const [revoked, risk] = [watchedFeed('revoked', binding, parts), watchedFeed('risk', binding, parts)];
  const links = linksOf(binding);
  const operator = binding.operator === undefined ? undefined : operatorOf(binding.operator);
  const passkeys =
    binding.passkeys === undefined ? undefined : passkeyVerifier(binding.passkeys, nodeEvidenceCrypto, parts.now);
  const kept = keptIn(config, parts);
  const health = openHealth(binding, parts.now());
  const vmns = () => health.figures(parts.now());
  const services = new Map<string, AppBindings>();
  for (const [app, latest] of Object.entries(binding.apps)) {
    const scope = { organisation, app };
    const policy = bindingPolicyOf(binding, latest);
    const opened = openBindingService({
      scope,
      brand: binding.brand,
      policy,
      vmns: binding.vmns,
      store: kept.store,
      clock: kept.clock,
      secrets,
      directory: bank,
      numberFacts: numberFactsFrom({ revoked, risk, operator, now: parts.now }, policy),
      notices: noticesOf(scope, bank, parts),
      links,
      trailLife: days(binding.trailDays),
      operator,
      passkeys,
    });
    if (!opened.ok) throw new Error(`binding: ${opened.code} ${opened.detail ?? ''}`);
    const { store, clock } = kept;
    const service = opened.value;
    const timerMs = policy.timer;
    const administration = bindingAdministration({
      scope,
      store,
      clock,
      secrets,
      service,
      directory: bank,
      timerMs,
      vmns,
    });
    services.set(app, { service, policy, administration });
  }
  return {
    config: binding,
    of: (app) => services.get(app)?.service,
    start: kept.start,
    auditHead: (app) => kept.auditHead({ organisation, app }),
    close: kept.close,
    policyOf: (app) => services.get(app)?.policy,
    administrationOf: (app) => services.get(app)?.administration,
    vmns,
    inboundSms: async (message) => {
      const answer = await inboundOf([...services.values()], message);
      health.note(message.to, answer, parts.now());
      return answer;
    },
  };
};
