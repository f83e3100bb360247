/** Frames of a reply, whatever pieces they arrive in. */
import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { encodeChunkHeader, maxChunkLength, type ReplyChunkOpener } from '@hauberk/channel/client';
import { concat } from '@hauberk/primitives';
import fc from 'fast-check';
import { openDeadline } from '../src/core/deadline.ts';
import { HauberkError } from '../src/core/hauberk-error.ts';
import { replyStream } from '../src/core/reply-stream.ts';
import { sealStream } from '../src/core/request-chunks.ts';

const tagOf = (final: boolean): Uint8Array => new Uint8Array(16).fill(final ? 1 : 0);
const frame = (plaintext: Uint8Array, final: boolean): Uint8Array =>
  concat(encodeChunkHeader({ final, plaintextLength: plaintext.length }), plaintext, tagOf(final));

/** Opens what `frame` makes. */
const opener: ReplyChunkOpener = {
  open: async (head, sealed) => ({
    plaintext: Uint8Array.from(sealed.subarray(0, -16)),
    final: ((head[0] ?? 0) & 0x80) !== 0,
  }),
};

const streamOf = (pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });

/** Cuts bytes where the numbers say. */
const cutAt = (bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] => {
  const points = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((left, right) => left - right);
  return [0, ...points].map((from, index) => bytes.subarray(from, points[index] ?? bytes.length));
};

const read = async (pieces: readonly Uint8Array[]): Promise<Uint8Array> => {
  const stream = replyStream(streamOf(pieces), opener, openDeadline(undefined, 60_000));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

const isCut = (error: unknown): boolean => error instanceof HauberkError && error.code === 'reply-cut';

const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });

describe('reply stream', () => {
  it('however the frames are cut into pieces, the plain bytes are the same', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, fc.array(fc.nat(), { maxLength: 20 }), async (plain, cuts) => {
        const frames = [...plain.map((chunk) => frame(chunk, false)), frame(new Uint8Array(0), true)];
        assert.deepEqual(await read(cutAt(concat(...frames), cuts)), concat(...plain));
      }),
      { numRuns: 100 },
    );
  });

  it('wherever it ends before the final frame, the end is an error', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat(), async (plain, at) => {
        const bytes = concat(...plain.map((chunk) => frame(chunk, false)), frame(new Uint8Array(0), true));
        await assert.rejects(read([bytes.subarray(0, at % bytes.length)]), isCut);
      }),
      { numRuns: 100 },
    );
  });

  it('a frame over the cap is an error before its bytes are waited for', async () => {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, maxChunkLength + 1);
    await assert.rejects(read([head]), isCut);
  });

  it('three missed heartbeats are an error, and heartbeats are none', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
      const source = new ReadableStream<Uint8Array>({
        start: (controller) => {
          feed = controller;
        },
      });
      const stream = replyStream(source, opener, openDeadline(undefined, 60_000_000));
      const outcome = stream
        .getReader()
        .read()
        .then(
          () => 'data',
          (error: unknown) => error,
        );
      for (let beat = 0; beat < 3; beat += 1) {
        await new Promise(setImmediate);
        mock.timers.tick(44_000);
        feed?.enqueue(frame(new Uint8Array(0), false));
      }
      await new Promise(setImmediate);
      mock.timers.tick(45_000);
      assert.ok(isCut(await outcome));
    } finally {
      mock.timers.reset();
    }
  });

  it('a cancelled stream cancels its source', async () => {
    let cancelled: unknown;
    const source = new ReadableStream<Uint8Array>({
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    await replyStream(source, opener, openDeadline(undefined, 60_000)).cancel('enough');
    assert.equal(cancelled, 'enough');
  });
});

describe('request stream', () => {
  it('what goes in as pieces of any size comes out as frames within the cap, with one final frame at the end', async () => {
    const sealed: [number, boolean][] = [];
    const seal = async (plaintext: Uint8Array, final: boolean): Promise<Uint8Array> => {
      sealed.push([plaintext.length, final]);
      return frame(plaintext, final);
    };
    const stream = sealStream(
      streamOf([new Uint8Array(0), new Uint8Array(maxChunkLength + 5), new Uint8Array(3)]),
      seal,
    );
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    assert.deepEqual(sealed, [
      [0, false],
      [maxChunkLength, false],
      [5, false],
      [3, false],
      [0, true],
    ]);
    assert.equal((await read([bytes])).length, maxChunkLength + 8);
  });
});
