/** The client: `fetch` under HB/1. */
import { toBase64Url, utf8 } from '@hauberk/primitives';
import { type Call, type FetchInput, ownCall, readCall } from './call.ts';
import { ConfigKeeper } from './config-keeper.ts';
import type { CoreContext } from './core-context.ts';
import { unlessAborted } from './deadline.ts';
import { DeviceKeeper } from './device-keeper.ts';
import type { DirectiveKeeping, Directives } from './directive-port.ts';
import { EndpointList } from './endpoint-list.ts';
import type { OpenedReply } from './exchange.ts';
import { bestTime, openSession } from './handshake.ts';
import { HauberkError } from './hauberk-error.ts';
import type { EnqueueOptions, Journal, JournalView, QueuedRequest } from './journal-port.ts';
import { type HauberkOptions, HauberkOptionsError, type HostPorts, readEndpoints, readPinnedKeys } from './options.ts';
import { type PerformerParts, perform } from './performer.ts';
import type { HostBody } from './plain-call.ts';
import { sendPlain } from './plain-route.ts';
import { type ReportOptions, ReportQueue } from './report-queue.ts';
import { RetryBudget } from './retry-budget.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { HauberkStatus } from './status.ts';

/** A client of one service. */
export interface Hauberk {
  /** As the host's `fetch`, protected; docs/sdk.md has the table of what differs. */
  readonly fetch: (input: FetchInput, init?: RequestInit) => Promise<Response>;
  /** Opens the session before the first request needs it. */
  readonly connect: () => Promise<HauberkStatus>;
  readonly status: () => HauberkStatus;
  /** Puts a request into the journal, to be sent when the network is there; answers the entry's id. Needs the option `journal`. */
  readonly enqueue: (request: QueuedRequest, options?: EnqueueOptions) => Promise<string>;
  /** Says who is logged in: entries are theirs, and only theirs are sent. Undefined: nobody. */
  readonly owner: (customerRef: string | undefined) => Promise<void>;
  /** Lists, cancels and approves entries. */
  readonly journal: JournalView;
  /** Directives that are in force. Needs the option `directives`. */
  readonly directives: Directives;
  /** Queues a report of what the device observed. */
  readonly report: (kind: string, body: Readonly<Record<string, unknown>>, options?: ReportOptions) => void;
  /** Sends the queued reports now. */
  readonly flushReports: () => Promise<void>;
  /** Ends the session and every journal entry of the owner: its keys are forgotten and nothing resumes it. The device stays enrolled. */
  readonly logout: () => Promise<void>;
}

/** Statuses whose replies have no body by definition (Fetch standard, null body status). */
const nullBody: ReadonlySet<number> = new Set([101, 204, 205, 304]);

const responseOf = (reply: OpenedReply): Response => {
  const body = nullBody.has(reply.status) ? null : (reply.body as HostBody);
  const response = new Response(body, { status: reply.status, headers: reply.headers });
  // A constructed Response has no URL; callers of fetch expect one.
  Object.defineProperty(response, 'url', { value: reply.url });
  return response;
};

const openEndpoints = (options: HauberkOptions, { storage, clock }: HostPorts): EndpointList => {
  const shift = (held: Readonly<Record<string, number>>, ms: number): Record<string, number> =>
    Object.fromEntries(Object.entries(held).map(([origin, until]) => [origin, until + ms]));
  // A hint for the next start; a storage that fails stops no request.
  const remember = (): void => {
    storage.update('endpoints', () => shift(list.memory(), clock.wall())).catch(() => undefined);
  };
  const list: EndpointList = new EndpointList(readEndpoints(options.endpoints), clock.monotonic, remember);
  const recall = (held: Readonly<Record<string, number>> = {}): void => list.recall(shift(held, -clock.wall()));
  if (list.origins.length > 1) storage.read('endpoints').then(recall, () => undefined);
  return list;
};

const createContext = (options: HauberkOptions, ports: HostPorts): CoreContext => {
  const { timeoutMs = 30_000 } = options;
  return {
    options,
    configKeys: readPinnedKeys(options.trust),
    timeoutMs,
    minTimeoutMs: Math.min(timeoutMs, options.minTimeoutMs ?? 2000),
    attempts: options.attempts ?? 3,
    budget: new RetryBudget(ports.clock.monotonic),
    ports,
    endpoints: openEndpoints(options, ports),
    serverClock: undefined,
    announced: undefined,
  };
};

const optional = <Part>(part: Part | undefined, name: string): Part => {
  if (part !== undefined) return part;
  throw new HauberkOptionsError(`${name}: the option is not set`);
};

