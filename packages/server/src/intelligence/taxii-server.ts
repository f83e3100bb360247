/** The server of TAXII 2.1: one API root with the collections of the configuration. What a caller may not read is not there. */
import { randomUUID } from 'node:crypto';
import { type ReadObjects, readEnvelope, type StixObject } from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import {
  acceptsTaxii,
  isTaxiiBody,
  maxTaxiiBytes,
  microsText,
  readFilter,
  stixMediaType,
  type TaxiiAnswer,
  type TaxiiFilter,
  taxiiError,
  taxiiMediaType,
} from './taxii-protocol.ts';
import { type ShelfPage, shelvedObject, type TaxiiShelf } from './taxii-shelf.ts';

/** A collection. */
export interface TaxiiCollection {
  /** A UUID. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** A name that stands for the id in addresses. */
  readonly alias: string | undefined;
}

/** Who calls. */
export interface TaxiiCaller {
  readonly name: string;
  readonly canRead: boolean;
  readonly canWrite: boolean;
}

/** What the server stands on. */
export interface TaxiiParts {
  readonly title: string;
  readonly collections: readonly TaxiiCollection[];
  readonly shelf: TaxiiShelf;
  /** Undefined when nobody is shown by the header. */
  readonly authenticate: (authorization: string | undefined) => Promise<TaxiiCaller | undefined>;
  /** Hears of objects that were added. */
  readonly onAdded: (collection: TaxiiCollection, objects: readonly StixObject[], by: string) => void;
  readonly now: () => EpochMs;
}

/** A request. */
export interface TaxiiRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: () => Promise<string | undefined>;
}

/** The API root below the listener's root. */
const apiRoot = '/api/';
const challenge = { 'www-authenticate': 'Basic realm="TAXII", charset="UTF-8"' };
/** Statuses that can be asked for again. */
const maxStatuses = 1000;

const ok = (body: unknown, headers: Readonly<Record<string, string>> = {}): TaxiiAnswer => ({
  status: 200,
  headers,
  body,
});

const addedHeaders = (added: readonly number[]): Readonly<Record<string, string>> => {
  const [first, last] = [added[0], added.at(-1)];
  return first === undefined || last === undefined
    ? {}
    : { 'x-taxii-date-added-first': microsText(first), 'x-taxii-date-added-last': microsText(last) };
};

const nextOf = ({ hasMore, objects }: ShelfPage): Readonly<Record<string, unknown>> => {
  const last = objects.at(-1)?.addedMicros;
  return hasMore && last !== undefined ? { more: true, next: String(last).padStart(17, '0') } : { more: hasMore };
};

interface Call {
  readonly request: TaxiiRequest;
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly caller: TaxiiCaller;
}

/** See the top of the file. */
export class TaxiiServer {
  readonly #parts: TaxiiParts;
  readonly #statuses = new Map<string, { readonly by: string; readonly body: unknown }>();

  constructor(parts: TaxiiParts) {
    this.#parts = parts;
  }

  /** Answers a request. */
  async answer(request: TaxiiRequest): Promise<TaxiiAnswer> {
    const url = URL.parse(request.url, 'http://taxii');
    const segments = url === null ? undefined : segmentsOf(url.pathname);
    if (url === null || segments === undefined) return taxiiError(404, 'There is nothing here');
    const caller = await this.#parts.authenticate(request.headers['authorization']);
    if (caller === undefined) return taxiiError(401, 'Credentials are needed', challenge);
    if (!acceptsTaxii(request.headers['accept'])) return taxiiError(406, `Accept ${taxiiMediaType}`);
    const call = { request, segments, query: url.searchParams, caller };
    const [root, resource] = segments;
    if (root === 'taxii2' && segments.length === 1) return this.#onlyGet(call, () => this.#discovery());
    if (root !== 'api') return taxiiError(404, 'There is nothing here');
    if (resource === undefined) return this.#onlyGet(call, () => this.#root());
    if (resource === 'status' && segments.length === 3) return this.#onlyGet(call, () => this.#status(call));
    return resource === 'collections' ? this.#collections(call) : taxiiError(404, 'There is nothing here');
  }

