/** Everything that one worker thread works with, built from its seed; and what is built anew when the configuration changes. */

import { join } from 'node:path';
import { header } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import {
  durationMs,
  type EpochMs,
  epochMs,
  fromEpochSeconds,
  type SecretKey,
  seconds,
  utf8,
} from '@hauberk/primitives';
import { openBindings } from '../binding/open-bindings.ts';
import { ClusterTable, clusterReader } from '../clusters/cluster-table.ts';
import type { Config } from '../config/config.ts';
import { BoundStates } from '../decision/bound-states.ts';
import { engineMaker } from '../decision/engine-maker.ts';
import { ProfileSender } from '../decision/profile-sender.ts';
import { decisionKey } from '../decision/record-key.ts';
import { Stories } from '../decision/stories.ts';
import { WorkerDecisions } from '../decision/worker-decisions.ts';
import { type EvidenceJudges, openEvidenceJudges } from '../device/evidence-judges.ts';
import { forgeryNotes, type NoteForgery } from '../device/forgery-notes.ts';
import { IdentityTable, identityReader } from '../device/identity-table.ts';
import { DirectiveFeed } from '../directive/directive-feed.ts';
import { partnerKeys } from '../intelligence/open-intelligence.ts';
import { WorkerIntelligence } from '../intelligence/worker-intelligence.ts';
import { type DpopNonces, dpopNonces } from '../migration/dpop-nonce.ts';
import { openOnceRegister, type UseOnce } from '../migration/once-register.ts';
import { type MigrationShell, pseudonym } from '../migration/serve-migrated.ts';
import { createGate, type OverloadGate } from '../overload/gate.ts';
import { createGuard, type Guard } from '../overload/guard.ts';
import { guardLogins, guardStore } from '../overload/guarded-store.ts';
import { priorities, rankOf, roomOf } from '../overload/priority.ts';
import type { ConsentShell } from '../privacy/consent-record.ts';
import type { PrivacyIntakeShell } from '../privacy/intake.ts';
import { type NetworkList, openNetworkList } from '../signals/network-list.ts';
import { signalConsents } from '../signals/signal-consent.ts';
import type { SignalIntakeShell } from '../signals/signal-intake.ts';
import { openSignalMemory, type SignalMemory } from '../signals/signal-memory.ts';
import { signalNonces } from '../signals/signal-nonce.ts';
import type { TrafficSenses } from '../signals/traffic-signals.ts';
import { type ConnectedState, connectStorage } from '../storage/index.ts';
import { type AccessLog, openAccessLog } from './access-log.ts';
import { type BindShell, checkBound } from './bind-endpoint.ts';
import type { BodyPace } from './body.ts';
import { type ChannelState, openChannelState } from './channel-state.ts';
import { proxyList } from './connection-trust.ts';
import { unverifiedFacts } from './facts.ts';
import { type ForwardOutcome, forward, type UpstreamRequest } from './forward.ts';
import { forwardDecoded } from './forward-decoded.ts';
import { forwardStream } from './forward-stream.ts';
import type { HandshakeShell } from './handshake-endpoint.ts';
import { createHold, type Hold } from './hold.ts';
import { replyHeaders, upstreamHeaders } from './hygiene.ts';
import type { KeyShell } from './key-endpoint.ts';
import type { LinkShell } from './link-endpoint.ts';
import type { Log } from './log.ts';
import { createLoginFailures } from './login-failures.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { forwardUnverified } from './observe.ts';
import type { PlainShell } from './plain-exchange.ts';
import type { Protection } from './protect.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit.ts';
import { createResolver } from './resolver.ts';
import type { Route } from './route.ts';
import type { StreamShell } from './stream-exchange.ts';
import { openUpstream, type Upstream } from './upstream.ts';
import type { WorkerSeed } from './worker-messages.ts';

/** An upstream with its secret. */
interface OpenedUpstream {
  readonly upstream: Upstream;
  readonly factsKey: SecretKey;
  readonly preserveHost: boolean;
  /** By rank: who makes cheap calls fail must not open the breaker of payments. */
  readonly guards: readonly Guard[];
}

