/** The client: `fetch` under HB/1. */
import { toBase64Url } from '@hauberk/primitives';
import { type FetchInput, readCall } from './call.ts';
import { ConfigKeeper } from './config-keeper.ts';
import type { CoreContext } from './core-context.ts';
import { unlessAborted } from './deadline.ts';
import { DeviceKeeper } from './device-keeper.ts';
import { EndpointList } from './endpoint-list.ts';
import type { OpenedReply } from './exchange.ts';
import { HauberkError } from './hauberk-error.ts';
import { type HauberkOptions, type HostPorts, readEndpoints, readPinnedKeys } from './options.ts';
import { type PerformerParts, perform } from './performer.ts';
import type { HostBody } from './plain-call.ts';
import { sendPlain } from './plain-route.ts';
import { type ReportOptions, ReportQueue } from './report-queue.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { HauberkStatus } from './status.ts';

/** A client of one service. */
export interface Hauberk {
  /** As the host's `fetch`, protected; docs/sdk.md has the table of what differs. */
  readonly fetch: (input: FetchInput, init?: RequestInit) => Promise<Response>;
  /** Opens the session before the first request needs it. */
  readonly connect: () => Promise<HauberkStatus>;
  readonly status: () => HauberkStatus;
  /** Queues a report of what the device observed. */
  readonly report: (kind: string, body: Readonly<Record<string, unknown>>, options?: ReportOptions) => void;
  /** Sends the queued reports now. */
  readonly flushReports: () => Promise<void>;
  /** Ends the session: its keys are forgotten and nothing resumes it. The device stays enrolled. */
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

const createContext = (options: HauberkOptions, ports: HostPorts): CoreContext => ({
  options,
  configKeys: readPinnedKeys(options.trust),
  timeoutMs: options.timeoutMs ?? 30_000,
  attempts: options.attempts ?? 3,
  ports,
  endpoints: new EndpointList(readEndpoints(options.endpoints), ports.clock.monotonic),
  serverClock: undefined,
});

class Client implements Hauberk {
  readonly #context: CoreContext;
  readonly #config: ConfigKeeper;
  readonly #sessions: SessionKeeper;
  readonly #parts: PerformerParts;
  readonly #reports: ReportQueue;

  constructor(options: HauberkOptions, ports: HostPorts) {
    const context = createContext(options, ports);
    const config = new ConfigKeeper(context);
    const device = new DeviceKeeper(context);
    const sessions = new SessionKeeper({ context, config, device }, () =>
      this.#tell(() => options.onSession?.(this.status())),
    );
    this.#context = context;
    this.#config = config;
    this.#sessions = sessions;
    this.#parts = { context, device, sessions };
    this.#reports = new ReportQueue(context, (call) => perform(this.#parts, call));
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
      storage: ports.storage.isPersistent() ? 'persistent' : 'memory',
      endpoint: endpoints.current(),
      serverTimeMs: serverClock?.now(),
      waitingReports: this.#reports.size,
    };
  };

  readonly report = (kind: string, body: Readonly<Record<string, unknown>>, options: ReportOptions = {}): void =>
    this.#reports.add(kind, body, options);

  readonly flushReports = (): Promise<void> => this.#reports.flush();

  readonly logout = async (): Promise<void> => {
    await this.#sessions.end();
    await this.#context.ports.storage.remove('resume');
  };

  /** Calls the host back on its own time: what it throws there is its own, and stops no request. */
  #tell(call: () => void): void {
    queueMicrotask(call);
  }

  async #fetch(input: FetchInput, init: RequestInit | undefined): Promise<Response> {
    init?.signal?.throwIfAborted();
    const { config } = await unlessAborted(this.#config.current(), init?.signal ?? undefined);
    const { endpoints, ports } = this.#context;
    const newKey = (): string => toBase64Url(ports.crypto.random(16));
    const call = await readCall(config, endpoints.origins, newKey, input, init);
    const isPlain = call.route.mode === 'plain';
    return responseOf(isPlain ? await sendPlain(this.#context, call) : await perform(this.#parts, call));
  }
}

/** Makes a client of options and a host's ports; the platform entries call it. */
export const createClient = (options: HauberkOptions, ports: HostPorts): Hauberk => new Client(options, ports);
