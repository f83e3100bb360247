/** Load at a fixed rate over 64 keep-alive connections, with the time of each reply: an open loop, so a slow gateway is not spared. */
import { connect, type Socket } from 'node:net';

/** What the replies of a paced run took, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
}

const connections = 64;
const headEnd = Buffer.from('\r\n\r\n');

/** One connection with at most one request under way. */
class Line {
  private received: Buffer = Buffer.alloc(0);
  private sentAt = 0;
  private readonly socket: Socket;
  private readonly onReply: (line: Line, milliseconds: number, isGood: boolean) => void;

  constructor(port: number, onReply: (line: Line, milliseconds: number, isGood: boolean) => void) {
    this.onReply = onReply;
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.take(chunk));
    this.socket.on('error', () => this.end(false));
  }

  send(request: Buffer, dueAt: number): void {
    this.sentAt = dueAt;
    this.socket.write(request);
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const end = this.received.indexOf(headEnd);
    if (end < 0) return;
    const head = this.received.toString('latin1', 0, end).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
    if (this.received.length < end + 4 + length) return;
    this.received = Buffer.alloc(0);
    this.end(head.startsWith('http/1.1 2'));
  }

  private end(isGood: boolean): void {
    this.onReply(this, performance.now() - this.sentAt, isGood);
  }

  close(): void {
    this.socket.destroy();
  }
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Sends the requests at `perSecond`, each counted from when it was sent, or was due while all connections were busy. */
export const runPaced = (port: number, requests: readonly Buffer[], perSecond: number): Promise<Latency> =>
  new Promise((resolve) => {
    const times: number[] = [];
    let errors = 0;
    let sent = 0;
    let timer: NodeJS.Timeout | undefined;
    const idle: Line[] = [];
    const lines: Line[] = [];
    const finish = (): void => {
      clearInterval(timer);
      for (const line of lines) line.close();
      // The first tenth fills caches and connections.
      const sorted = times.slice(Math.floor(times.length / 10)).toSorted((a, b) => a - b);
      resolve({ p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), errors });
    };
    const onReply = (line: Line, milliseconds: number, isGood: boolean): void => {
      times.push(milliseconds);
      if (!isGood) errors += 1;
      if (times.length >= requests.length) finish();
      else idle.push(line);
    };
    for (let index = 0; index < connections; index += 1) lines.push(new Line(port, onReply));
    idle.push(...lines);
    const startedAt = performance.now() + 50;
    let isBehind = false;
    const send = (): void => {
      const now = performance.now();
      while (sent < requests.length) {
        const dueAt = startedAt + (sent * 1000) / perSecond;
        const request = requests[sent];
        if (dueAt > now || request === undefined) {
          isBehind = false;
          return;
        }
        const line = idle.shift();
        if (line === undefined) {
          isBehind = true;
          return;
        }
        // The generator's own timer is no fault of the gateway; that all connections were busy is.
        line.send(request, isBehind ? dueAt : now);
        sent += 1;
      }
    };
    timer = setInterval(send, 1);
  });
