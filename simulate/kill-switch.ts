/** A kill switch on its way from the desk of a gateway to many clients, each of which verifies it before it counts. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { days } from '@hauberk/primitives';
import { type RolloutPlan, wholeShare } from '@hauberk/rollout';
import type { HauberkOptions } from '@hauberk/sdk/node';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '@hauberk/server';
import type { ClientNews, ClientOrder } from './kill-switch-clients.ts';

/** What is simulated. */
export interface KillSwitchSimulation {
  readonly clients: number;
  /** Processes that the clients are spread over. */
  readonly processes: number;
  /** Milliseconds after which clients that were not reached are given up. */
  readonly patienceMs: number;
}

/** What came of it. Times are from the call of the desk until the switch was verified and in force. */
export interface KillSwitchSimulated {
  readonly clients: number;
  readonly connected: number;
  readonly reached: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
  readonly maxMilliseconds: number;
  /** Processor time of the gateway, all threads, until the last client was reached. */
  readonly gatewayCpuMilliseconds: number;
}

const scope = { organisation: 'bank', app: 'mobile' };
const room = 65_536;
/** One of so many connections is a whole SDK. */
const wholeEvery = 50;

const startOwnGateway = async (folder: string): Promise<RunningGateway> => {
  const loaded = parseConfig(
    {
      organisation: scope.organisation,
      apps: [{ id: scope.app }],
      state: 'state',
      workers: 2,
      listen: { port: 0 },
      services: [{ id: 'api', upstream: 'core', routes: [{ path: '/api/{rest*}' }] }],
      upstreams: { core: { origin: 'http://127.0.0.1:9', factsKey: 'f'.repeat(40) } },
      limits: {
        connections: room,
        connectionsPerAddress: room,
        directiveStreams: room,
        directiveStreamsPerAddress: room,
      },
      overload: { queueTargetMs: 0 },
      log: { access: 'none' },
    },
    join(folder, 'made.yaml'),
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const { config } = loaded;
  const storage = await openStorage({ folder: config.state });
  return startGateway({ config, storage, version: 'simulation', log: createLog('error') });
};

const killPlan: RolloutPlan = {
  kind: 'kill',
  kindVersion: 1,
  service: null,
  body: { kinds: ['*'] },
  audience: { versions: [], cohorts: [] },
  stages: [wholeShare],
  guard: null,
  lifeMs: days(1),
  reason: 'simulation',
};

const within = (work: Promise<unknown>, ms: number): Promise<unknown> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

/** One process of clients. */
class Crowd {
  readonly #child: ChildProcess;
  connected = 0;
  atMs: readonly number[] = [];
  readonly ready: Promise<void>;
  readonly done: Promise<void>;
  constructor(order: ClientOrder) {
    this.#child = fork(new URL('./kill-switch-clients.ts', import.meta.url));
    const ready = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.done = done.promise;
    this.#child.on('message', (news: ClientNews) => {
      if (news.news === 'connected') {
        this.connected = news.clients;
        ready.resolve();
        return;
      }
      this.atMs = news.atMs;
      done.resolve();
    });
    this.#child.once('exit', () => ready.reject(new Error('a process of clients ended')));
    this.done.catch(() => undefined);
    this.#child.send(order);
  }
  /** Waits for all of its clients, or for so long. */
  async finish(patienceMs: number): Promise<void> {
    await within(this.done, patienceMs);
    if (this.atMs.length > 0) return;
    this.#child.send('report');
    await within(this.done, 5000);
  }
  leave(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Simulates. */
export const simulateKillSwitch = async ({
  clients,
  processes,
  patienceMs,
}: KillSwitchSimulation): Promise<KillSwitchSimulated> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-kill-switch-'));
  const gateway = await startOwnGateway(folder);
  const { configKeys } = gateway.trust();
  const options: HauberkOptions = {
    ...scope,
    service: 'api',
    endpoints: [gateway.url],
    trust: { configKeys, minConfigVersion: 1, buildTimeMs: 0 },
    timeoutMs: 30_000,
  };
  const shares = Array.from(
    { length: processes },
    (_, index) => Math.floor(clients / processes) + (index < clients % processes ? 1 : 0),
  );
  const crowds = shares
    .filter((share) => share > 0)
    .map((share) => new Crowd({ options, clients: share, whole: Math.ceil(share / wholeEvery), atATime: 32 }));
  try {
    await Promise.all(crowds.map(({ ready }) => ready));
    const spentBefore = process.cpuUsage();
    const calledMs = Date.now();
    const published = await gateway.directives.publish(scope, killPlan, { draft: 'ann', approve: 'ann' });
    if (!published.ok) throw new Error(published.code);
    await Promise.all(crowds.map((crowd) => crowd.finish(patienceMs)));
    const { user, system } = process.cpuUsage(spentBefore);
    const times = crowds.flatMap(({ atMs }) => atMs.map((at) => at - calledMs)).toSorted((one, other) => one - other);
    return {
      clients,
      connected: crowds.reduce((sum, { connected }) => sum + connected, 0),
      reached: times.length,
      p50Milliseconds: quantile(times, 0.5),
      p99Milliseconds: quantile(times, 0.99),
      maxMilliseconds: times.at(-1) ?? Number.NaN,
      gatewayCpuMilliseconds: Math.round((user + system) / 1000),
    };
  } finally {
    for (const crowd of crowds) crowd.leave();
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
