/** Undoes a request body's content coding within bounds: 165 bytes of brotli become 100 MB, so size and ratio are capped while inflating. */
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { accept, type Result, refuse } from '@hauberk/primitives';

/** Why a body's coding is refused. */
export type CodingReason = 'coding.unsupported' | 'coding.malformed' | 'coding.bomb';

/** Bounds of a decoded body. */
export interface CodingLimits {
  readonly decompressedBytes: number;
  /** Most bytes that one coded byte may become. */
  readonly decompressionRatio: number;
}

type Decoder = (
  body: Uint8Array,
  options: { maxOutputLength: number },
  done: (error: NodeJS.ErrnoException | null, result: Buffer) => void,
) => void;

const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
  ['br', brotliDecompress],
  ['zstd', zstdDecompress],
]);

/** Whether a `content-encoding` value means that the body is coded. */
export const isCoded = (coding: string | readonly string[] | undefined): coding is string =>
  typeof coding === 'string' && coding !== '' && coding.toLowerCase() !== 'identity';

/** Decodes a body. Lists of codings are refused: nobody needs two, and each would multiply the ratio. */
export const decodeBody = (
  coding: string,
  body: Uint8Array,
  limits: CodingLimits,
): Promise<Result<Uint8Array, CodingReason>> => {
  const decoder = decoders.get(coding.trim().toLowerCase());
  if (decoder === undefined) return Promise.resolve(refuse('coding.unsupported', coding.slice(0, 32)));
  if (body.length === 0) return Promise.resolve(refuse('coding.malformed', 'empty'));
  const most = Math.min(limits.decompressedBytes, body.length * limits.decompressionRatio);
  if (most < 1) return Promise.resolve(refuse('coding.bomb'));
  return new Promise((resolve) => {
    decoder(body, { maxOutputLength: most }, (error, decoded) => {
      if (error === null) resolve(accept(decoded));
      else resolve(refuse(error.code === 'ERR_BUFFER_TOO_LARGE' ? 'coding.bomb' : 'coding.malformed', error.code));
    });
  });
};
