/** Reads the JSON body of an admin request: bounded, and with one reading only. */
import type { IncomingMessage } from 'node:http';
import { type JsonValue, parseJson } from '@hauberk/primitives';
import { type AdminRefusal, deny } from './admin-problem.ts';

/** Largest body of most operations. */
export const maxBodyBytes = 65_536;

/** Bounds of a body. */
export interface BodyLimits {
  readonly bytes: number;
  readonly keys: number;
  readonly depth: number;
}
const usualLimits: BodyLimits = { bytes: maxBodyBytes, keys: 4096, depth: 12 };

/** A body that was read. */
export interface ReadBody {
  readonly ok: true;
  readonly value: JsonValue;
}

const malformed = (message: string): AdminRefusal =>
  deny('malformed', { errors: [{ in: 'body', pointer: '', message }] });

const isJson = (contentType: string | undefined): boolean =>
  /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(contentType ?? '');

/** Reads the bytes of a body as JSON. */
export const parseBody = (bytes: Uint8Array, limits: BodyLimits = usualLimits): ReadBody | AdminRefusal => {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return malformed('is not UTF-8');
  }
  const parsed = parseJson(text, { maxDepth: limits.depth, maxKeys: limits.keys, maxLength: limits.bytes });
  return parsed.ok
    ? { ok: true, value: parsed.value }
    : malformed(`is no JSON that two readers read alike: ${parsed.code}`);
};

/** Reads the body of a request. */
export const readBody = async (
  incoming: IncomingMessage,
  limits: BodyLimits = usualLimits,
): Promise<ReadBody | AdminRefusal> => {
  if (!isJson(incoming.headers['content-type']) || incoming.headers['content-encoding'] !== undefined)
    return deny('unsupported', { detail: 'send application/json without a coding' });
  const pieces: Buffer[] = [];
  let length = 0;
  // A request that is given up keeps its connection: the refusal must still reach the client.
  for await (const piece of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limits.bytes) return deny('too-large', { detail: `at most ${limits.bytes} bytes` });
    pieces.push(piece);
  }
  return parseBody(Buffer.concat(pieces), limits);
};
