/**
 * Directives on one worker thread: the sets that its apps are served, the clients that wait for the next, and the word that the next reply says of
 * them. Streams are bounded in number, and one that does not read is closed: it comes back where it was.
 */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { utf8 } from '@hauberk/primitives';
import type { DirectiveSet } from './directive-sets.ts';

/** Bounds of the streams of one thread. */
export interface FeedLimits {
  readonly directiveStreams: number;
  readonly directiveStreamsPerAddress: number;
}

/** A set as it is served. */
export interface ServedSet {
  readonly set: DirectiveSet;
  /** The file: what a network for delivery may keep as well. */
  readonly body: Uint8Array;
  /** Strong entity tag, quoted. */
  readonly etag: string;
}

/** Why a stream is not opened. */
export type StreamRefusal = 'directive.streams-full' | 'limit.address';

/** A client that waits. */
interface Listener {
  readonly name: string;
  readonly address: string;
  readonly response: ServerResponse;
  since: number;
}

/** Bytes that may wait for a client that does not read. */
const mostUnread = 262_144;
/** Shorter than what proxies and mobile networks leave idle connections. */
const heartbeatMs = 20_000;

/** A piece of a stream, made once for all who get it: as it is, and as a chunk (RFC 9112 section 7.1), for which node would make three writes. */
interface Piece {
  readonly plain: Buffer;
  readonly chunk: Buffer;
}

const pieceOf = (text: string): Piece => {
  const plain = Buffer.from(text);
  const chunk = Buffer.concat([Buffer.from(`${plain.length.toString(16)}\r\n`), plain, Buffer.from('\r\n')]);
  return { plain, chunk };
};

const heartbeat = pieceOf(':\n\n');

const nameOf = (organisation: string, app: string, service: string): string => `${organisation}\n${app}\n${service}`;

/** The file of a set. Only the documents in it are signed; what stands around them is a hint. */
export const setFile = ({ organisation, app, service, revision, documents }: DirectiveSet): string =>
  JSON.stringify({ v: 1, organisation, app, service, revision, documents: documents.map(({ document }) => document) });

const servedSet = (set: DirectiveSet): ServedSet => {
  const body = utf8(setFile(set));
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { set, body, etag };
};

/** The event that brings a client from one revision to the present one. */
const eventSince = ({ revision, documents }: DirectiveSet, since: number): Piece => {
  const news = documents.filter((each) => each.revision > since).map(({ document }) => document);
  return pieceOf(`id: ${revision}\nevent: directives\ndata: ${JSON.stringify({ revision, documents: news })}\n\n`);
};

/** The feed. */
export class DirectiveFeed {
  #served: ReadonlyMap<string, ServedSet> = new Map();
  #announced: ReadonlyMap<string, string> = new Map();
  readonly #listeners = new Set<Listener>();
  readonly #addresses = new Map<string, number>();
  readonly #limits: () => FeedLimits;
  readonly #organisation: string;
  readonly #beat: NodeJS.Timeout;

  constructor(organisation: string, limits: () => FeedLimits, sets: readonly DirectiveSet[]) {
    this.#organisation = organisation;
    this.#limits = limits;
    this.#beat = setInterval(() => this.#beatAll(), heartbeatMs).unref();
    this.update(sets);
  }

  /** Clients that wait. */
  get streams(): number {
    return this.#listeners.size;
  }

  /** What an app is served. */
  find(organisation: string, app: string, service: string): ServedSet | undefined {
    return this.#served.get(nameOf(organisation, app, service));
  }

  /** The revision that replies to an app name; undefined before the first directive. */
  announcement(app: string, service: string): string | undefined {
    return this.#announced.get(nameOf(this.#organisation, app, service));
  }

  /** Takes new sets over and tells who waits for them. */
  update(sets: readonly DirectiveSet[]): void {
    const names = sets.map((set) => nameOf(set.organisation, set.app, set.service));
    this.#served = new Map(sets.map((set, index) => [names[index] ?? '', servedSet(set)]));
    this.#announced = new Map(
      sets.flatMap(({ revision }, index) => (revision > 0 ? [[names[index] ?? '', String(revision)] as const] : [])),
    );
    const events = new Map<string, Piece>();
    for (const listener of this.#listeners) {
      const set = this.#served.get(listener.name)?.set;
      if (set === undefined || set.revision <= listener.since) continue;
      const key = `${listener.since}\n${listener.name}`;
      const event = events.get(key) ?? eventSince(set, listener.since);
      events.set(key, event);
      listener.since = set.revision;
      this.#send(listener, event);
    }
  }

  /** Whether one more stream may be opened from an address. */
  refusal(address: string): StreamRefusal | undefined {
    const { directiveStreams, directiveStreamsPerAddress } = this.#limits();
    if (this.#listeners.size >= directiveStreams) return 'directive.streams-full';
    return (this.#addresses.get(address) ?? 0) >= directiveStreamsPerAddress ? 'limit.address' : undefined;
  }

  /** Serves a stream whose head is on its way: what is newer than `since` at once, and everything after when it comes. */
  open({ set }: ServedSet, since: number, address: string, response: ServerResponse): void {
    const name = nameOf(set.organisation, set.app, set.service);
    const listener: Listener = { name, address, response, since: Math.min(since, set.revision) };
    this.#listeners.add(listener);
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1);
    response.once('close', () => this.#leave(listener));
    // A client learns at once that the way is open, and from where.
    this.#send(listener, set.revision > since ? eventSince(set, since) : heartbeat);
    listener.since = set.revision;
  }

  /** Ends every stream. */
  close(): void {
    clearInterval(this.#beat);
    for (const { response } of this.#listeners) response.end();
  }

  #send({ response }: Listener, { plain, chunk }: Piece): void {
    const { socket } = response;
    if (Math.max(response.writableLength, socket?.writableLength ?? 0) > mostUnread) response.destroy();
    // A reply that waits for the one before it has no socket yet; a client of HTTP/1.0 knows no chunks.
    else if (socket === null || !response.chunkedEncoding) response.write(plain);
    else if (!socket.destroyed) socket.write(chunk);
  }

  #beatAll(): void {
    for (const listener of this.#listeners) this.#send(listener, heartbeat);
  }

  #leave(listener: Listener): void {
    if (!this.#listeners.delete(listener)) return;
    const left = (this.#addresses.get(listener.address) ?? 1) - 1;
    if (left > 0) this.#addresses.set(listener.address, left);
    else this.#addresses.delete(listener.address);
  }
}
