/**
 * The main thread of a gateway: it holds the keys, the shared memory and the storage, starts the workers, renews what they work with, takes
 * new configurations over, and stops without losing a request that is under way. No request passes through it.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { helloSkewSeconds } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import {
  type Bytes,
  days,
  type EpochMs,
  epochMs,
  hours,
  seconds,
  toBase64Url,
  toEpochSeconds,
} from '@hauberk/primitives';
import { adminFigures } from '../admin/admin-figures.ts';
import { createAdminHandler } from '../admin/admin-handler.ts';
import type { Administration } from '../admin/administration.ts';
import { authenticate } from '../admin/authenticate.ts';
import { openAdministration } from '../admin/open-administration.ts';
import { pathAuthority } from '../admin/path-authority.ts';
import { isAllowed } from '../admin/right.ts';
import type { AuditHead } from '../audit/audit-log.ts';
import { anchorRecord } from '../audit/verify-binding-audit.ts';
import { type BindingUpkeep, keepBindings } from '../binding/keep-bindings.ts';
import { type Bindings, openBindings } from '../binding/open-bindings.ts';
import type { ClusterDesk } from '../clusters/cluster-desk.ts';
import { openClusters } from '../clusters/open-clusters.ts';
import { compileService } from '../config/compile.ts';
import type { Config } from '../config/config.ts';
import { issueText, type PathIssue } from '../config/config-issue.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { judgeReload } from '../config/reload.ts';
import { type DecisionDesk, openDecisionDesk } from '../decision/decision-desk.ts';
import { openDecisionOffice } from '../decision/open-decisions.ts';
import type { DecisionOffice } from '../decision/policy-office.ts';
import { decisionKey } from '../decision/record-key.ts';
import { type DeviceAdministration, deviceAdministration } from '../device/device-administration.ts';
import { verdictKeySet, verdictSigner } from '../device/device-verdict.ts';
import { IdentityBook } from '../device/identity-book.ts';
import { IdentityTable, identityWriter } from '../device/identity-table.ts';
import { readAnchors } from '../device/trust-files.ts';
import { presentSnapshot } from '../device/trust-snapshots.ts';
import { watchDevices } from '../device/watch-devices.ts';
import { type DirectiveDesk, openDirectiveDesk } from '../directive/directive-desk.ts';
import { type DirectiveSet, directiveSets, directiveSigner } from '../directive/directive-sets.ts';
import { HealthWatch, keepWatching } from '../directive/watch-health.ts';
import { bearerOf, type Intelligence, openIntelligence } from '../intelligence/open-intelligence.ts';
import { createOnceMemory, type OnceMemory } from '../migration/once-register.ts';
import type { ExpositionFormat } from '../observability/exposition.ts';
import { type ConfigLife, createReadiness, type Readiness } from '../observability/readiness.ts';
import { openPrivacy, type Privacy } from '../privacy/open-privacy.ts';
import { clientReport } from '../report/client-report.ts';
import { readSightings } from '../report/keep-sightings.ts';
import { openSignals, type Signals } from '../signals/open-signals.ts';
import type { SmsReceiver } from '../sms/sms-desk.ts';
import { openSmsPlane, type SmsPlane, type SmsStatus } from '../sms/sms-plane.ts';
import type { OpenStorage } from '../storage/index.ts';
import { type AdminListener, openAdmin } from './admin.ts';
import { type ChannelKeySource, makeChannelKeys, pinnedKeys, signingKey, TicketRing } from './channel-keys.ts';
import type { ChannelKeys, ChannelSeed } from './channel-state.ts';
import { createLog, type Log } from './log.ts';
import { joinSnapshots, prometheusText } from './prometheus.ts';
import { expiryOf } from './published-config.ts';
import { rateTableBytes } from './rate-limit.ts';
import { createSharedTables, openSharedTables, type SharedTables } from './tables.ts';
import type { WorkerSeed } from './worker-messages.ts';
import { WorkerPool } from './worker-pool.ts';

/** What a gateway starts with. */
export interface GatewayOptions {
  readonly config: Config;
  /** Closed with the gateway. */
  readonly storage: OpenStorage;
  readonly version: string;
  /** Where the configuration came from, to be read again on reload. */
  readonly configFile?: string;
  readonly log?: Log;
  /** The `OTEL_*` variables; without them no spans are made. */
  readonly telemetry?: Readonly<Record<string, string>>;
  /** Counts inbound SMS in the place of binding; without either they wait in the record. */
  readonly inboundSms?: SmsReceiver;
}

