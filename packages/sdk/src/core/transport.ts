/** The network port: one HTTP exchange, never a redirect, never a cache. */
import type { FailurePhase } from './hauberk-error.ts';

/** Options of a fetch call that the transport passes on as they are. */
export type PassedOptions = Pick<RequestInit, 'credentials' | 'keepalive' | 'referrerPolicy'>;

/** One request as it goes out. */
export interface TransportRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for methods without a body. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | undefined;
  readonly signal: AbortSignal;
  readonly options: PassedOptions;
}

/** One reply as it came. Header names are lower case. */
export interface TransportReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array> | null;
}

/** The port. */
export interface Transport {
  /** Whether a request body may go out as a stream; otherwise it is collected first. */
  readonly streamsRequests: boolean;
  /** @throws TransportFault when no reply came; the signal's reason when it was aborted. */
  readonly send: (request: TransportRequest) => Promise<TransportReply>;
}

/** No reply came. `phase` says how far the request got. */
export class TransportFault extends Error {
  override readonly name = 'TransportFault';
  readonly phase: FailurePhase;
  constructor(phase: FailurePhase, cause: unknown) {
    super(`no reply (${phase})`, { cause });
    this.phase = phase;
  }
}
