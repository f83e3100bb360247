/**
 * Connections to one upstream for exchanges in one piece: the whole request is written at once, the whole reply collected. That is what nearly
 * every request of an API is, and a client that does only this costs a fraction of a general one. Nothing is ever sent twice.
 */
import { connect as connectTcp, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type ReadState, type ReplyFault, ReplyReader, type WholeReply } from './reply-reader.ts';
import { unwatch, type Watched, watch } from './sweeper.ts';

/** Why an exchange failed: no connection, a connection that broke, or a reply that is refused. */
export type ExchangeFault = 'unreachable' | 'reset' | ReplyFault;

/** One exchange. Exactly one of `onReply` and `onFault` is called, unless it is given up before. */
export interface PooledExchange {
  readonly method: string;
  /** Longest reply body, in bytes. */
  readonly replyCap: number;
  /** The request line and the headers, without the empty line behind them. */
  readonly head: string;
  readonly body: Uint8Array | undefined;
  /** Called right before the first byte is written; `false` means it is not wanted any more and nothing is written. */
  onStart(abort: () => void): boolean;
  onReply(reply: WholeReply): void;
  onFault(fault: ExchangeFault, detail: string): void;
}

/** Certificates and trust of a TLS upstream; node's own when absent. */
export interface UpstreamTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** How the upstream is reached. */
export interface ExchangePoolOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly lookup?: LookupFunction;
  readonly tls?: UpstreamTls;
}

/** Bodies up to this length are copied behind the head: one write of a text costs less than one of two pieces. */
const joinedBytes = 8192;

/** What the kernel has for a connection is read into here and used up before anything else is read: all connections of a thread share it. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

const errorCode = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.name;
};

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Seconds that an upstream says it keeps an idle connection (`Keep-Alive: timeout=5`). */
const keptSeconds = ({ headers }: WholeReply): number | undefined => {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== 'keep-alive') continue;
    const match = /\btimeout=(\d{1,5})\b/.exec(headers[index + 1] ?? '');
    return match === null ? undefined : Number(match[1]);
  }
  return undefined;
};

interface Carrier {
  readonly open: (connection: Connection) => Socket;
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  /** The connection is there, or free again. */
  readonly onFree: (connection: Connection) => void;
  /** It is gone; `detail` says why it never was there. */
  readonly onGone: (connection: Connection, detail: string | undefined) => void;
}

/** One connection, with at most one exchange at a time. */
class Connection implements Watched {
  place = -1;
  isOpen = false;
  /** When it must not be used any more, on the monotonic clock. */
  idleUntil = 0;
  private readonly carrier: Carrier;
  private readonly socket: Socket;
  private readonly connectBy: number;
  private exchange: PooledExchange | undefined;
  private reader: ReplyReader | undefined;
  private fault = '';

  constructor(carrier: Carrier) {
    this.carrier = carrier;
    this.connectBy = performance.now() + carrier.connectTimeoutMs;
    this.socket = carrier.open(this);
    this.socket.on('error', (error) => {
      this.fault = errorCode(error);
    });
    this.socket.on('end', () => this.onEnd());
    this.socket.on('close', () => this.onClose());
    watch(this);
  }

  /** Only until it is connected: an exchange watches its own deadline. */
  check(now: number): void {
    if (now > this.connectBy) this.destroy('no connection in time');
  }

  onConnected(): void {
    unwatch(this);
    this.isOpen = true;
    this.carrier.onFree(this);
  }

  isUsable(now: number): boolean {
    return now < this.idleUntil && !this.socket.destroyed && this.socket.writable && !this.socket.readableEnded;
  }

  /** Writes the request; false when it was not wanted any more. */
  start(exchange: PooledExchange): boolean {
    if (!exchange.onStart(() => this.destroy('given up'))) return false;
    this.exchange = exchange;
    this.reader = new ReplyReader(exchange.method === 'HEAD', exchange.replyCap);
    const { head, body } = exchange;
    if (body === undefined) this.socket.write(`${head}\r\n`, 'latin1');
    else if (body.length <= joinedBytes)
      this.socket.write(`${head}content-length: ${body.length}\r\n\r\n${latin1(body)}`, 'latin1');
    else {
      this.socket.cork();
      this.socket.write(`${head}content-length: ${body.length}\r\n\r\n`, 'latin1');
      this.socket.write(body);
      this.socket.uncork();
    }
    return true;
  }

  onBytes(bytes: Buffer): void {
    // Bytes that nobody asked for: nothing on this connection can be believed any more.
    if (this.reader === undefined) this.destroy('unasked bytes');
    else this.advance(this.reader, this.reader.push(bytes));
  }

  destroy(detail: string): void {
    this.fault ||= detail;
    this.exchange = undefined;
    this.reader = undefined;
    this.socket.destroy();
  }

  private advance(reader: ReplyReader, state: ReadState): void {
    if (state === 'more') return;
    const { exchange } = this;
    if (state !== 'done') {
      this.destroy(state);
      exchange?.onFault(state, 'refused reply');
      return;
    }
    const reply = reader.reply();
    this.exchange = undefined;
    this.reader = undefined;
    const { keepAliveMs } = this.carrier;
    const seconds = keptSeconds(reply);
    // A second less than the upstream says: its close must not cross our next request.
    const idleMs = seconds === undefined ? keepAliveMs : Math.min(keepAliveMs, (seconds - 1) * 1000);
    this.idleUntil = performance.now() + idleMs;
    // A request that is still being written belongs to the past: what follows it would be read as its rest.
    if (reply.isReusable && idleMs > 0 && this.socket.writableLength === 0) this.carrier.onFree(this);
    else this.socket.destroy();
    exchange?.onReply(reply);
  }