  #onlyGet({ request }: Call, get: () => TaxiiAnswer): TaxiiAnswer {
    return request.method === 'GET' ? get() : taxiiError(405, 'GET only', { allow: 'GET' });
  }

  #discovery(): TaxiiAnswer {
    return ok({ title: this.#parts.title, default: apiRoot, api_roots: [apiRoot] });
  }

  #root(): TaxiiAnswer {
    return ok({ title: this.#parts.title, versions: [taxiiMediaType], max_content_length: maxTaxiiBytes });
  }

  #status({ segments, caller }: Call): TaxiiAnswer {
    const status = this.#statuses.get(segments[2] ?? '');
    return status?.by === caller.name ? ok(status.body) : taxiiError(404, 'There is no such status');
  }

  #told({ id, title, description, alias }: TaxiiCollection, { canRead, canWrite }: TaxiiCaller): unknown {
    const named = alias === undefined ? {} : { alias };
    return { id, title, description, ...named, can_read: canRead, can_write: canWrite, media_types: [stixMediaType] };
  }

  #collections(call: Call): TaxiiAnswer | Promise<TaxiiAnswer> {
    const { segments, caller } = call;
    const { collections } = this.#parts;
    const seen = caller.canRead || caller.canWrite ? collections : [];
    const [, , name, resource] = segments;
    if (name === undefined)
      return this.#onlyGet(call, () => ok({ collections: seen.map((each) => this.#told(each, caller)) }));
    const collection = seen.find(({ id, alias }) => id === name || alias === name);
    if (collection === undefined) return taxiiError(404, 'There is no such collection');
    if (resource === undefined) return this.#onlyGet(call, () => ok(this.#told(collection, caller)));
    if (resource === 'manifest' && segments.length === 4)
      return this.#read(call, (filter) => this.#manifest(collection, filter));
    if (resource !== 'objects' || segments.length > 6) return taxiiError(404, 'There is nothing here');
    return this.#objects(call, collection);
  }

  #objects(call: Call, collection: TaxiiCollection): TaxiiAnswer | Promise<TaxiiAnswer> {
    const { request, segments, caller } = call;
    const [, , , , id, versions] = segments;
    if (id === undefined) {
      if (request.method !== 'POST') return this.#read(call, (filter) => this.#envelope(collection, filter));
      return caller.canWrite ? this.#add(call, collection) : taxiiError(403, 'This collection is not written by you');
    }
    if (versions !== undefined)
      return versions === 'versions'
        ? this.#read(call, (filter) => this.#versions(collection, id, filter))
        : taxiiError(404, 'There is nothing here');
    if (request.method !== 'DELETE')
      return this.#read(call, (filter) => this.#envelope(collection, { ...filter, ids: [id] }, true));
    return caller.canRead && caller.canWrite
      ? this.#remove(call, collection, id)
      : taxiiError(403, 'Objects of this collection are not taken away by you');
  }

  async #read(call: Call, answer: (filter: TaxiiFilter) => Promise<TaxiiAnswer>): Promise<TaxiiAnswer> {
    const { request, caller, query } = call;
    if (request.method !== 'GET') return taxiiError(405, 'Not by this method', { allow: 'GET' });
    if (!caller.canRead) return taxiiError(403, 'This collection is not read by you');
    const filter = readFilter(query);
    return filter.ok ? answer(filter.value) : taxiiError(400, `A filter cannot be read: ${filter.detail ?? ''}`);
  }

  async #envelope({ id }: TaxiiCollection, filter: TaxiiFilter, isOne = false): Promise<TaxiiAnswer> {
    const page = await this.#parts.shelf.page(id, filter);
    if (isOne && page.objects.length === 0) return taxiiError(404, 'There is no such object');
    const objects = page.objects.map(shelvedObject);
    const headers = addedHeaders(page.objects.map(({ addedMicros }) => addedMicros));
    return ok({ ...nextOf(page), ...(objects.length === 0 ? {} : { objects }) }, headers);
  }

  async #manifest({ id }: TaxiiCollection, filter: TaxiiFilter): Promise<TaxiiAnswer> {
    const page = await this.#parts.shelf.page(id, filter);
    const objects = page.objects.map((object) => ({
      id: object.id,
      date_added: microsText(object.addedMicros),
      version: object.version,
      media_type: stixMediaType,
    }));
    const headers = addedHeaders(page.objects.map(({ addedMicros }) => addedMicros));
    return ok({ ...nextOf(page), ...(objects.length === 0 ? {} : { objects }) }, headers);
  }

  async #versions({ id: collection }: TaxiiCollection, id: string, filter: TaxiiFilter): Promise<TaxiiAnswer> {
    const held = await this.#parts.shelf.versionsOf(collection, id);
    if (held.length === 0) return taxiiError(404, 'There is no such object');
    const asked = held.filter(([, added]) => added > (filter.addedAfter ?? -1)).slice(0, filter.limit);
    const versions = asked.map(([version]) => version);
    const headers = addedHeaders(asked.map(([, added]) => added).sort((left, right) => left - right));
    return ok({ more: false, ...(versions.length === 0 ? {} : { versions }) }, headers);
  }

  async #add({ request, caller }: Call, collection: TaxiiCollection): Promise<TaxiiAnswer> {
    if (!isTaxiiBody(request.headers['content-type'])) return taxiiError(415, `Send ${taxiiMediaType}`);
    const body = await request.body();
    if (body === undefined) return taxiiError(413, `At most ${maxTaxiiBytes} bytes`);
    const read = readEnvelope(body);
    if (!read.ok) return taxiiError(422, `The envelope cannot be read: ${read.code}`);
    const added = await this.#parts.shelf.add(collection.id, read.value.objects, caller.name);
    if (!added.ok)
      return added.code === 'shelf-full' ? taxiiError(413, 'The collection is full') : taxiiError(503, added.code);
    this.#parts.onAdded(collection, read.value.objects, caller.name);
    const status = this.#statusOf(read.value);
    this.#keepStatus(status.id, caller.name, status);
    return { status: 202, headers: {}, body: status };
  }

  #statusOf({ objects, refused }: ReadObjects) {
    const version = new Date(this.#parts.now()).toISOString();
    return {
      id: randomUUID(),
      status: 'complete',
      request_timestamp: version,
      total_count: objects.length + refused.length,
      success_count: objects.length,
      successes: objects.map((object) => ({
        id: object.id,
        version: object['modified'] ?? object['created'] ?? version,
      })),
      failure_count: refused.length,
      failures: refused.map(({ id, code, detail }) => ({ id, version, message: `${code} ${detail}`.trim() })),
      pending_count: 0,
      pendings: [],
    };
  }

  #keepStatus(id: string, by: string, body: unknown): void {
    const oldest = this.#statuses.keys().next().value;
    if (this.#statuses.size >= maxStatuses && oldest !== undefined) this.#statuses.delete(oldest);
    this.#statuses.set(id, { by, body });
  }

  async #remove({ query, caller }: Call, { id: collection }: TaxiiCollection, id: string): Promise<TaxiiAnswer> {
    const filter = readFilter(query);
    if (!filter.ok) return taxiiError(400, `A filter cannot be read: ${filter.detail ?? ''}`);
    const [version] = filter.value.versions.filter((each) => !/^(?:first|last|all)$/.test(each));
    const removed = await this.#parts.shelf.remove(collection, id, version, caller.name);
    if (!removed.ok) return taxiiError(503, removed.code);
    return removed.value ? ok({}) : taxiiError(404, 'There is no such object');
  }
}

/** The segments of a path, with or without a slash at its end. */
const segmentsOf = (path: string): readonly string[] | undefined => {
  const segments = path
    .split('/')
    .filter((segment, index, all) => segment !== '' || (index > 0 && index < all.length - 1));
  try {
    const read = segments.map(decodeURIComponent);
    return read.includes('') ? undefined : read;
  } catch {
    return undefined;
  }
};
