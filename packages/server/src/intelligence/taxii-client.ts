/** The client of TAXII 2.1: asks a collection of a partner for what is new, page by page, and gives up early rather than late. */
import { type Envelope, readEnvelope } from '@hauberk/decision';
import { accept, type Result, refuse } from '@hauberk/primitives';
import { taxiiMediaType } from './taxii-protocol.ts';

/** A collection of a partner. */
export interface TaxiiSource {
  readonly name: string;
  /** Address of the collection: `https://partner.example/api/collections/ID/`. */
  readonly url: string;
  /** The value of `Authorization`. */
  readonly authorization: string | undefined;
}

/** Why nothing came. */
export type PollCode =
  | 'poll.unreachable'
  | 'poll.refused'
  | 'poll.media-type'
  | 'poll.too-long'
  | 'poll.unreadable'
  | 'poll.endless';

/** What came. */
export interface Polled {
  readonly pages: readonly Envelope[];
  /** Where to go on the next time; as it was when nothing came. */
  readonly cursor: string | undefined;
}

const maxPages = 50;
const maxBytes = 4 * 1024 * 1024;
const timeoutMs = 10_000;

/** The text of a reply, as far as the bound goes. */
const readText = async (response: Response): Promise<string | undefined> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += (piece as Uint8Array).length;
    if (length > maxBytes) return undefined;
    pieces.push(piece as Uint8Array);
  }
  return Buffer.concat(pieces).toString('utf8');
};

const ask = async (url: URL, authorization: string | undefined): Promise<Result<Response, PollCode>> => {
  const headers = { accept: taxiiMediaType, ...(authorization === undefined ? {} : { authorization }) };
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    // Where a partner sends us on to is not where the operator said.
    const response = await fetch(url, { headers, signal, redirect: 'error' });
    if (!response.ok) return refuse('poll.refused', String(response.status));
    const type = response.headers.get('content-type') ?? '';
    return type.startsWith('application/taxii+json') ? accept(response) : refuse('poll.media-type', type.slice(0, 64));
  } catch (error) {
    return refuse('poll.unreachable', error instanceof Error ? error.name : '');
  }
};

const addressOf = (source: TaxiiSource, cursor: string | undefined, next: string | undefined): URL => {
  const url = new URL('objects/', source.url.endsWith('/') ? source.url : `${source.url}/`);
  url.searchParams.set('limit', '500');
  if (cursor !== undefined) url.searchParams.set('added_after', cursor);
  if (next !== undefined) url.searchParams.set('next', next);
  return url;
};

/** Asks for what was added after the cursor. What came before a page failed is lost with it: it comes again the next time. */
export const pollSource = async (
  source: TaxiiSource,
  cursor: string | undefined,
): Promise<Result<Polled, PollCode>> => {
  const pages: Envelope[] = [];
  let last = cursor;
  let next: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const response = await ask(addressOf(source, cursor, next), source.authorization);
    if (!response.ok) return response;
    let text: string | undefined;
    try {
      text = await readText(response.value);
    } catch {
      return refuse('poll.unreachable', 'body');
    }
    if (text === undefined) return refuse('poll.too-long');
    const read = readEnvelope(text);
    if (!read.ok) return refuse('poll.unreadable', read.code);
    pages.push(read.value);
    last = response.value.headers.get('x-taxii-date-added-last') ?? last;
    if (!read.value.hasMore) return accept({ pages, cursor: last });
    if (read.value.next === undefined || read.value.next === next) return refuse('poll.endless');
    next = read.value.next;
  }
  return refuse('poll.endless');
};
