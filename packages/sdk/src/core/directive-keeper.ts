/**
 * Keeps the directives of one client: fetched, streamed, announced in replies, kept over restarts. None is believed before its signature and
 * its scope are, and what came from the cache is verified like what came from the network.
 */
import { type Directive, endpoint, readDirective } from '@hauberk/channel/client';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import { bucketInput, bucketOf } from '@hauberk/rollout/client';
import { openDeadline, unheld } from './deadline.ts';
import { DirectiveBook, type DirectiveClient, type Judged } from './directive-book.ts';
import type {
  DirectiveHost,
  DirectiveInForce,
  DirectiveKeeping,
  DirectivePlug,
  DirectiveStatus,
} from './directive-port.ts';
import { streamEvents } from './event-stream.ts';
import { readMembers } from './outer-problem.ts';
import { callPlain, collect } from './plain-call.ts';
import { watchHealth } from './session-health.ts';
import { TransportFault } from './transport.ts';

/** What the app says of itself, and how directives come. */
export interface DirectiveOptions {
  /** Version of the app, up to four numbers with dots between; without it no range of versions means this app. */
  readonly appVersion?: string;
  /** Cohorts that this installation is in, by the app's own word. */
  readonly cohorts?: readonly string[];
  /** Whether a stream is held open; true unless told. Otherwise directives come with announcements and polls. */
  readonly stream?: boolean;
  /** How often the file is asked for while no stream is open, in milliseconds; 300,000 unless told, 0 for never. */
  readonly pollMs?: number;
  /** URLs of copies of the file on other hosts, asked when no origin answers. What they say is verified like everything. */
  readonly mirrors?: readonly string[];
}

/** What counts as a dead stream, in milliseconds: two missed heartbeats. */
const silenceMs = 45_000;
const shortestWaitMs = 1000;
const longestWaitMs = 60_000;
/** Most documents of one file or event, and most characters of one. */
const maxDocuments = 256;
const maxDocument = 65_536;
/** Timers of hosts overflow beyond this. */
const longestTimerMs = 2_000_000_000;
/** Most refusals that a start reports. */
const mostReports = 16;
const maxFile = 1_048_576;

type Listener = (directive: DirectiveInForce | undefined) => void;

interface Subscription {
  readonly kind: string;
  readonly listener: Listener;
  /** What it was told last; undefined before the first word. */
  told: string | undefined;
}

interface Batch {
  readonly revision: number;
  readonly documents: readonly string[];
}

const readBatch = (text: string): Batch => {
  const { revision, documents } = readMembers(text);
  const list: readonly unknown[] = Array.isArray(documents) ? documents.slice(0, maxDocuments) : [];
  return {
    revision: typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0 ? revision : 0,
    documents: list.filter((each): each is string => typeof each === 'string' && each.length <= maxDocument),
  };
};

const inForce = ({ directive, body }: Judged): DirectiveInForce => {
  const { id, kind, kindVersion, version, expiresAtMs } = directive;
  return { id, kind, kindVersion, version, expiresAtMs, body };
};

class Keeper implements DirectiveKeeping {
  readonly #host: DirectiveHost;
  readonly #options: DirectiveOptions;
  readonly #book: DirectiveBook;
  readonly #subscriptions = new Set<Subscription>();
  readonly #buckets = new Map<string, number>();
  readonly #refused: Record<string, number> = {};
  readonly #reported = new Set<string>();
  readonly #ending = new AbortController();
  readonly #loaded: Promise<void>;
  readonly health: DirectiveKeeping['health'];
  #deviceId: string | undefined;
  #inForce: ReadonlyMap<string, Judged> = new Map();
  #isKnown = false;
  #isConnected = false;
  #revision = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #refreshing: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: DirectiveHost, options: DirectiveOptions) {
    const { organisation, app, service } = host.context.options;
    const { appVersion, cohorts = [] } = options;
    const client: DirectiveClient = { organisation, app, service, appVersion, cohorts };
    this.#host = host;
    this.#options = options;
    this.#book = new DirectiveBook(client, {});
    this.#loaded = this.#inTurn(() => this.#load()).catch(() => undefined);
    this.health = watchHealth(host, () => this.#loaded, { appVersion, cohorts, revision: () => this.#revision });
    this.#run().catch(() => undefined);
  }

