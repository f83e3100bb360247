/**
 * A body in signed chunks (STREAMING-AWS4-HMAC-SHA256-PAYLOAD): every chunk's signature covers the one before, the first the signature in the
 * header, so that none can be changed, left out, added or moved. The last one is empty.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { accept, type Bytes, type Result, refuse } from '@hauberk/primitives';
import type { MigrationReason } from './migration-request.ts';

/** What `x-amz-content-sha256` says of such a body. */
export const signedChunks = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';

/** No chunk but the last is smaller, says the specification; here that also bounds the work for one byte. */
const leastChunk = 8192;

const chunkHeader = /^(0|[1-9a-f][0-9a-f]{0,7});chunk-signature=([0-9a-f]{64})$/;
const longestHeader = 8 + ';chunk-signature='.length + 64;
const emptyHash = hash('sha256', '', 'hex');
const lineEnd = '\r\n';

/** What the first chunk's signature builds on. */
export interface ChunkSeed {
  /** Key of the day, region and service. */
  readonly key: Uint8Array;
  readonly timestamp: string;
  readonly scope: string;
  /** The signature in the header, as hexadecimal. */
  readonly signature: string;
}

/** The signature of a chunk as hexadecimal. */
export const chunkSignature = (seed: ChunkSeed, previous: string, data: Uint8Array): string =>
  createHmac('sha256', seed.key)
    .update(
      ['AWS4-HMAC-SHA256-PAYLOAD', seed.timestamp, seed.scope, previous, emptyHash, hash('sha256', data, 'hex')].join(
        '\n',
      ),
    )
    .digest('hex');

interface Chunk {
  readonly signature: string;
  readonly data: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

const chunkAt = (body: Buffer, at: number): Chunk | undefined => {
  const head = body.subarray(at, at + longestHeader + lineEnd.length);
  const line = head.indexOf(lineEnd, 0, 'latin1');
  const match = line < 0 ? null : chunkHeader.exec(head.toString('latin1', 0, line));
  if (match === null) return undefined;
  const start = at + line + lineEnd.length;
  const end = start + Number.parseInt(match[1] ?? '', 16);
  if (end + lineEnd.length > body.length || body.toString('latin1', end, end + lineEnd.length) !== lineEnd)
    return undefined;
  return { signature: match[2] ?? '', data: body.subarray(start, end), end: end + lineEnd.length };
};

/** What verified chunks carry. */
export interface CarriedPayload {
  readonly payload: Bytes;
  /** The last chunk's: unlike the one in the header it covers the body, so that it tells two requests of one second apart. */
  readonly signature: string;
}

/** Verifies every chunk and answers what they carry. `length` is what the client signed of it. */
export const readSignedChunks = (
  seed: ChunkSeed,
  body: Uint8Array,
  length: number,
): Result<CarriedPayload, MigrationReason> => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const pieces: Uint8Array[] = [];
  let previous = seed.signature;
  let at = 0;
  let carried = 0;
  let isSmall = false;
  for (;;) {
    const chunk = chunkAt(bytes, at);
    if (chunk === undefined) return refuse('migration.malformed');
    const { data, signature, end } = chunk;
    if (isSmall && data.length > 0) return refuse('migration.malformed');
    const expected = chunkSignature(seed, previous, data);
    if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) return refuse('migration.signature');
    if (data.length === 0)
      return end === bytes.length && carried === length
        ? accept({ payload: new Uint8Array(Buffer.concat(pieces)), signature })
        : refuse('migration.digest');
    isSmall = data.length < leastChunk;
    pieces.push(data);
    carried += data.length;
    previous = signature;
    at = end;
  }
};
