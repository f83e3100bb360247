/** The plain bytes of a chunked reply. A frame that is not the next authentic one, an end without the final mark, or silence is an error. */
import { type ReplyChunkOpener, readChunkHeader } from '@hauberk/channel/client';
import { concat } from '@hauberk/primitives';
import type { Deadline } from './deadline.ts';
import { HauberkError } from './hauberk-error.ts';

/** Silence after which a stream counts as dead, in milliseconds: three missed heartbeats. */
const silenceMs = 45_000;

const cut = (detail: string, cause?: unknown): HauberkError =>
  new HauberkError('reply-cut', { phase: 'receive', execution: 'unknown', detail, cause });

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Reads exactly the bytes asked for. */
class FrameReader {
  readonly #reader: Reader;
  #held: Uint8Array = new Uint8Array(0);
  constructor(reader: Reader) {
    this.#reader = reader;
  }
  /** The next `length` bytes; undefined when the stream ends before them. */
  async take(length: number): Promise<Uint8Array | undefined> {
    const parts = [this.#held];
    let total = this.#held.length;
    while (total < length) {
      const value = await this.#next();
      if (value === undefined) return undefined;
      parts.push(value);
      total += value.length;
    }
    const joined = parts.length === 1 ? this.#held : concat(...parts);
    this.#held = joined.subarray(length);
    return joined.subarray(0, length);
  }
  async #next(): Promise<Uint8Array | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(cut('silence')), silenceMs);
    });
    try {
      return (await Promise.race([this.#reader.read(), silence])).value;
    } finally {
      clearTimeout(timer);
    }
  }
}

const nextFrame = async (frames: FrameReader, opener: ReplyChunkOpener) => {
  const frameHeader = await frames.take(4);
  const frame = frameHeader === undefined ? undefined : readChunkHeader(frameHeader);
  if (frameHeader === undefined || frame === undefined) throw cut('no final frame');
  const sealed = await frames.take(frame.plaintextLength + 16);
  if (sealed === undefined) throw cut('no final frame');
  const opened = await opener.open(frameHeader, sealed);
  if (opened === undefined) throw cut('reply.chunk');
  return opened;
};

/** The plain stream. It stays under the caller's abort signal until it ends. */
export const replyStream = (
  sealed: ReadableStream<Uint8Array>,
  opener: ReplyChunkOpener,
  deadline: Deadline,
): ReadableStream<Uint8Array> => {
  const reader: Reader = sealed.getReader();
  const frames = new FrameReader(reader);
  const end = async (reason: unknown): Promise<void> => {
    deadline.release();
    await reader.cancel(reason).catch(() => undefined);
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      for (;;) {
        const { plaintext, final } = await nextFrame(frames, opener);
        if (plaintext.length > 0) controller.enqueue(plaintext);
        if (final) {
          controller.close();
          return await end(undefined);
        }
        // An empty frame is a heartbeat: go on until there is something to hand over.
        if (plaintext.length > 0) return;
      }
    } catch (error) {
      await end(error);
      if (deadline.signal.aborted) throw deadline.signal.reason;
      throw error instanceof HauberkError ? error : cut('connection', error);
    }
  };
  return new ReadableStream<Uint8Array>({ pull, cancel: end });
};
