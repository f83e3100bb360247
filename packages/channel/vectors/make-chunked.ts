/** Chunked requests: the head, the frames, and orders of frames that must not end well. */
import { targetOf } from '@hauberk/channel';
import { sealChunkedRequest } from '@hauberk/channel/client';
import { toBase64Url, utf8 } from '@hauberk/primitives';
import { awaited, scriptedCrypto } from '../test/fixture/scripted-crypto.ts';
import { vectorKeys } from './make-messages.ts';
import type { Vector, VectorFile } from './vector.ts';

const chunks = ['first', '', 'second', 'last'];

/** Every chunked case. */
export const chunkedVectors = async (): Promise<VectorFile> => {
  const crypto = scriptedCrypto('chunked');
  const keys = vectorKeys(crypto);
  const [method, url, sequence, created] = ['POST', '/stream/a', 5, 1_790_000_000] as const;
  const request = { target: targetOf(method, url), headers: {}, service: 'retail', route: { coveredHeaders: [] } };
  const outgoing = await sealChunkedRequest(awaited(crypto), keys.imported, request, { sequence, created });
  const frames: string[] = [];
  for (const [index, chunk] of chunks.entries())
    frames.push(toBase64Url(await outgoing.sealChunk(utf8(chunk), index === chunks.length - 1)));
  const plain = { keys: keys.json, service: 'retail', method, url, sequence, created, chunks };
  const headers = { ...outgoing.head.headers };
  const broken = (name: string, order: readonly number[]): Vector => ({
    name,
    given: {
      keys: keys.json,
      service: 'retail',
      received: { method, url, headers, frames: order.flatMap((at) => frames[at] ?? []) },
    },
    expect: 'request.chunk',
  });
  return {
    about:
      'Chunked requests (docs/wire.md section 10). `request.chunk`: the head is good, the frames do not come to a good end.',
    cases: [
      { name: 'four chunks, one empty', given: plain, expect: 'ok', result: { headers, frames } },
      {
        name: 'another path',
        given: { keys: keys.json, service: 'retail', received: { method, url: '/stream/b', headers, frames } },
        expect: 'request.seal',
      },
      broken('two swapped', [1, 0, 2, 3]),
      broken('one dropped', [0, 2, 3]),
      broken('one repeated', [0, 0, 1, 2, 3]),
      broken('without the final', [0, 1, 2]),
      broken('one after the final', [0, 1, 2, 3, 0]),
      broken('none', []),
    ],
  };
};