  private onEnd(): void {
    const { reader } = this;
    if (reader?.end() === 'done') this.advance(reader, 'done');
  }

  private onClose(): void {
    unwatch(this);
    const { exchange } = this;
    this.exchange = undefined;
    this.reader = undefined;
    this.carrier.onGone(this, this.isOpen ? undefined : this.fault || 'closed');
    exchange?.onFault('reset', this.fault || 'closed');
  }
}

const openSocket = (options: ExchangePoolOptions, session: TlsSession): ((connection: Connection) => Socket) => {
  const { protocol, hostname, port } = new URL(options.origin);
  const host = hostname.replace(/^\[|\]$/g, '');
  const lookup = options.lookup === undefined ? {} : { lookup: options.lookup };
  const common = { host, noDelay: true, keepAlive: true, ...lookup };
  if (protocol === 'https:')
    return (connection) => openTls(connection, options, { ...common, port: port === '' ? 443 : Number(port) }, session);
  return (connection) => {
    const callback = (length: number): boolean => {
      connection.onBytes(readBuffer.subarray(0, length));
      return true;
    };
    const socket = connectTcp({
      ...common,
      port: port === '' ? 80 : Number(port),
      onread: { buffer: readBuffer, callback },
    });
    socket.once('connect', () => connection.onConnected());
    return socket;
  };
};

/** The last TLS session of an upstream, offered again. */
interface TlsSession {
  last: Buffer | undefined;
}

const openTls = (
  connection: Connection,
  { tls = {} }: ExchangePoolOptions,
  common: { readonly host: string; readonly port: number },
  session: TlsSession,
): TLSSocket => {
  const servername = /^[\d.]+$|:/.test(common.host) ? {} : { servername: common.host };
  const resumed = session.last === undefined ? {} : { session: session.last };
  const socket = connectTls({ ...common, ...servername, ...tls, ...resumed, ALPNProtocols: ['http/1.1'] });
  socket.on('session', (bytes: Buffer) => {
    session.last = bytes;
  });
  socket.on('data', (bytes: Buffer) => connection.onBytes(bytes));
  socket.once('secureConnect', () => connection.onConnected());
  return socket;
};

/** The pool. */
export class ExchangePool implements Watched {
  place = -1;
  private readonly most: number;
  private readonly carrier: Carrier;
  private readonly idle: Connection[] = [];
  private readonly all = new Set<Connection>();
  private waiting: PooledExchange[] = [];
  private connecting = 0;
  private closed: (() => void) | undefined;

  constructor(options: ExchangePoolOptions) {
    this.most = options.connections;
    this.carrier = {
      open: openSocket(options, { last: undefined }),
      keepAliveMs: options.keepAliveTimeoutMs,
      connectTimeoutMs: options.connectTimeoutMs,
      onFree: (connection) => this.onFree(connection),
      onGone: (connection, detail) => this.onGone(connection, detail),
    };
    watch(this);
  }

  /** Sends an exchange as soon as a connection is free. */
  send(exchange: PooledExchange): void {
    const now = performance.now();
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (!connection.isUsable(now)) connection.destroy('idle for too long');
      else if (connection.start(exchange)) return;
      else {
        this.idle.push(connection);
        return;
      }
    }
    this.waiting.push(exchange);
    this.connectMore();
  }

  /** Takes back an exchange that waits; one that is on its way is aborted by what `onStart` got. */
  withdraw(exchange: PooledExchange): void {
    const at = this.waiting.indexOf(exchange);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  /** Closes what has been idle for too long. */
  check(now: number): void {
    for (let index = this.idle.length - 1; index >= 0; index -= 1) {
      const connection = this.idle[index];
      if (connection === undefined || connection.isUsable(now)) continue;
      this.idle.splice(index, 1);
      connection.destroy('idle for too long');
    }
  }

  /** Lets exchanges under way end, for at most `graceMs`; new ones are not taken. */
  async close(graceMs: number): Promise<void> {
    unwatch(this);
    for (const connection of this.idle.splice(0)) connection.destroy('closed');
    if (this.all.size === 0) return;
    const forced = setTimeout(() => {
      for (const connection of this.all) connection.destroy('closed');
    }, graceMs);
    await new Promise<void>((resolve) => {
      this.closed = resolve;
    });
    clearTimeout(forced);
  }

  private connectMore(): void {
    while (this.connecting < this.waiting.length && this.all.size < this.most && this.closed === undefined) {
      this.connecting += 1;
      this.all.add(new Connection(this.carrier));
    }
  }

  private onFree(connection: Connection): void {
    if (connection.idleUntil === 0) {
      this.connecting -= 1;
      connection.idleUntil = performance.now() + this.carrier.keepAliveMs;
    }
    for (let exchange = this.waiting.shift(); exchange !== undefined; exchange = this.waiting.shift())
      if (connection.start(exchange)) return;
    if (this.closed !== undefined) connection.destroy('closed');
    else this.idle.push(connection);
  }

  private onGone(connection: Connection, detail: string | undefined): void {
    this.all.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    if (detail !== undefined) this.onUnreached(detail);
    if (this.all.size === 0) this.closed?.();
    this.connectMore();
  }

  /** Nobody who waits is served by an upstream that cannot be reached; with other connections at work they may still be. */
  private onUnreached(detail: string): void {
    this.connecting -= 1;
    const lost = this.all.size > this.connecting ? this.waiting.splice(0, 1) : this.waiting.splice(0);
    for (const exchange of lost) exchange.onFault('unreachable', detail);
  }
}