/** What lives as long as the worker. */
export interface WorkerParts {
  readonly channel: ChannelState;
  readonly state: ConnectedState;
  readonly metrics: Metrics;
  readonly accessLog: AccessLog;
  readonly log: Log;
  readonly limiter: RateLimiter;
  readonly gate: OverloadGate;
  readonly storageGuard: Guard;
  readonly hold: Hold;
  readonly useOnce: UseOnce;
  /** Signals in force of devices; the path of requests asks `signalsOf`. */
  readonly signals: SignalMemory;
  /** What the operator knows of addresses. */
  readonly networks: NetworkList;
  /** Undefined where nothing decides. */
  readonly decisions: WorkerDecisions | undefined;
  readonly stories: Stories;
  /** Undefined where nothing decides or nothing binds. */
  readonly bound: BoundStates | undefined;
  readonly nonces: DpopNonces;
  readonly evidence: EvidenceJudges;
  /** Undefined where nothing is configured to bind. */
  readonly bind: BindShell | undefined;
  readonly noteForgery: NoteForgery;
  readonly directives: DirectiveFeed;
  readonly upstreams: ReadonlyMap<string, OpenedUpstream>;
  readonly now: () => EpochMs;
  readonly underLoad: (now: EpochMs) => boolean;
  readonly draining: () => boolean;
  /** The configuration in force; replaced by a reload. */
  readonly config: () => Config;
}

const now = (): EpochMs => epochMs(Date.now());

/** Slow bodies get this long before their pace counts. */
const paceGrace = seconds(2);

const openUpstreams = (config: Config): ReadonlyMap<string, OpenedUpstream> =>
  new Map(
    Object.entries(config.upstreams).map(([name, options]) => [
      name,
      {
        upstream: openUpstream(options, createResolver({ longestTtlSeconds: options.nameTtlSeconds })),
        factsKey: nodeCrypto.importMac(utf8(options.factsKey)),
        preserveHost: options.preserveHost,
        guards: priorities.map(() => createGuard()),
      },
    ]),
  );

const openLog = (config: Config, log: Log): AccessLog => {
  const { access, accessFile } = config.log;
  const target = access === 'file' ? { to: access, path: join(config.state, accessFile) } : { to: access };
  return openAccessLog(target, config.log, (error) => log.error('access-log.fault', { error }));
};

/** Tells whether hellos come faster than a number a second; then each must prove a round trip first. */
export const helloMeter = (perSecond: number): ((now: EpochMs) => boolean) => {
  let second = 0;
  let current = 0;
  let previous = 0;
  return (at) => {
    const present = Math.floor(at / 1000);
    if (present !== second) {
      previous = present === second + 1 ? current : 0;
      current = 0;
      second = present;
    }
    current += 1;
    // The last whole second counts too, or every new second would begin with an unguarded burst.
    return Math.max(current, previous) > perSecond;
  };
};

/** Where nothing decides a trap tells what its route has, and no more. */
const plainStories = new Stories({
  limits: { holdMs: 0, heldRequests: 0 },
  decoys: new Map(),
  bodyFor: (_deviceId, body) => body,
  random: () => 0,
});

/** The decisions of this thread; undefined where nothing decides. */
const openDecisions = (
  { config, decisions, channel }: WorkerSeed,
  { keys, ports }: ConnectedState,
  signals: SignalMemory,
  log: Log,
): WorkerDecisions | undefined => {
  const section = config.decision;
  if (section === undefined || decisions === undefined) return undefined;
  const key = decisionKey(keys, section.secret, now());
  const profiles = new ProfileSender(decisions.profiles);
  return new WorkerDecisions({
    section,
    seed: decisions,
    engine: engineMaker(decisions.memory.engine, decisions.token, key, profiles.buffer),
    profiles,
    crypto: nodeCrypto,
    canaryKey: nodeCrypto.importMac(key),
    signalsOf: signals.signalsOf,
    clusterOf: clusterReader(new ClusterTable(decisions.memory.clusters), key),
    identityOf: identityReader(new IdentityTable(decisions.memory.identities), key),
    intelligence: new WorkerIntelligence({
      most: config.intelligence?.most ?? 1,
      least: config.intelligence?.least ?? 0,
      partners: config.intelligence === undefined ? [] : partnerKeys(config.intelligence),
    }),
    outbox: ports.outbox,
    audit: ports.audit,
    app: config.apps[0]?.id ?? '',
    run: channel.boot,
    now,
    onFault: (error) => log.error('decision.fault', { error }),
  });
};