/** What apps are built with. */
export interface GatewayTrust {
  readonly organisation: string;
  readonly apps: readonly string[];
  readonly services: readonly { readonly id: string; readonly minConfigVersion: number }[];
  readonly configKeys: readonly { readonly kid: string; readonly publicKey: string }[];
  /** Lowest over the services; an app of one service may pin that one's. */
  readonly minConfigVersion: number;
  /** Key set (RFC 7517) of the signed verdicts about devices. */
  readonly verdictKeys: ReturnType<typeof verdictKeySet>;
}

/** A running gateway. */
export interface RunningGateway {
  readonly url: string;
  readonly adminUrl: string;
  readonly workers: () => number;
  /** Settles only when the storage can no longer keep writes: the process should then end. */
  readonly failed: Promise<Error>;
  readonly trust: () => GatewayTrust;
  readonly deviceAdministration: DeviceAdministration;
  readonly administration: Administration;
  /** Directives: what is published here reaches every connected client at once. */
  readonly directives: DirectiveDesk;
  /** What requests are decided by, and whom traps caught. Undefined where nothing decides. */
  readonly decisionDesk: DecisionDesk | undefined;
  /** SIM and device binding on this thread: what SMS links and operators call. Undefined where nothing binds. */
  readonly bindings: Bindings | undefined;
  /** Findings, consents and what people may ask, on this thread. */
  readonly privacy: Privacy;
  /** What devices told of themselves, on this thread. */
  readonly signals: Signals;
  /** Policies, lists and models, and what was decided, on this thread. */
  readonly decisions: DecisionOffice;
  /** Clusters of devices that share what strangers do not; undefined where nothing decides. */
  readonly clusters: ClusterDesk | undefined;
  /** What partners tell. Undefined where nothing of it is configured. */
  readonly intelligence: Intelligence | undefined;
  /** Reads the configuration file again; answers what stood in the way, and then everything stays as it was. */
  readonly reload: () => Promise<readonly string[]>;
  /** Takes a configuration over that did not come from the file. */
  readonly reconfigure: (config: Config) => Promise<readonly string[]>;
  /** Goes on in a new access log, after the old one was moved away. */
  readonly reopenLogs: () => void;
  /** Ends one worker thread as a crash would; another takes its place. */
  readonly killWorker: (index: number) => Promise<boolean>;
  readonly metrics: (format?: ExpositionFormat) => Promise<string>;
  /** What the SMS plane is doing; undefined where none is configured. */
  readonly sms: () => SmsStatus | undefined;
  /** Port of the webhooks for SMS; undefined without them. */
  readonly smsPort: () => number | undefined;
  /** Drains and closes everything; safe to call twice. */
  readonly stop: () => Promise<void>;
}

/** Keys and status statements are looked at this often. */
const renewEveryMs = 60_000;
/** How often the ends of sessions are counted. */
const watchHealthMs = 500;

const now = (): EpochMs => epochMs(Date.now());

const fresh = (length: number): Bytes => new Uint8Array(randomBytes(length));

