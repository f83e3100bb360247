/** One worker thread: opens what its seed describes, serves on the shared port, follows the main thread's messages, drains and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { createAuthzHandler } from '../authz/authz-handler.ts';
import { type AuthzListener, openAuthzListener } from '../authz/authz-listener.ts';
import type { Config } from '../config/config.ts';
import type { ApiListener } from '../decision/decision-api-listener.ts';
import { noDecisions } from '../decision/decision-figures.ts';
import { openWorkerApi } from '../decision/open-decision-api.ts';
import { serveRevocations } from '../device/follow-peers.ts';
import { openTracing } from '../observability/tracing.ts';
import { reportMask } from '../privacy/mask-reports.ts';
import { createClientSightings } from '../report/client-sightings.ts';
import { keepSightings } from '../report/keep-sightings.ts';
import { createEndpoints } from './create-endpoints.ts';
import { type Listener, listen, type RequestHandler } from './listener.ts';
import { createLog } from './log.ts';
import { createPipeline, createWholePipeline, type PipelinePorts, type ServeRoute } from './pipeline.ts';
import { createPlane, type Plane } from './plane.ts';
import type { Protection } from './protect.ts';
import { listenForRelays, openRelay } from './relay.ts';
import type { RateLimit } from './route.ts';
import { createServeRoute } from './serve-route.ts';
import type { FromWorker, ToWorker, WorkerSeed } from './worker-messages.ts';
import {
  bodyPaceOf,
  breakersOf,
  closeWorkerParts,
  enrolmentShellOf,
  handshakeShellOf,
  migrationShellOf,
  openWorkerParts,
  plainShellOf,
  privacyShellOf,
  protectionOf,
  signalShellOf,
  streamShellOf,
  type WorkerParts,
} from './worker-parts.ts';

if (parentPort === null) throw new Error('this program is a worker thread');
const port = parentPort;
const seed = workerData as WorkerSeed;

const tell = (message: FromWorker): void => port.postMessage(message);

/** The other nodes of the installation, if there are any. */
const { cluster } = seed.config;
const relay = cluster === undefined ? undefined : openRelay(cluster, seed.config.node);

/** What a reload replaces: compiled routes, and the ways of serving with the limits that they captured. */
interface Live {
  readonly config: Config;
  readonly plane: Plane;
  readonly serve: ServeRoute;
  /** For what another node relayed: served here or not at all. */
  readonly serveRelayed: ServeRoute;
  readonly protection: Protection;
}

const live = (parts: WorkerParts, config: Config): Live => {
  const protection = protectionOf(parts, config);
  const streams = streamShellOf(parts);
  const shells = {
    protection,
    handshake: handshakeShellOf(parts),
    streams,
    plain: plainShellOf(parts, protection, streams),
    migration: migrationShellOf(parts, protection),
  };
  return {
    config,
    plane: createPlane(config),
    serve: createServeRoute({ ...shells, relay }),
    serveRelayed: createServeRoute(shells),
    protection,
  };
};

const endpointLimit = (): RateLimit => {
  const { enrolmentsPerSecond, enrolmentBurst } = config().limits;
  return { perSecond: enrolmentsPerSecond, burst: enrolmentBurst };
};

let draining = false;
let held: Live | undefined;
const config = (): Config => held?.config ?? seed.config;

const log = createLog(seed.config.log.level, undefined, undefined, { worker: seed.index });
const tracing = await openTracing(seed.telemetry, seed.version, log);
const { startTrace } = tracing;
const parts = openWorkerParts(seed, log, config, () => draining);
held = live(parts, seed.config);
const current = (): Live => held ?? live(parts, seed.config);

const { versionHeader, clientRows } = seed.config.report;
const sightings = keepSightings(
  createClientSightings(versionHeader, clientRows),
  parts.state.ports.outbox,
  { organisation: seed.config.organisation, app: '' },
  (error) => log.error('report.fault', { error }),
);

