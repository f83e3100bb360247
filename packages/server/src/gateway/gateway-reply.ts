/** Replies on their way out: plain ones, and those bound to a request that was verified. */
import { header, protectReply, type ReplyBinding } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

/** A reply as it is written: names and values in turn. */
export interface GatewayReply {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** Protected replies are never cached and never transformed: a proxy that changes one byte would break the binding. */
const cachePolicy = 'no-store, no-transform';

/** What a binding replaces or forbids in an upstream's reply. */
const replaced: ReadonlySet<string> = new Set([
  'cache-control',
  'content-digest',
  'content-length',
  'signature',
  'signature-input',
]);

/** The reply headers that are covered, by name; a repeated one is joined as its receiver will join it. */
export const coveredValues = (
  headers: readonly string[],
  declared: readonly string[],
): Readonly<Record<string, string>> => {
  const values: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name !== header.contentType && name !== header.directives && !declared.includes(name)) continue;
    const value = headers[index + 1] ?? '';
    const held = values[name];
    values[name] = held === undefined ? value : `${held}, ${value}`;
  }
  return values;
};

/** The headers of a reply without those that the binding sets itself. */
export const unboundHeaders = (headers: readonly string[]): string[] => {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (!replaced.has(name)) kept.push(name, headers[index + 1] ?? '');
  }
  return kept;
};

/** Appends what protection added. */
export const addHeaders = (headers: string[], added: Readonly<Record<string, string>>): string[] => {
  for (const name in added) headers.push(name, added[name] ?? '');
  headers.push('cache-control', cachePolicy);
  return headers;
};

/** Signs or seals a reply, bound to its request. */
export const bindReply = (
  crypto: SyncCrypto,
  binding: ReplyBinding,
  reply: GatewayReply,
  declaredHeaders: readonly string[],
  now: EpochMs,
): GatewayReply => {
  const plain = { status: reply.status, headers: coveredValues(reply.headers, declaredHeaders), body: reply.body };
  const { addedHeaders, body } = protectReply(crypto, binding, plain, declaredHeaders, now);
  const headers = addHeaders(unboundHeaders(reply.headers), addedHeaders);
  headers.push('content-length', String(body.length));
  return { status: reply.status, headers, body };
};