const boundStates = ({ bindings }: BindShell, log: Log): BoundStates =>
  new BoundStates(
    async (app, customer) => bindings.of(app)?.live(customer),
    now,
    (error) => log.error('record.fault', { error }),
  );

/** Opens what lives as long as the worker. */
export const openWorkerParts = (
  seed: WorkerSeed,
  log: Log,
  config: () => Config,
  draining: () => boolean,
): WorkerParts => {
  const started = seed.config;
  const upstreams = openUpstreams(started);
  const state = connectStorage(seed.storage);
  const signals = openSignalMemory(seed.signals, state.keys, started.signals, now(), started.decision?.secret);
  const decisions = openDecisions(seed, state, signals, log);
  const bind = openBindShell(started, state, log);
  return {
    decisions,
    stories: decisions?.stories() ?? plainStories,
    signals,
    channel: openChannelState(nodeCrypto, seed.channel),
    state,
    noteForgery: forgeryNotes(state.ports.attestations, (error) => log.error('record.fault', { error })),
    log,
    metrics: createMetrics(),
    accessLog: openLog(started, log),
    limiter: createRateLimiter(seed.rateCells, seed.rateKey, fromEpochSeconds(seed.channel.tables.bornAt)),
    hold: createHold(() => config().limits),
    networks: openNetworkList(started.signals.networksFile),
    useOnce: openOnceRegister(seed.once),
    nonces: dpopNonces(nodeCrypto, nodeCrypto.importMac(seed.channel.nonceKey), seed.once.bornAt),
    upstreams,
    storageGuard: createGuard(),
    gate: createGate(
      started.overload.queueTargetMs,
      new Map([...upstreams].map(([name, { upstream }]) => [name, upstream])),
    ),
    evidence: openEvidenceJudges(started, log),
    directives: new DirectiveFeed(started.organisation, () => config().limits, seed.directives),
    bind,
    bound: decisions === undefined || bind === undefined ? undefined : boundStates(bind, log),
    now,
    underLoad: helloMeter(started.sessions.hellosPerSecond),
    draining,
    config,
  };
};

/** How fast bodies must come. */
export const bodyPaceOf = ({ limits }: Config): BodyPace => ({
  grace: paceGrace,
  minBytesPerSecond: limits.bodyPaceBytesPerSecond,
  deadline: durationMs(limits.requestTimeoutMs),
});

const upstreamOf = (parts: WorkerParts, route: Route): OpenedUpstream => {
  const opened = parts.upstreams.get(route.upstream);
  if (opened === undefined) throw new Error(`route ${route.id} names no upstream`);
  return opened;
};

/** Counts a request of a verified device under its route's limit. */
const admitDevice = ({ limiter }: WorkerParts, route: Route, deviceId: string, at: EpochMs): boolean => {
  const limit = route.limits.device;
  return limit === undefined || limiter.admit(limit, `device\n${route.service}\n${route.id}`, deviceId, at) === 0;
};

const notSent = (code: 'upstream.busy' | 'upstream.open' | 'deadline.passed'): Promise<ForwardOutcome> =>
  Promise.resolve({ kind: 'not-sent', code });

/** Forwards a request within the time that is left for it, unless its upstream is known to be down. */
const forwardGuarded = (
  { upstream, guards }: OpenedUpstream,
  route: Route,
  request: UpstreamRequest,
  leftMs: number | undefined,
  { limits }: Config,
): Promise<ForwardOutcome> => {
  const deadlineMs = leftMs === undefined ? route.deadline : Math.min(route.deadline, leftMs);
  if (deadlineMs <= 0) return notSent('deadline.passed');
  const rank = rankOf(route.priority);
  if (upstream.inFlight >= roomOf(upstream, rank)) return notSent('upstream.busy');
  const guard = guards[rank];
  if (guard?.admits() === false) return notSent('upstream.open');
  if (leftMs !== undefined) request.headers.push(header.timeLeft, String(Math.ceil(deadlineMs)));
  // A deadline that a client chose says nothing of the upstream when it is missed.
  const calls = deadlineMs < route.deadline ? undefined : guard;
  return route.protection === 'none'
    ? forward(upstream, request, deadlineMs, route.replyCapBytes, calls)
    : forwardDecoded(upstream, request, deadlineMs, route.replyCapBytes, limits, calls);
};

