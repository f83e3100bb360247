/**
 * An SMSC for tests and benches: takes one bind after another and delivers each message until it is acknowledged, whatever happens to the
 * connection between. Built on our codec; the other ends that check the codec are npm smpp, Net::SMPP and Kannel.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { SmppFramer } from '../../src/sms/smpp-framer.ts';
import { readPdu, type SmppDraft, writePdu } from '../../src/sms/smpp-pdu.ts';

/** What is to be delivered. */
export interface FakeMessage {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** The SMSC. */
export class FakeSmsc {
  readonly #server: Server;
  readonly #window: number;
  readonly #queue: { readonly message: FakeMessage; readonly queuedAt: number }[] = [];
  readonly #sent = new Map<number, { readonly message: FakeMessage; readonly queuedAt: number }>();
  #socket: Socket | undefined;
  #sequence = 0;
  #told: (() => void)[] = [];
  /** Acknowledged messages. */
  acknowledged = 0;
  /** Deliveries, repeated ones too. */
  deliveries = 0;
  binds = 0;
  /** Milliseconds from the queue to the acknowledgement. */
  readonly latencies: number[] = [];

  constructor(window = 20) {
    this.#window = window;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }

  queue(messages: readonly FakeMessage[]): void {
    for (const message of messages) this.#queue.push({ message, queuedAt: performance.now() });
    this.#deliver();
  }

  /** Resolves once so many were acknowledged. */
  async until(count: number): Promise<void> {
    while (this.acknowledged < count) await new Promise<void>((resolve) => this.#told.push(resolve));
  }

  #accept(socket: Socket): void {
    const framer = new SmppFramer();
    const send = (draft: SmppDraft): void => void socket.write(writePdu(draft));
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      // What was not acknowledged is delivered again, before everything else.
      this.#queue.unshift(...this.#sent.values());
      this.#sent.clear();
    });
    socket.on('data', (octets) => {
      const frames = framer.push(octets);
      if (!frames.ok) socket.destroy();
      else for (const frame of frames.value) this.#read(socket, frame, send);
    });
  }

  #read(socket: Socket, frame: Uint8Array, send: (draft: SmppDraft) => void): void {
    const read = readPdu(frame);
    if (!read.ok) return;
    const { command, sequence, status } = read.value;
    if (command === 'bind-receiver' || command === 'bind-transceiver') {
      send({ command: `${command}-resp`, sequence, texts: { systemId: 'fake' } });
      this.binds += 1;
      this.#socket = socket;
      this.#deliver();
    } else if (command === 'enquire-link') send({ command: 'enquire-link-resp', sequence });
    else if (command === 'unbind') send({ command: 'unbind-resp', sequence });
    else if (command === 'deliver-sm-resp') this.#answered(sequence, status);
  }

  #answered(sequence: number, status: number): void {
    const sent = this.#sent.get(sequence);
    if (sent === undefined) return;
    this.#sent.delete(sequence);
    if (status === 0) {
      this.acknowledged += 1;
      this.latencies.push(performance.now() - sent.queuedAt);
      for (const tell of this.#told.splice(0)) tell();
      this.#deliver();
      return;
    }
    this.#queue.push(sent);
    setTimeout(() => this.#deliver(), 20).unref();
  }

  #deliver(): void {
    while (this.#socket !== undefined && this.#sent.size < this.#window) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#sequence = (this.#sequence % 0x7fff_ffff) + 1;
      this.#sent.set(this.#sequence, next);
      this.deliveries += 1;
      const { from, to, text } = next.message;
      const international = { sourceTon: 1, sourceNpi: 1, destinationTon: 1, destinationNpi: 1, dataCoding: 1 };
      const texts = { source: from, destination: to };
      this.#socket.write(
        writePdu({
          command: 'deliver-sm',
          sequence: this.#sequence,
          texts,
          octets: international,
          content: new Uint8Array(Buffer.from(text, 'latin1')),
        }),
      );
    }
  }
}
