/** Load for the overload bench: closed loops that find the capacity, and arrivals at a fixed rate, whatever becomes of them. */
import { connect, type Socket } from 'node:net';
import { type LoadSession, type LoadShape, nextRequest } from '../gateway/wire-load.ts';

/** The priorities, and the routes that have them in the bench's configuration. */
export const classes = ['background', 'normal', 'important', 'money'] as const;

/** One of them. */
export type LoadClass = (typeof classes)[number];

/** What became of the requests of one priority. */
export interface Tally {
  /** Arrivals; with `unsent` those that found no free connection and were given up. */
  offered: number;
  unsent: number;
  served: number;
  shed: number;
  failed: number;
}

/** What a run saw. */
export interface LoadResult {
  readonly seconds: number;
  readonly tallies: Readonly<Record<LoadClass, Tally>>;
  /** Times of the served ones, in milliseconds, sorted. */
  readonly times: readonly number[];
}

const headEnd = Buffer.from('\r\n\r\n');
const shapes: Readonly<Record<LoadClass, LoadShape>> = {
  background: { kind: 'signed', path: '/api/background' },
  normal: { kind: 'signed', path: '/api/normal' },
  important: { kind: 'signed', path: '/api/important' },
  money: { kind: 'signed', path: '/api/money' },
};

/** One connection of one app: a session of its own and at most one request under way. */
export class Line {
  private received: Buffer = Buffer.alloc(0);
  private sentAt = 0;
  private unclaimed: Buffer | undefined;
  private socket: Socket;
  private readonly port: number;
  private readonly session: LoadSession;
  readonly kind: LoadClass;
  isBusy = false;
  onReply: (line: Line, status: number, milliseconds: number) => void = () => undefined;

  constructor(port: number, session: LoadSession, kind: LoadClass) {
    this.port = port;
    this.session = session;
    this.kind = kind;
    this.socket = this.open();
  }

  private open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.port, noDelay: true });
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => this.reopen(socket));
    return socket;
  }

  private reopen(socket: Socket): void {
    if (socket !== this.socket || this.isClosed) return;
    this.socket = this.open();
    if (this.isBusy) this.end(0);
  }

  private isClosed = false;

  /** What was shed was never claimed, so its bytes go out again; everything else is protected anew. */
  send(): void {
    const bytes = this.unclaimed ?? nextRequest(shapes[this.kind], this.session);
    this.unclaimed = bytes;
    this.isBusy = true;
    this.sentAt = performance.now();
    this.socket.write(bytes);
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const end = this.received.indexOf(headEnd);
    if (end < 0) return;
    const head = this.received.toString('latin1', 0, end).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
    if (this.received.length < end + 4 + length) return;
    this.received = Buffer.alloc(0);
    this.end(Number(head.slice(9, 12)));
  }

  private end(status: number): void {
    if (status !== 503) this.unclaimed = undefined;
    this.isBusy = false;
    this.onReply(this, status, performance.now() - this.sentAt);
  }

  close(): void {
    this.isClosed = true;
    this.socket.destroy();
  }
}

const newTallies = (): Record<LoadClass, Tally> => {
  const tally = (): Tally => ({ offered: 0, unsent: 0, served: 0, shed: 0, failed: 0 });
  return { background: tally(), normal: tally(), important: tally(), money: tally() };
};

/** Counts replies while a run is on; what is under way at its end is waited for and counted nowhere. */
class Counter {
  readonly tallies = newTallies();
  readonly times: number[] = [];
  private readonly startedAt = performance.now();
  private seconds = 0;

  count({ kind }: Line, status: number, milliseconds: number): void {
    const tally = this.tallies[kind];
    if (status === 200) {
      tally.served += 1;
      this.times.push(milliseconds);
    } else if (status === 503) tally.shed += 1;
    else tally.failed += 1;
  }

  stop(): void {
    this.seconds = (performance.now() - this.startedAt) / 1000;
  }

  result(): LoadResult {
    return { seconds: this.seconds, tallies: this.tallies, times: this.times.toSorted((a, b) => a - b) };
  }
}

const untilIdle = async (lines: readonly Line[]): Promise<void> => {
  for (let wait = 0; wait < 200 && lines.some(({ isBusy }) => isBusy); wait += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  for (const line of lines) line.onReply = () => undefined;
};

/** Every line asks again as soon as it is answered. */
export const runClosed = async (lines: readonly Line[], milliseconds: number): Promise<LoadResult> => {
  const counter = new Counter();
  let isOn = true;
  for (const line of lines) {
    line.onReply = (answered, status, took) => {
      if (!isOn) return;
      counter.count(answered, status, took);
      counter.tallies[answered.kind].offered += 1;
      answered.send();
    };
    line.send();
  }
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  isOn = false;
  counter.stop();
  await untilIdle(lines);
  return counter.result();
};

/** Arrivals at a fixed rate for each priority, whatever becomes of them; one that finds all lines of its priority busy is given up. */
export const runOpen = async (
  lines: readonly Line[],
  perSecond: Readonly<Record<LoadClass, number>>,
  milliseconds: number,
): Promise<LoadResult> => {
  const counter = new Counter();
  let isOn = true;
  const idle: Record<LoadClass, Line[]> = { background: [], normal: [], important: [], money: [] };
  for (const line of lines) {
    idle[line.kind].push(line);
    line.onReply = (answered, status, took) => {
      if (isOn) counter.count(answered, status, took);
      idle[answered.kind].push(answered);
    };
  }
  const startedAt = performance.now();
  const due: Record<LoadClass, number> = { background: 0, normal: 0, important: 0, money: 0 };
  const timer = setInterval(() => {
    const elapsed = (performance.now() - startedAt) / 1000;
    for (const kind of classes) {
      for (; due[kind] < elapsed * perSecond[kind]; due[kind] += 1) {
        counter.tallies[kind].offered += 1;
        const line = idle[kind].shift();
        if (line === undefined) counter.tallies[kind].unsent += 1;
        else line.send();
      }
    }
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  clearInterval(timer);
  isOn = false;
  counter.stop();
  await untilIdle(lines);
  return counter.result();
};