const ports: PipelinePorts = {
  plane: () => current().plane,
  serve: (exchange, response, extra) => current().serve(exchange, response, extra),
  endpoints: createEndpoints({
    organisation: seed.config.organisation,
    services: seed.config.services.map(({ id }) => id),
    channel: parts.channel,
    handshake: handshakeShellOf(parts),
    enrolment: enrolmentShellOf(parts),
    bind: parts.bind,
    outbox: parts.state.ports.outbox,
    directives: parts.directives,
    privacy: privacyShellOf(parts),
    signals: signalShellOf(parts),
    maskReport: reportMask(parts.config().privacy.mask),
    protection: () => current().protection,
    maxAgeSeconds: seed.config.sessions.maxAgeSeconds,
  }),
  limiter: parts.limiter,
  gate: parts.gate,
  endpointLimit,
  bodyPace: () => bodyPaceOf(config()),
  accessLog: parts.accessLog,
  metrics: parts.metrics,
  onFinished: sightings.see,
  now: parts.now,
  startTrace,
  onFault: (error, request) => log.error('request.fault', { error, request }),
};

const { authz } = seed.config;
let authzListener: AuthzListener | undefined;
let decisionApi: ApiListener | undefined;

const openAuthz = async (): Promise<AuthzListener | undefined> =>
  authz === undefined
    ? undefined
    : openAuthzListener(
        authz,
        { worker: seed.index, reusePort: seed.reusePort, limits: seed.config.limits },
        createAuthzHandler({
          plane: () => current().plane,
          protection: () => current().protection,
          limiter: parts.limiter,
          gate: parts.gate,
          metrics: parts.metrics,
          accessLog: parts.accessLog,
          now: parts.now,
          startTrace,
          onFinished: sightings.see,
          onFault: (error, request) => log.error('authz.fault', { error, request }),
        }),
      );

const start = async (handle: RequestHandler): Promise<Listener | undefined> => {
  const options = {
    listen: { ...seed.config.listen, port: seed.port },
    limits: seed.config.limits,
    handle,
    handleWhole: createWholePipeline(ports),
    metrics: parts.metrics,
  };
  try {
    authzListener = await openAuthz();
    decisionApi = await openWorkerApi({
      config: seed.config,
      decisions: parts.decisions,
      state: parts.state,
      signalsOf: parts.signals.signalsOf,
      worker: seed.index,
      reusePort: seed.reusePort,
      run: seed.channel.boot,
      now: parts.now,
      log,
    });
    return await listen(options, seed.reusePort);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'listen-failed';
    tell({ kind: 'refused', code, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
};

const listener = await start(createPipeline(ports));
const relayListener =
  cluster === undefined || listener === undefined
    ? undefined
    : await listenForRelays(
        cluster,
        serveRevocations(
          parts.state.ports,
          createPipeline({
            ...ports,
            serve: (exchange, response, extra) => current().serveRelayed(exchange, response, extra),
          }),
        ),
        seed.reusePort,
      );

const end = async (deadlineMs: number): Promise<void> => {
  draining = true;
  parts.directives.close();
  await Promise.all([
    listener?.drain(deadlineMs),
    relayListener?.close(),
    relay?.close(),
    authzListener?.close(),
    decisionApi?.close(),
  ]);
  await sightings.close();
  await closeWorkerParts(parts);
  await tracing.close();
  port.close();
};

const reload = (next: Config): void => {
  held = live(parts, next);
  if (next.listen.tls !== undefined) listener?.reloadTls(next.listen.tls);
};

const queuesOf = ({ gate }: WorkerParts) => {
  const { gatewayMs, upstreamMs, isShedding } = gate.ages();
  return { gatewayMs, upstreamMs, shedding: isShedding ? 1 : 0 };
};

const obey = (message: ToWorker): void => {
  switch (message.kind) {
    case 'keys':
      parts.channel.update(message.keys);
      return;
    case 'config':
      reload(message.config);
      return;
    case 'directives':
      parts.directives.update(message.sets);
      return;
    case 'decisions':
      parts.decisions?.update(message.text);
      return;
    case 'metrics':
      tell({
        kind: 'metrics',
        ticket: message.ticket,
        snapshot: {
          ...parts.metrics.snapshot(),
          openRequests: listener?.openRequests() ?? 0,
          directiveStreams: parts.directives.streams,
          lostLines: parts.accessLog.lost(),
          decisions: parts.decisions?.figures.snapshot() ?? noDecisions,
          queues: queuesOf(parts),
          breakers: breakersOf(parts, relay?.guards() ?? []),
        },
      });
      return;
    case 'reopen':
      parts.accessLog.reopen();
      return;
    case 'drain':
      end(message.deadlineMs).catch((error: unknown) => {
        log.error('worker.drain-failed', { error });
        process.exit(1);
      });
  }
};

if (listener === undefined) await end(0);
else {
  port.on('message', obey);
  tell({ kind: 'listening', port: listener.port });
}