class Client implements Hauberk {
  readonly #context: CoreContext;
  readonly #config: ConfigKeeper;
  readonly #sessions: SessionKeeper;
  readonly #parts: PerformerParts;
  readonly #reports: ReportQueue;
  readonly #journal: Journal | undefined;
  readonly #directives: DirectiveKeeping | undefined;

  constructor(options: HauberkOptions, ports: HostPorts) {
    const crypto = options.device?.signing(ports.crypto) ?? ports.crypto;
    const context = createContext(options, { ...ports, crypto });
    const config = new ConfigKeeper(context);
    const device = new DeviceKeeper(context);
    const sessions = new SessionKeeper({ context, config, device }, () =>
      this.#tell(() => options.onSession?.(this.status())),
    );
    this.#context = context;
    this.#config = config;
    this.#sessions = sessions;
    this.#parts = { context, device, sessions };
    options.keys?.attach({
      ...this.#parts,
      hello: async () => (await openSession({ context, config, device })).client.core.deviceId,
      send: (path, type, text) => perform(this.#parts, ownCall(path, type, utf8(text), false)),
    });
    this.#journal = options.journal?.({
      context,
      connect: () => sessions.acquire(),
      read: (input, init) => this.#read(input, init),
      perform: (call) => perform(this.#parts, call),
    });
    this.#reports = new ReportQueue(context, (call) => perform(this.#parts, call), this.#journal);
    this.#directives = options.directives?.({
      context,
      config: () => config.current(),
      refreshConfig: () => config.refresh(),
      now: () => bestTime({ context, config, device }),
      report: this.report,
    });
    context.announced = this.#directives?.announced;
  }

  readonly fetch = async (input: FetchInput, init?: RequestInit): Promise<Response> => {
    try {
      return await this.#fetch(input, init);
    } catch (error) {
      if (error instanceof HauberkError) this.#tell(() => this.#context.options.onProblem?.(error));
      throw error;
    }
  };

  readonly connect = async (): Promise<HauberkStatus> => {
    await this.#sessions.acquire();
    return this.status();
  };

  readonly status = (): HauberkStatus => {
    const { ports, endpoints, serverClock } = this.#context;
    const session = this.#sessions.usable;
    return {
      session: session !== undefined ? 'open' : this.#sessions.isOpening ? 'opening' : 'none',
      deviceId: session?.client.core.deviceId,
      tier: session?.client.core.tier,
      configVersion: this.#config.known?.config.version,
      unboundReplies: this.#config.known?.config.routes.some(
        ({ mode, replies }) => mode !== 'plain' && replies === 'unbound',
      ),
      storage: ports.storage.isPersistent() ? 'persistent' : 'memory',
      endpoint: endpoints.current(),
      serverTimeMs: serverClock?.now(),
      waitingReports: this.#reports.size,
    };
  };

  readonly enqueue = async (request: QueuedRequest, options: EnqueueOptions = {}): Promise<string> =>
    this.journal.enqueue(request, options);

  readonly owner = async (customerRef: string | undefined): Promise<void> => this.journal.owner(customerRef);

  get journal(): Journal {
    return optional(this.#journal, 'journal');
  }

  get directives(): Directives {
    return optional(this.#directives, 'directives');
  }

  readonly report = (kind: string, body: Readonly<Record<string, unknown>>, options: ReportOptions = {}): void =>
    this.#reports.add(kind, body, options);

  readonly flushReports = (): Promise<void> => this.#reports.flush();

  readonly logout = async (): Promise<void> => {
    await this.#journal?.logout();
    await this.#sessions.end();
    await this.#context.ports.storage.remove('resume');
  };

  /** Calls the host back on its own time: what it throws there is its own, and stops no request. */
  #tell(call: () => void): void {
    queueMicrotask(call);
  }

  async #fetch(input: FetchInput, init: RequestInit | undefined): Promise<Response> {
    init?.signal?.throwIfAborted();
    const call = await this.#read(input, init);
    const isPlain = call.route.mode === 'plain';
    return responseOf(isPlain ? await sendPlain(this.#context, call) : await perform(this.#parts, call));
  }

  async #read(input: FetchInput, init: RequestInit | undefined): Promise<Call> {
    const { config } = await unlessAborted(this.#config.current(), init?.signal ?? undefined);
    const { endpoints, ports } = this.#context;
    const newKey = (): string => toBase64Url(ports.crypto.random(16));
    return readCall(config, endpoints.origins, newKey, input, init);
  }
}

/** Makes a client of options and a host's ports; the platform entries call it. */
export const createClient = (options: HauberkOptions, ports: HostPorts): Hauberk => new Client(options, ports);
