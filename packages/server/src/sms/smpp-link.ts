/** A link to an SMSC that is kept up: connects, binds, and after every end tries again, ever more slowly while it fails. */
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import { type SmppEnd, SmppSession, type SmppSessionOptions } from './smpp-session.ts';

/** Where a link goes, and how it is kept. */
export interface SmppLinkOptions extends Omit<SmppSessionOptions, 'take'> {
  readonly host: string;
  readonly port: number;
  readonly tls?: ConnectionOptions | undefined;
  /** Wait after a first failure; it doubles up to `mostBackoffMs`. */
  readonly leastBackoffMs: number;
  readonly mostBackoffMs: number;
  /** As of a session; told when the session was bound, so that deliveries of an earlier one are known again. */
  readonly take: (pdu: Parameters<SmppSessionOptions['take']>[0], boundAtMs: number) => Promise<number>;
  readonly changed: (state: SmppLinkState) => void;
}

/** What a link is doing. */
export type SmppLinkState =
  | { readonly state: 'connecting' | 'bound' }
  | { readonly state: 'down'; readonly end: SmppEnd };

const opened = (options: SmppLinkOptions): Promise<Socket | undefined> => {
  const { host, port, tls, answerMs } = options;
  const socket = tls === undefined ? connectPlain({ host, port }) : connectSecure({ ...tls, host, port });
  return new Promise((resolve) => {
    const fail = (): void => {
      socket.destroy();
      resolve(undefined);
    };
    socket.setTimeout(answerMs, fail);
    socket.once('error', fail);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.setTimeout(0);
      socket.off('error', fail);
      resolve(socket);
    });
  });
};

/** The wait before the next try: doubled for each failure, and by up to a fifth shorter, so that links do not return in step. */
export const backoffMs = (least: number, most: number, failures: number, random: number): number =>
  Math.min(most, least * 2 ** Math.min(failures, 20)) * (1 - random / 5);

/** A link. */
export class SmppLink {
  readonly #options: SmppLinkOptions;
  #session: SmppSession | undefined;
  #isClosing = false;
  #wake: (() => void) | undefined;
  readonly #loop: Promise<void>;

  constructor(options: SmppLinkOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isClosing) {
      this.#options.changed({ state: 'connecting' });
      const end = await this.#once(() => {
        failures = 0;
      });
      this.#options.changed({ state: 'down', end });
      if (this.#isClosing) return;
      await this.#pause(failures);
      failures += 1;
    }
  }

  async #once(whenBound: () => void): Promise<SmppEnd> {
    const socket = await opened(this.#options);
    if (socket === undefined) return { why: 'closed' };
    if (this.#isClosing) {
      socket.destroy();
      return { why: 'closed' };
    }
    let boundAtMs = Date.now();
    const session = new SmppSession(socket, {
      ...this.#options,
      take: (pdu) => this.#options.take(pdu, boundAtMs),
    });
    this.#session = session;
    if (await session.bind()) {
      boundAtMs = Date.now();
      whenBound();
      this.#options.changed({ state: 'bound' });
    }
    const end = await session.ended;
    this.#session = undefined;
    return end;
  }

  #pause(failures: number): Promise<void> {
    const { leastBackoffMs, mostBackoffMs } = this.#options;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, backoffMs(leastBackoffMs, mostBackoffMs, failures, Math.random()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the link in order. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wake?.();
    await this.#session?.close();
    await this.#loop;
  }
}