/** Forwards requests; where something decides, how the service's replies look is learnt on the way. */
const forwardSeen = (parts: WorkerParts, config: Config): Protection['forward'] => {
  const forwardNow: Protection['forward'] = (route, request, leftMs) =>
    forwardGuarded(upstreamOf(parts, route), route, request, leftMs, config);
  if (parts.decisions === undefined) return forwardNow;
  return async (route, request, leftMs) => {
    const startedAt = performance.now();
    const outcome = await forwardNow(route, request, leftMs);
    if (outcome.kind === 'reply')
      parts.stories.see(route, outcome.status, replyHeaders(outcome.headers), performance.now() - startedAt);
    return outcome;
  };
};

/** The protected way of this thread. */
export const protectionOf = (parts: WorkerParts, config: Config): Protection => {
  const { channel, state, storageGuard } = parts;
  const { storageDeadlineMs } = config.overload;
  return {
    channel: channel.gateway,
    logins: {
      crypto: nodeCrypto,
      logins: guardLogins(state.ports.logins, storageGuard, storageDeadlineMs),
      failures: createLoginFailures(parts.limiter),
    },
    stepUp: {
      crypto: nodeCrypto,
      challengeKey: channel.stepUpKey,
      devices: channel.tables.devices,
      deviceStore: state.ports.devices,
    },
    idempotency: {
      crypto: nodeCrypto,
      store: guardStore(state.ports.idempotency, storageGuard, storageDeadlineMs),
    },
    now: parts.now,
    bodyPace: bodyPaceOf(config),
    factsKey: (route) => upstreamOf(parts, route).factsKey,
    preserveHost: (route) => upstreamOf(parts, route).preserveHost,
    forward: forwardSeen(parts, config),
    checkBound: (rule, authorised) => checkBound(parts.bind, rule, authorised),
    admitDevice: (route, deviceId, at) => admitDevice(parts, route, deviceId, at),
    announcement: (app, service) => parts.directives.announcement(app, service),
    hold: parts.hold,
    risk: parts.decisions?.judge,
    bound: parts.bound,
    stories: parts.stories,
    onFault: (error) => parts.log.error('record.fault', { error }),
  };
};

/** The streams of this thread. A stream lives as long as its session may. */
export const streamShellOf = (parts: WorkerParts): StreamShell => ({
  forwardStream: (route, request, sink) => {
    const { upstream, guards } = upstreamOf(parts, route);
    // A stream lives for minutes and tells too late how a call ended: it asks, and leaves judging to the others.
    if (guards[rankOf(route.priority)]?.isOpen() === true) {
      sink.onFailure('not-sent', 'upstream.open', 'the breaker is open');
      return { resume: () => undefined, abort: () => undefined };
    }
    const lifeMs = parts.config().sessions.ticketLifeSeconds * 1000;
    return forwardStream(upstream, request, { deadlineMs: route.deadline, lifeMs }, sink);
  },
  draining: parts.draining,
});

/** Plain routes of this thread. */
export const plainShellOf = (parts: WorkerParts, protection: Protection, streams: StreamShell): PlainShell => ({
  bodyPace: protection.bodyPace,
  hold: parts.hold,
  stories: parts.stories,
  risk: parts.decisions?.judge,
  forward: (exchange, body) => forwardUnverified(protection, exchange, body, 'unprotected'),
  streamHead: ({ head, route }) => {
    const { method, path, query } = head.target;
    head.trace.enter('forward');
    const facts = unverifiedFacts(
      nodeCrypto,
      protection.factsKey(route),
      head.target,
      route,
      'unprotected',
      parts.now(),
    );
    const options = { identity: false, decoded: false, preserveHost: protection.preserveHost(route) };
    return { method, path: query === '?' ? path : path + query, headers: upstreamHeaders(head, facts, options) };
  },
  forwardStream: streams.forwardStream,
});

