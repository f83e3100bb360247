/**
 * The worker threads: started one by one on one port, replaced when one dies, asked for their counters, drained. What workers share lies in
 * shared memory without locks, so a dead one leaves nothing held.
 */
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import type { DecisionText } from '../decision/decision-seed.ts';
import type { DirectiveSet } from '../directive/directive-sets.ts';
import { transferOf } from '../storage/index.ts';
import type { ChannelKeys } from './channel-state.ts';
import { ListenError } from './listen-error.ts';
import type { Log } from './log.ts';
import { type MetricsSnapshot, noQueues } from './metrics.ts';
import { joinSnapshots } from './prometheus.ts';
import type { FromWorker, ToWorker, WorkerSeed } from './worker-messages.ts';

/** What a pool needs. */
export interface WorkerPoolOptions {
  readonly count: number;
  readonly log: Log;
  /** Makes a worker's seed: with the present keys and configuration, and a storage port of its own. */
  readonly seed: (index: number, port: number, reusePort: boolean) => WorkerSeed;
  readonly program: URL;
  /** Told when a thread has ended, whatever ended it: what it held in shared memory is nobody's now. */
  readonly ended: (index: number) => void;
}

interface Member {
  readonly index: number;
  readonly worker: Worker;
  readonly startedAt: number;
  readonly exited: Promise<void>;
}

/** Codes of a platform that cannot share a port between threads. */
const noReusePort: ReadonlySet<string> = new Set(['ENOTSUP', 'EINVAL', 'ENOPROTOOPT']);
const shortestPauseMs = 100;
const longestPauseMs = 5000;
/** A worker that lived this long did not die of its start. */
const settledAfterMs = 30_000;
const metricsTimeoutMs = 2000;

/** Sharing a port would also share it with another gateway, which then got a part of our requests: a port in use is refused. */
const requireFreePort = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(new ListenError(error.code ?? '', error.message)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });

/** The workers of one gateway process. */
export class WorkerPool {
  #port = 0;
  #reusePort = true;
  #stopping = false;
  #restarts = 0;
  #pauseMs = shortestPauseMs;
  #ticket = 0;
  #buried: MetricsSnapshot[] = [];
  readonly #lastSeen = new Map<number, MetricsSnapshot>();
  readonly #members = new Map<number, Member>();
  /** Those that still start, too, with their end: a message waits for them, so that no change of keys is missed in between. */
  readonly #running = new Map<Worker, Promise<void>>();
  readonly #options: WorkerPoolOptions;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** The port that all workers share. */
  get port(): number {
    return this.#port;
  }

  /** Workers that accept requests now. */
  get listening(): number {
    return this.#members.size;
  }