  readonly subscribe: DirectiveKeeping['subscribe'] = (kind, listener) => {
    const subscription: Subscription = { kind, listener: listener as Listener, told: undefined };
    this.#subscriptions.add(subscription);
    if (this.#isKnown) this.#tell(subscription);
    return () => void this.#subscriptions.delete(subscription);
  };

  readonly status = (): DirectiveStatus => ({
    isConnected: this.#isConnected,
    revision: this.#revision,
    kinds: [...this.#inForce.keys()],
    refused: { ...this.#refused },
  });

  readonly refresh = (): Promise<void> => {
    this.#refreshing ??= this.#fetch().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  };

  readonly announced = (revision: string): void => {
    const told = /^\d{1,15}$/.test(revision) ? Number(revision) : 0;
    // The device may have got its id only now: then it may be in a share that it was not in before.
    if (this.#deviceId === undefined) this.#later(() => this.#judge());
    if (told > this.#revision) this.refresh().catch(() => undefined);
  };

  readonly stop = (): void => {
    this.#ending.abort();
    clearTimeout(this.#timer);
  };

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const next = this.#turn.then(work, work);
    this.#turn = next.catch(() => undefined);
    return next;
  }

  #later(work: () => Promise<void>): void {
    this.#inTurn(work).catch(() => undefined);
  }

  /** What an earlier start kept is verified anew: whoever can write the storage cannot sign. */
  async #load(): Promise<void> {
    const { storage } = this.#host.context.ports;
    const held = await storage.read('directives').catch(() => undefined);
    if (held !== undefined) {
      this.#book.raise(held.floors);
      this.#revision = held.revision;
      await this.#verifyAll(held.documents, false).catch(() => undefined);
    }
    await this.#judge();
  }

  async #now(): Promise<EpochMs> {
    return epochMs(Math.floor(await this.#host.now()));
  }

  /** Takes a batch in. Only one that an origin gave moves the revision: a mirror could make it up. */
  #take(batch: Batch, isOrigin: boolean): Promise<void> {
    return this.#inTurn(async () => {
      await this.#verifyAll(batch.documents, true);
      if (isOrigin) this.#revision = batch.revision;
      await this.#judge();
      await this.#keep();
    });
  }

  async #verifyAll(documents: readonly string[], mayFetch: boolean): Promise<void> {
    let { config } = await this.#host.config();
    let isFresh = !mayFetch;
    const now = await this.#now();
    for (const document of documents) {
      let read = readDirective(config.directiveKeys, document);
      if (!read.ok && read.code === 'document.unknown-key' && !isFresh) {
        isFresh = true;
        config = (await this.#host.refreshConfig().catch(() => undefined))?.config ?? config;
        read = readDirective(config.directiveKeys, document);
      }
      if (!read.ok) {
        this.#refuse(read.code, undefined);
        continue;
      }
      const { directive, document: signed, publicKey } = read.value;
      const isGenuine = await this.#host.context.ports.crypto.verify(publicKey, signed.signedBytes, signed.signature);
      const taken = isGenuine ? this.#book.take({ directive, document }, now) : undefined;
      if (taken?.ok !== true) this.#refuse(taken?.code ?? 'document.signature', isGenuine ? directive : undefined);
    }
  }

  /** Counts a refusal, and reports each kind of it once: nothing that a stranger wrote is repeated. */
  #refuse(code: string, genuine: Directive | undefined): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
    const { kind = '', kindVersion = 0, version = 0 } = genuine ?? {};
    const name = `${code} ${kind} ${kindVersion}`;
    if (this.#reported.has(name) || this.#reported.size >= mostReports) return;
    this.#reported.add(name);
    this.#host.report('directive.refused', { code, kind, kindVersion, version }, { loss: 'may-drop' });
  }

  async #bucketsFor(salts: readonly string[]): Promise<void> {
    const { storage, crypto } = this.#host.context.ports;
    this.#deviceId ??= (await storage.read('identity').catch(() => undefined))?.deviceId ?? undefined;
    if (this.#deviceId === undefined) return;
    for (const salt of salts)
      if (!this.#buckets.has(salt))
        this.#buckets.set(salt, bucketOf(await crypto.sha256(bucketInput(salt, this.#deviceId))));
  }

  async #judge(): Promise<void> {
    const now = await this.#now();
    await this.#bucketsFor(this.#book.salts());
    this.#inForce = this.#book.judge(now, (salt) => this.#buckets.get(salt));
    this.#isKnown = true;
    for (const subscription of this.#subscriptions) this.#tell(subscription);
    clearTimeout(this.#timer);
    const next = this.#book.nextChange(now);
    if (next === undefined || this.#ending.signal.aborted) return;
    this.#timer = unheld(setTimeout(() => this.#later(() => this.#judge()), Math.min(longestTimerMs, next - now)));
  }

  #tell(subscription: Subscription): void {
    const judged = this.#inForce.get(subscription.kind);
    const name = judged === undefined ? 'none' : `${judged.directive.id} ${judged.directive.version}`;
    if (subscription.told === name) return;
    subscription.told = name;
    const directive = judged === undefined ? undefined : inForce(judged);
    queueMicrotask(() => {
      if (this.#subscriptions.has(subscription)) subscription.listener(directive);
    });
  }

  async #keep(): Promise<void> {
    const { storage } = this.#host.context.ports;
    const documents = this.#book.documents();
    const revision = this.#revision;
    // A storage that fails costs the next start its directives, not this one.
    const kept = await storage
      .update('directives', (held) => {
        this.#book.raise(held?.floors ?? {});
        return { revision, documents, floors: { ...this.#book.floors } };
      })
      .catch(() => undefined);
    if (kept !== undefined) this.#book.raise(kept.floors);
  }

  #query(more: Readonly<Record<string, string>>): string {
    const { organisation, app, service } = this.#host.context.options;
    return new URLSearchParams({ organisation, app, service, ...more }).toString();
  }

  async #fetch(): Promise<void> {
    try {
      // The number keeps caches on the way from answering with an older copy.
      const path = `${endpoint.directives}?${this.#query({ at: String(this.#revision) })}`;
      const answer = await callPlain(this.#host.context, path, undefined, async (offered) => 'text' in offered);
      if ('text' in answer) return await this.#take(readBatch(answer.text), true);
      throw new TransportFault('wait', answer.problem.code);
    } catch (error) {
      for (const mirror of this.#options.mirrors ?? []) {
        const text = await this.#fetchMirror(mirror).catch(() => undefined);
        if (text !== undefined) return this.#take(readBatch(text), false);
      }
      throw error;
    }
  }

  async #fetchMirror(url: string): Promise<string> {
    const { ports, timeoutMs } = this.#host.context;
    const { signal, release } = openDeadline(this.#ending.signal, timeoutMs);
    try {
      const reply = await ports.transport.send({
        url,
        method: 'GET',
        headers: {},
        body: undefined,
        signal,
        options: {},
      });
      const bytes = await collect(reply.body);
      if (reply.status !== 200 || bytes.length > maxFile) throw new TransportFault('wait', `status ${reply.status}`);
      return new TextDecoder().decode(bytes);
    } finally {
      release();
    }
  }

  /** Holds a stream open, or asks now and then; for as long as the client lives. */
  async #run(): Promise<void> {
    await this.#loaded;
    const { stream = true, pollMs = 300_000 } = this.#options;
    let waitMs = shortestWaitMs;
    let askAt = Number.NEGATIVE_INFINITY;
    while (!this.#ending.signal.aborted) {
      const began = this.#monotonic();
      const retryMs = stream ? await this.#follow().catch(() => undefined) : 0;
      if (this.#ending.signal.aborted) return;
      // A stream that lived for a while was a good one.
      if (this.#monotonic() - began > longestWaitMs) waitMs = shortestWaitMs;
      if (this.#monotonic() >= askAt) {
        askAt = pollMs > 0 ? this.#monotonic() + pollMs : Number.POSITIVE_INFINITY;
        await this.refresh().catch(() => undefined);
      }
      if (!stream && pollMs === 0) return;
      const rest = stream ? Math.max(retryMs ?? 0, waitMs) : pollMs;
      waitMs = Math.min(longestWaitMs, waitMs * 2);
      await this.#rest(rest * (0.75 + this.#draw() / 2));
    }
  }

  /** Sleeps, and holds no process awake. */
  #rest(ms: number): Promise<void> {
    const { signal } = this.#ending;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = unheld(setTimeout(end, ms));
      signal.addEventListener('abort', end);
    });
  }

  #monotonic(): number {
    return this.#host.context.ports.clock.monotonic();
  }

  #draw(): number {
    const [draw = 0] = this.#host.context.ports.crypto.random(1);
    return draw / 255;
  }

  /** One stream, to its end. Answers how long the gateway asked to be left alone, in milliseconds. */
  async #follow(): Promise<number> {
    const { context } = this.#host;
    const { ports, endpoints, timeoutMs } = context;
    const silence = openDeadline(this.#ending.signal, timeoutMs);
    const { signal } = silence;
    const url = `${endpoints.current()}${endpoint.directiveStream}?${this.#query({ revision: String(this.#revision) })}`;
    try {
      const headers = { accept: 'text/event-stream' };
      const reply = await ports.transport.send({ url, method: 'GET', headers, body: undefined, signal, options: {} });
      if (reply.status !== 200 || reply.body === null) {
        await reply.body?.cancel();
        return Math.min(3600, Number(reply.headers['retry-after'] ?? 0) || 0) * 1000;
      }
      this.#isConnected = true;
      for await (const { event, data } of streamEvents(reply.body, () => silence.extend(silenceMs)))
        if (event === 'directives') await this.#take(readBatch(data), true);
      return 0;
    } finally {
      silence.release();
      this.#isConnected = false;
    }
  }
}

/** The directives of a client, for its option `directives`. */
export const openDirectives =
  (options: DirectiveOptions = {}): DirectivePlug =>
  (host) =>
    new Keeper(host, options);