const urlOf = (host: string, port: number, secure: boolean): string => {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `${secure ? 'https' : 'http'}://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
};

const tablesOf = ({ sessions }: Config): SharedTables =>
  createSharedTables(
    {
      sessionsPerTier: sessions.tiers.map((tier) => tier.sessions),
      devices: sessions.devices,
      strikes: sessions.strikes,
      // A hello counts from 120 s before its time to 120 s after it: its strike must outlive the whole span.
      strikeSpanSeconds: Math.max(sessions.maxAgeSeconds + 30, 2 * helloSkewSeconds + 1),
    },
    toEpochSeconds(now()),
  );

class Gateway implements RunningGateway {
  #config: Config;
  #keys: ChannelKeys | undefined;
  #admin: AdminListener | undefined;
  #sms: SmsPlane | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  /** Renewals and reloads follow one another; two at once could publish one version twice. */
  #work: Promise<unknown> = Promise.resolve();
  #renewedAt = epochMs(0);
  #reloads = 0;
  #refusedReloads = 0;
  readonly #startedAt = performance.now();
  readonly #options: GatewayOptions;
  readonly #log: Log;
  readonly #source: ChannelKeySource;
  readonly #tickets: TicketRing;
  #watch: { readonly stop: () => Promise<void> } | undefined;
  readonly #tables: SharedTables;
  readonly #rateCells: SharedArrayBuffer;
  readonly #rateKey = fresh(8);
  readonly #once: OnceMemory;
  readonly #nonceKey = fresh(32);
  readonly #stepUpKey = fresh(32);
  readonly #pool: WorkerPool;
  readonly deviceAdministration: DeviceAdministration;
  readonly administration: Administration;
  readonly directives: DirectiveDesk;
  readonly decisionDesk: DecisionDesk | undefined;
  #directiveSets: readonly DirectiveSet[] = [];
  readonly #signDirective = directiveSigner(nodeCrypto, () => signingKey(this.#source, 'directive-signing'));
  readonly bindings: Bindings | undefined;
  readonly privacy: Privacy;
  readonly signals: Signals;
  readonly decisions: DecisionOffice;
  readonly identities: IdentityBook;
  readonly clusters: ClusterDesk | undefined;
  readonly intelligence: Intelligence | undefined;
  #upkeep: BindingUpkeep | undefined;
  #stopWatching: (() => Promise<void>) | undefined;

  constructor(options: GatewayOptions) {
    const { config, storage } = options;
    this.#options = options;
    this.#config = config;
    // A root of trust that cannot be read ends the start here, not in every worker.
    readAnchors(config.attestation);
    presentSnapshot(config.state, now());
    this.#log = options.log ?? createLog(config.log.level);
    this.#source = this.#keySource();
    this.#tickets = new TicketRing(nodeCrypto, this.#source.ticketLife);
    this.#tables = tablesOf(config);
    const { migrationUses, migrationSkewSeconds } = config.limits;
    this.#once = createOnceMemory(migrationUses, migrationSkewSeconds, toEpochSeconds(now()));
    this.#rateCells = new SharedArrayBuffer(rateTableBytes(config.limits.rateCells));
    this.#pool = new WorkerPool({
      count: config.workers === 0 ? availableParallelism() : config.workers,
      log: this.#log,
      program: new URL('./worker.ts', import.meta.url),
      seed: (index, port, reusePort) => this.#seed(index, port, reusePort),
      ended: (index) => this.decisionDesk?.left(index),
    });
    this.decisionDesk = openDecisionDesk({ config, now, post: (text) => this.#pool.updateDecisions(text) });
    const scopes = config.apps.map(({ id }) => ({ organisation: config.organisation, app: id }));
    const table = openSharedTables(this.#tables).devices;
    const tierNames = config.sessions.tiers.map(({ name }) => name);
    this.deviceAdministration = deviceAdministration({
      scopes,
      stores: storage.ports,
      table,
      tierNames,
      now,
      signVerdict: verdictSigner(storage.keys),
    });
    this.bindings = openBindings(config, { stores: storage.ports, log: this.#log, now });
    this.directives = openDirectiveDesk({
      store: storage.ports.directives,
      now,
      onPublished: () => this.#spreadDirectives(),
    });
    this.signals = openSignals({
      config: config.signals,
      outbox: storage.ports.outbox,
      keys: storage.keys,
      decisionSecret: config.decision?.secret,
      now,
      failed: (error) => this.#log.error('signals.fault', { error }),
    });
    this.privacy = openPrivacy({
      config,
      stores: storage.ports,
      keys: storage.keys,
      log: this.#log,
      desk: this.directives,
      now,
    });
    this.decisions = openDecisionOffice({
      config,
      stores: storage.ports,
      keys: storage.keys,
      log: this.#log,
      boot: storage.boot,
      configuredPolicies: () => this.decisionDesk?.filePolicies() ?? [],
      devicesOf: (scope) => this.administration.devicesOf(scope),
      now,
    });
    this.decisions.book.follow((snapshots) => this.decisionDesk?.publish(snapshots));
    this.identities = this.#openIdentities();
    this.clusters = openClusters({
      config,
      storage,
      desk: this.decisionDesk,
      decisions: this.decisions,
      now,
      log: this.#log,
    });
    const { bindings, privacy, signals, directives, decisions, identities, clusters } = this;
    const log = this.#log;
    this.intelligence = this.#openIntelligence();
    this.administration = openAdministration({
      config,
      storage,
      table,
      log,
      now,
      bindings,
      privacy,
      signals,
      traps: this.decisionDesk,
      directives,
      decisions,
      identities,
      clusters,
      intelligence: this.intelligence,
    });
  }

  /** The book of identities, which tells the workers what decisions may know. */
  #openIdentities(): IdentityBook {
    const { config, storage } = this.#options;
    const key = decisionKey(storage.keys, config.decision?.secret, now());
    const desk = this.decisionDesk;
    const failed = (error: unknown): void => this.#log.error('identity.fault', { error });
    const news =
      desk === undefined ? undefined : { tell: identityWriter(new IdentityTable(desk.identityMemory), key), failed };
    return new IdentityBook({ store: storage.ports.identities, linkKey: key, now, news });
  }

  #openIntelligence(): Intelligence | undefined {
    const { config, storage } = this.#options;
    if (config.intelligence === undefined) return undefined;
    const { organisation } = config;
    return openIntelligence({
      config: config.intelligence,
      organisation,
      store: storage.ports.decisions,
      authenticate: async (authorization) => {
        const caller = await authenticate(this.administration, bearerOf(authorization), now());
        if (!caller.ok || caller.value.organisation !== organisation) return undefined;
        const { grants, token } = caller.value;
        const can = (verb: 'read' | 'write'): boolean =>
          isAllowed(grants, this.administration.settings().roles, { app: '*', area: 'intelligence', verb });
        return { name: token, canRead: can('read'), canWrite: can('write') };
      },
      post: (text) => this.decisionDesk?.informed(text),
      now,
      onFault: (error) => this.#log.error('intelligence.fault', { error }),
    });
  }

  #keySource(): ChannelKeySource {
    const { sessions, signedConfig, organisation } = this.#config;
    const { storage } = this.#options;
    return {
      crypto: nodeCrypto,
      keys: storage.keys,
      apps: storage.ports.apps,
      services: () =>
        this.#config.services.map((service) => ({
          organisation,
          id: service.id,
          suites: service.suites,
          endpoints: service.endpoints,
          maxAgeSeconds: sessions.maxAgeSeconds,
          revokedKeys: this.#config.signedConfig.revokedKeys,
          routes: compileService(this.#config, service),
        })),
      configLife: days(signedConfig.lifeDays),
      statusLife: hours(signedConfig.statusHours),
      ticketLife: seconds(sessions.ticketLifeSeconds),
      now,
    };
  }

  #channelSeed(keys: ChannelKeys): ChannelSeed {
    const { node, sessions } = this.#config;
    return {
      node,
      boot: this.#options.storage.boot,
      tables: this.#tables,
      nonceKey: this.#nonceKey,
      stepUpKey: this.#stepUpKey,
      ticketLife: this.#source.ticketLife,
      resumeLife: days(sessions.resumeLifeDays),
      maxAgeSeconds: sessions.maxAgeSeconds,
      keys,
    };
  }

  #seed(index: number, port: number, reusePort: boolean): WorkerSeed {
    if (this.#keys === undefined) throw new Error('workers start after the keys are made');
    const { storage } = this.#options;
    return {
      index,
      config: this.#config,
      channel: this.#channelSeed(this.#keys),
      directives: this.#directiveSets,
      rateCells: this.#rateCells,
      rateKey: this.#rateKey,
      signals: this.signals.shared,
      decisions: this.decisionDesk?.seed(index),
      once: this.#once,
      telemetry: this.#options.telemetry ?? {},
      version: this.#options.version,
      storage: storage.connectPort(),
      port,
      reusePort,
    };
  }

  /** The config of each service that was published last; earlier versions stand behind it. */
  #newestConfigs(): readonly ConfigLife[] {
    const newest = new Map<string, ConfigLife>();
    for (const { service, document } of this.#keys?.configs ?? [])
      if (!newest.has(service)) newest.set(service, { service, expiresAtMs: expiryOf(document) ?? epochMs(0) });
    return [...newest.values()];
  }

  #readiness(): () => Promise<Readiness> {
    return createReadiness({
      isDraining: () => this.#stopping !== undefined,
      workers: () => ({ listening: this.#pool.listening, wanted: this.#pool.wanted }),
      probeStorage: () => this.#options.storage.probe(),
      configs: () => this.#newestConfigs(),
      statusUntilMs: () => epochMs(this.#renewedAt + this.#source.statusLife),
      now,
    });
  }

  /** Makes the present keys and configs and posts them. */
  async #renew(): Promise<void> {
    this.#options.storage.keys.rotateDue(now());
    const renewedAt = now();
    this.#keys = await makeChannelKeys(this.#source, this.#tickets);
    this.#renewedAt = renewedAt;
    this.#log.debug('keys.renewed');
    this.#pool.updateKeys(this.#keys);
    await this.directives.tick();
    await this.decisions.upkeep();
    await this.identities.upkeep();
    await this.#spreadDirectives();
    if (this.decisionDesk !== undefined)
      this.decisionDesk.noteShadows(joinSnapshots(await this.#pool.snapshots()).decisions);
  }

  /** Makes what every app is served now and posts it. Also once a minute: directives expire, and keys change. */
  async #spreadDirectives(): Promise<void> {
    const { organisation, apps, services } = this.#config;
    const served = { organisation, apps: apps.map(({ id }) => id), services: services.map(({ id }) => id) };
    const published = await this.#options.storage.ports.directives.published();
    this.#directiveSets = directiveSets(published, served, this.#signDirective, now());
    this.#pool.updateDirectives(this.#directiveSets);
  }

  #inTurn<Value>(step: () => Promise<Value>): Promise<Value> {
    const turn = this.#work.then(step);
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async start(): Promise<void> {
    await this.decisions.start();
    for (const { id } of this.#config.apps)
      await this.identities.open({ organisation: this.#config.organisation, app: id });
    await this.decisionDesk?.keepProfiles(this.#log);
    await this.#renew();
    await this.bindings?.start();
    await this.signals.start();
    await this.intelligence?.start();
    await this.#pool.start(this.#config.listen.host, this.#config.listen.port);
    this.#admin = await openAdmin({
      admin: this.#config.admin,
      log: this.#log,
      readiness: this.#readiness(),
      metrics: (format) => this.metrics(format),
      trust: () => this.trust(),
      reload: () => this.reload(),
      api: this.#config.admin.api ? createAdminHandler(this.administration) : undefined,
      authority: this.#config.admin.api ? pathAuthority(this.administration) : undefined,
      sms: () => this.sms(),
      clients: async () => clientReport(await readSightings(this.#options.storage.ports.outbox)),
      killWorker: (index) => this.killWorker(index),
    });
    this.#sms = await this.#openSms();
    this.privacy.start();
    this.clusters?.open();
    this.#watch = watchDevices({
      config: this.#config,
      stores: this.#options.storage.ports,
      table: openSharedTables(this.#tables).devices,
      administration: this.deviceAdministration,
      log: this.#log,
      now,
    });
    this.#upkeep =
      this.bindings === undefined
        ? undefined
        : keepBindings(this.bindings, this.#log, (app, head) => this.#anchor(app, head));
    this.#stopWatching = this.#watchRollouts();
    this.#renewal = setInterval(() => {
      this.#inTurn(() => this.#renew()).catch((error: unknown) => this.#log.error('keys.renewal-failed', { error }));
    }, renewEveryMs);
    this.#log.info('gateway.started', { workers: this.#pool.listening });
  }

  /** Counts how sessions end, for the guards of rollouts. */
  #watchRollouts(): () => Promise<void> {
    const { directives: store, outbox } = this.#options.storage.ports;
    const watch = new HealthWatch({
      desk: this.directives,
      store,
      outbox,
      now,
      onHalted: (metric) => this.#log.warn('directive.halted', { metric }),
    });
    const failed = (error: unknown): void => this.#log.error('directive.watch-failed', { error });
    return keepWatching(() => watch.step(), watchHealthMs, failed);
  }

  /** What binding keeps in a database has a chain of its own; where it ended is in the signed one. */
  async #anchor(app: string, head: AuditHead): Promise<void> {
    const { organisation, node } = this.#config;
    const { audit } = this.#options.storage.ports;
    const kept = await audit.append({ organisation, app }, anchorRecord(node, head), now());
    if (!kept.ok) throw new Error(kept.code);
  }

  /** Inbound SMS; they need no worker, for each is one small write. */
  async #openSms(): Promise<SmsPlane | undefined> {
    const { sms } = this.#config;
    if (sms === undefined) return undefined;
    const log = this.#log;
    return openSmsPlane({
      config: sms,
      inbox: this.#options.storage.ports.sms,
      receiver: this.#options.inboundSms ?? this.bindings?.inboundSms,
      now,
      failed: (error) => log.error('sms.fault', { error }),
      linkChanged: (change) => {
        if (change.state === 'bound') log.info('sms.link-up');
        if (change.state === 'down') log.warn('sms.link-down', { why: change.end.why });
      },
    });
  }

  sms(): SmsStatus | undefined {
    return this.#sms?.status();
  }

  smsPort(): number | undefined {
    return this.#sms?.port;
  }

  get url(): string {
    const { host, tls } = this.#config.listen;
    return urlOf(host, this.#pool.port, tls !== undefined);
  }

  get adminUrl(): string {
    const { host, tls } = this.#config.admin;
    return urlOf(host, this.#admin?.port ?? 0, tls !== undefined);
  }

  get failed(): Promise<Error> {
    return this.#options.storage.failed;
  }

  workers(): number {
    return this.#pool.listening;
  }

  trust(): GatewayTrust {
    const configKeys = pinnedKeys(this.#source).map(({ kid, publicKey }) => ({
      kid,
      publicKey: toBase64Url(publicKey),
    }));
    const services = this.#config.services.map(({ id }) => ({
      id,
      minConfigVersion: this.#keys?.configs.find(({ service }) => service === id)?.version ?? 1,
    }));
    return {
      organisation: this.#config.organisation,
      apps: this.#config.apps.map(({ id }) => id),
      services,
      configKeys,
      verdictKeys: verdictKeySet(this.#source.keys, now()),
      minConfigVersion: Math.min(...services.map(({ minConfigVersion }) => minConfigVersion)),
    };
  }

  reload(): Promise<readonly string[]> {
    const { configFile } = this.#options;
    if (configFile === undefined) return Promise.resolve(['this gateway was not started from a file']);
    return this.#takeOver(() => loadConfig(configFile, process.env));
  }

  reconfigure(config: Config): Promise<readonly string[]> {
    return this.#takeOver(() => ({ ok: true, config }));
  }

  /** Policies are read last: they are in force as soon as they are read. */
  #judgeReload(next: Config): readonly PathIssue[] {
    const issues = judgeReload(this.#config, next);
    return issues.length > 0 ? issues : (this.decisionDesk?.read(next) ?? []);
  }

  #takeOver(load: () => LoadedConfig): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const loaded = load();
      const file = this.#options.configFile ?? 'configuration';
      const issues = loaded.ok ? this.#judgeReload(loaded.config).map((issue) => ({ file, ...issue })) : loaded.issues;
      if (!loaded.ok || issues.length > 0) {
        this.#refusedReloads += 1;
        this.#log.warn('config.reload-refused', { issues });
        return issues.map(issueText);
      }
      this.#config = loaded.config;
      // Workers first: a client must not learn of a route that is not served yet.
      this.#pool.updateConfig(loaded.config);
      await this.#renew();
      this.#reloads += 1;
      this.#log.info('config.reloaded');
      return [];
    });
  }

  reopenLogs(): void {
    this.#pool.reopenLogs();
  }

  killWorker(index: number): Promise<boolean> {
    return this.#pool.kill(index);
  }

  async metrics(format: ExpositionFormat = 'text'): Promise<string> {
    const { user, system } = process.cpuUsage();
    const gauges = {
      version: this.#options.version,
      workers: this.#pool.listening,
      workerRestarts: this.#pool.restarts,
      uptimeSeconds: Math.round((performance.now() - this.#startedAt) / 1000),
      residentBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1_000_000,
      configs: this.#newestConfigs(),
      reloads: this.#reloads,
      refusedReloads: this.#refusedReloads,
      sms: this.#sms?.status(),
      vmns: this.#sms === undefined ? undefined : this.bindings?.vmns(),
      privacy: this.privacy.status(),
      admin: this.#config.admin.api ? await adminFigures(this.administration) : undefined,
    };
    return prometheusText(await this.#pool.snapshots(), gauges, format);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#stopWatching?.();
    await this.#watch?.stop();
    await this.#work;
    this.decisionDesk?.noteShadows(joinSnapshots(await this.#pool.snapshots()).decisions);
    await this.#sms?.close();
    await this.#pool.drain(this.#config.limits.drainMs);
    await this.decisionDesk?.close();
    await this.#admin?.close();
    await this.#upkeep?.stop();
    await this.bindings?.close();
    this.signals.close();
    await this.clusters?.close();
    await this.intelligence?.close();
    await this.privacy.close();
    await this.decisions.close();
    // Last: what the drained requests wrote is on the disk before the process ends.
    await this.#options.storage.close();
  }
}

/** Starts a gateway; it accepts requests when this resolves. On failure everything that was opened is closed again. */
export const startGateway = async (options: GatewayOptions): Promise<RunningGateway> => {
  const gateway = new Gateway(options);
  try {
    await gateway.start();
  } catch (error) {
    await gateway.stop();
    throw error;
  }
  return gateway;
};
