/** Changes of profiles on their way from a worker to who keeps them: noted by the engine, sent in batches. */
import { BroadcastChannel } from 'node:worker_threads';
import { JournalBuffer } from '@hauberk/decision';

/** How long a change waits at most before it is sent. With the time of one sync this is what a killed process loses. */
export const sendEveryMs = 50;

/** Where changes go: a channel by name, and how many batches were sent on it, so that who keeps them knows when all have come. */
export interface ProfilePost {
  readonly channel: string;
  readonly sent: SharedArrayBuffer;
}

/** See the top of the file. */
export class ProfileSender {
  /** What the engines of this thread note their changes in. */
  readonly buffer: JournalBuffer = new JournalBuffer();
  readonly #channel: BroadcastChannel;
  readonly #sent: Int32Array;
  readonly #timer: NodeJS.Timeout;

  /** `post` is the keeper's. */
  constructor({ channel, sent }: ProfilePost) {
    this.#channel = new BroadcastChannel(channel);
    this.#sent = new Int32Array(sent);
    this.#channel.unref();
    this.#timer = setInterval(() => this.#send(), sendEveryMs).unref();
  }

  #send(): void {
    if (this.buffer.entries === 0) return;
    this.#channel.postMessage(this.buffer.take());
    Atomics.add(this.#sent, 0, 1);
  }

  /** Sends what is left. */
  close(): void {
    clearInterval(this.#timer);
    this.#send();
    this.#channel.close();
  }
}