  /** Workers that should: as configured, or one where the platform cannot share a port. */
  get wanted(): number {
    return this.#reusePort ? this.#options.count : 1;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Starts all workers; the first one chooses the port. */
  async start(host: string, port: number): Promise<void> {
    if (port !== 0) await requireFreePort(host, port);
    this.#port = port;
    await this.#startFirst();
    for (let index = 1; index < this.wanted; index += 1) await this.#spawn(index);
  }

  /** One listener more or less cannot share its port on every platform: then one worker serves alone. */
  async #startFirst(): Promise<void> {
    this.#reusePort = this.#options.count > 1;
    try {
      await this.#spawn(0);
    } catch (error) {
      if (!this.#reusePort || !(error instanceof ListenError) || !noReusePort.has(error.code)) throw error;
      this.#options.log.warn('listen.single', { error });
      this.#reusePort = false;
      await this.#spawn(0);
    }
  }

  #spawn(index: number): Promise<void> {
    const seed = this.#options.seed(index, this.#port, this.#reusePort);
    const worker = new Worker(this.#options.program, {
      workerData: seed,
      transferList: transferOf(seed.storage),
      // Configuration reached the main thread; a worker has no business with the environment. The seed holds what OpenTelemetry reads.
      env: {},
    });
    return new Promise((resolve, reject) => {
      const exited = new Promise<void>((ended) => {
        worker.once('exit', (code) => {
          this.#running.delete(worker);
          this.#options.ended(index);
          reject(new ListenError('worker-died', `worker ${index} ended with code ${code} before it listened`));
          this.#onExit(index, worker, code);
          ended();
        });
      });
      this.#running.set(worker, exited);
      worker.on('error', (error: unknown) => this.#options.log.error('worker.fault', { index, error }));
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'refused') reject(new ListenError(message.code, message.message));
        if (message.kind !== 'listening') return;
        this.#port = message.port;
        this.#options.log.debug('worker.listening', { index });
        this.#members.set(index, { index, worker, startedAt: performance.now(), exited });
        resolve();
      });
    });
  }

  #onExit(index: number, worker: Worker, code: number): void {
    const member = this.#members.get(index);
    if (member?.worker !== worker) return;
    this.#members.delete(index);
    const last = this.#lastSeen.get(index);
    if (last !== undefined)
      this.#buried = [
        joinSnapshots([
          ...this.#buried,
          { ...last, openConnections: 0, openRequests: 0, directiveStreams: 0, queues: noQueues, breakers: {} },
        ]),
      ];
    this.#lastSeen.delete(index);
    if (this.#stopping) return;
    this.#restarts += 1;
    const lived = performance.now() - member.startedAt;
    this.#pauseMs = lived > settledAfterMs ? shortestPauseMs : Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#options.log.error('worker.died', { index, code, restartInMs: this.#pauseMs });
    this.#restartLater(index);
  }

  #restartLater(index: number): void {
    setTimeout(() => {
      if (this.#stopping) return;
      this.#spawn(index).catch((error: unknown) => {
        this.#options.log.error('worker.restart-failed', { index, error });
        this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
        this.#restartLater(index);
      });
    }, this.#pauseMs).unref();
  }

  #broadcast(message: ToWorker): void {
    for (const worker of this.#running.keys()) worker.postMessage(message);
  }

  /** Posts new keys to every worker. */
  updateKeys(keys: ChannelKeys): void {
    this.#broadcast({ kind: 'keys', keys });
  }

  /** Posts a configuration that was judged to be one that may change while running. */
  updateConfig(config: Config): void {
    this.#broadcast({ kind: 'config', config });
  }

  /** Posts what apps are served now. */
  updateDirectives(sets: readonly DirectiveSet[]): void {
    this.#broadcast({ kind: 'directives', sets });
  }

  /** Posts what requests are decided by now. */
  updateDecisions(text: DecisionText): void {
    this.#broadcast({ kind: 'decisions', text });
  }

  /** Lets every worker open its log anew. */
  reopenLogs(): void {
    this.#broadcast({ kind: 'reopen' });
  }

  /** The counters of all workers, those that died included as they were last seen. */
  async snapshots(): Promise<readonly MetricsSnapshot[]> {
    this.#ticket += 1;
    const ticket = this.#ticket;
    await Promise.all([...this.#members.values()].map((member) => this.#ask(member, ticket)));
    return [...this.#lastSeen.values(), ...this.#buried];
  }

  #ask({ index, worker }: Member, ticket: number): Promise<void> {
    return new Promise((resolve) => {
      const listen = (message: FromWorker): void => {
        if (message.kind !== 'metrics' || message.ticket !== ticket) return;
        this.#lastSeen.set(index, message.snapshot);
        done();
      };
      const done = (): void => {
        clearTimeout(timer);
        worker.off('message', listen);
        worker.off('exit', done);
        resolve();
      };
      // A worker that is too busy to count is told by its last numbers; a scrape never hangs.
      const timer = setTimeout(done, metricsTimeoutMs);
      worker.on('message', listen);
      worker.once('exit', done);
      worker.postMessage({ kind: 'metrics', ticket } satisfies ToWorker);
    });
  }

  /** Ends one worker as a crash would; it is replaced. For operators and for attacks on the replay table. */
  async kill(index: number): Promise<boolean> {
    const member = this.#members.get(index);
    if (member === undefined) return false;
    await member.worker.terminate();
    await member.exited;
    return true;
  }

  /** Drains every worker and waits until all have ended. */
  async drain(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    const running = [...this.#running];
    this.#broadcast({ kind: 'drain', deadlineMs });
    // A worker that does not end by itself is ended: its requests had their deadline.
    const forced = setTimeout(() => {
      for (const [worker] of running) void worker.terminate();
    }, deadlineMs + 5000);
    await Promise.all(running.map(([, exited]) => exited));
    clearTimeout(forced);
  }
}