/** The migrated clients of this thread. */
export const migrationShellOf = (parts: WorkerParts, protection: Protection): MigrationShell => ({
  protection,
  useOnce: parts.useOnce,
  nonces: parts.nonces,
  nameOf: (route, keyId) => pseudonym(nodeCrypto, protection.factsKey(route), keyId),
  count: (route, scheme) => parts.metrics.migrated(route.service, route.id, scheme),
});

/** The handshakes of this thread. */
export const handshakeShellOf = (parts: WorkerParts): HandshakeShell => ({
  channel: parts.channel,
  devices: parts.state.ports.devices,
  attestations: parts.state.ports.attestations,
  reattestation: parts.evidence.reattestation,
  noteForgery: parts.noteForgery,
  underLoad: parts.underLoad,
  now: parts.now,
});

/** The enrolments of this thread. */
export const enrolmentShellOf = (parts: WorkerParts): LinkShell & KeyShell => ({
  apps: () => parts.config().apps.map(({ id }) => id),
  crypto: nodeCrypto,
  devices: parts.state.ports.devices,
  attestations: parts.state.ports.attestations,
  appraise: parts.evidence.appraise,
  admitKey: parts.evidence.admitKey,
  trustedKeys: parts.state.ports.trustedKeys,
  table: parts.channel.tables.devices,
  challenges: parts.state.ports.challenges,
  serves: (organisation, app, service) => {
    const config = parts.config();
    return (
      organisation === config.organisation &&
      config.apps.some(({ id }) => id === app) &&
      config.services.some(({ id }) => id === service)
    );
  },
  now: parts.now,
});

/** The bindings of this thread; undefined where nothing is configured to bind. */
const openBindShell = (config: Config, { ports }: ConnectedState, log: Log): BindShell | undefined => {
  const bindings = openBindings(config, { stores: ports, log, now });
  if (bindings === undefined) return undefined;
  const { mobileNetworks } = bindings.config;
  const isMobile = proxyList(mobileNetworks);
  return {
    bindings,
    attestations: ports.attestations,
    logins: ports.logins,
    now,
    networkOf: (address) => (isMobile(address) ? 'mobile' : mobileNetworks.length > 0 ? 'fixed' : 'unknown'),
  };
};

/** Reports of accesses and consents on this thread. */
export const privacyShellOf = ({ config, state, metrics }: WorkerParts): PrivacyIntakeShell & ConsentShell => ({
  store: state.ports.privacy,
  keys: state.keys,
  config: config().privacy,
  maxBehind: config().privacy.limits.behind,
  count: (code) => metrics.accessReport(code),
});

/** Reports of signals on this thread. */
export const signalShellOf = ({
  config,
  state,
  metrics,
  signals,
  networks,
}: WorkerParts): SignalIntakeShell & TrafficSenses => ({
  outbox: state.ports.outbox,
  memory: signals,
  nonces: signalNonces(state.keys, now()),
  config: config().signals,
  consentOf: signalConsents(state.ports.privacy, state.keys, config().privacy, now),
  networks,
  count: (code) => metrics.signalReport(code),
});

/** Closes what the worker opened, the storage last: it waits for the writes of this thread. */
export const closeWorkerParts = async (parts: WorkerParts): Promise<void> => {
  parts.gate.close();
  await Promise.all([...parts.upstreams.values()].map(({ upstream }) => upstream.close()));
  await parts.decisions?.close();
  await parts.accessLog.close();
  await parts.state.close();
};

/** The breakers of a thread by dependency, name and priority: 1 for one that is not closed. */
export const breakersOf = (
  { upstreams, storageGuard }: WorkerParts,
  peers: readonly (readonly [name: string, guard: Guard])[],
): Readonly<Record<string, number>> => {
  const closed = (guard: Guard): number => (guard.isClosed() ? 0 : 1);
  const ofUpstreams = [...upstreams].flatMap(([name, { guards }]) =>
    guards.map((guard, rank) => [`upstream\n${name}\n${priorities[rank] ?? ''}`, closed(guard)] as const),
  );
  return Object.fromEntries([
    ...ofUpstreams,
    ['storage\nwriter\n', closed(storageGuard)] as const,
    ...peers.map(([name, guard]) => [`peer\n${name}\n`, closed(guard)] as const),
  ]);
};
