/** A request body as sealed frames. */
import { maxChunkLength } from '@hauberk/channel/client';

/** Seals one frame. */
export type SealChunk = (plaintext: Uint8Array, final: boolean) => Promise<Uint8Array>;

/** A stream of sealed frames over a stream of plain bytes; its end is a final frame, so that a cut body is never whole. */
export const sealStream = (plain: ReadableStream<Uint8Array>, sealChunk: SealChunk): ReadableStream<Uint8Array> => {
  const reader = plain.getReader();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) {
        controller.enqueue(await sealChunk(new Uint8Array(0), true));
        controller.close();
        return;
      }
      if (!(value instanceof Uint8Array)) throw new TypeError('a body stream gives Uint8Array chunks');
      for (let start = 0; start < value.length; start += maxChunkLength)
        controller.enqueue(await sealChunk(value.subarray(start, start + maxChunkLength), false));
      if (value.length === 0) controller.enqueue(await sealChunk(value, false));
    },
    cancel: (reason) => reader.cancel(reason),
  });
};
