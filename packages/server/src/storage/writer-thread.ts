/**
 * The writer thread: the only place where the record is written. While one group waits for its fsync the next one gathers in the ports,
 * so the more is to be written, the more one fsync carries.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { WriteOutcome } from './group-committer.ts';
import { openRecordWriter, type RecordWriter } from './record-writer.ts';
import { StateError } from './storage-refusal.ts';
import type { WriteBatch, WriterNews, WriterOrder, WriterStart } from './writer-message.ts';

/** Longest time that an audit entry waits for a signed checkpoint. */
const checkpointDelayMs = 1000;

/** Connects ports to the writer and runs its groups. */
class WriterLoop {
  readonly #writer: RecordWriter;
  readonly #tell: (news: WriterNews) => void;
  readonly #ports = new Map<number, MessagePort>();
  readonly #outcomes = new Map<MessagePort, [number, WriteOutcome][]>();
  #isScheduled = false;
  #isStopped = false;
  #checkpointTimer: NodeJS.Timeout | undefined;

  constructor(writer: RecordWriter, tell: (news: WriterNews) => void) {
    this.#writer = writer;
    this.#tell = tell;
    this.#checkpointLater();
  }

  connect(client: number, port: MessagePort): void {
    this.#ports.set(client, port);
    port.on('message', (batch: WriteBatch) => this.#receive(client, port, batch));
    port.on('close', () => this.#disown(client));
  }

  order(order: WriterOrder): void {
    if (order.order === 'connect') this.connect(order.client, order.port);
    else if (order.order === 'limit') this.#writer.limit(order.maxBytes);
    else if (order.order === 'sign-with') this.#writer.signWith(order.auditKeyId, order.auditKey);
    else this.#close();
  }

  #receive(client: number, port: MessagePort, { first, writes }: WriteBatch): void {
    for (const [index, [kind, input]] of writes.entries()) {
      this.#writer.queue({ kind, input, client, settle: (outcome) => this.#answer(port, first + index, outcome) });
    }
    this.#schedule();
  }

  /** A thread that went away may have forwarded what it had started: those outcomes are unknown from now on. */
  #disown(client: number): void {
    if (!this.#ports.delete(client)) return;
    const input = { client, now: Date.now() } as never;
    this.#writer.queue({ kind: 'idempotency.disown', input, client, settle: () => {} });
    this.#schedule();
  }

  #answer(port: MessagePort, number: number, outcome: WriteOutcome): void {
    const waiting = this.#outcomes.get(port);
    if (waiting === undefined) this.#outcomes.set(port, [[number, outcome]]);
    else waiting.push([number, outcome]);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#guard(() => this.#turn()));
  }

  #turn(): void {
    this.#isScheduled = false;
    if (this.#isStopped) return;
    const hasMore = this.#writer.commitGroup();
    this.#post();
    if (hasMore) this.#schedule();
    this.#checkpointLater();
  }

  #post(): void {
    for (const [port, outcomes] of this.#outcomes) port.postMessage(outcomes);
    this.#outcomes.clear();
  }

  #checkpointLater(): void {
    this.#checkpointTimer ??= setTimeout(() => {
      this.#checkpointTimer = undefined;
      this.#guard(() => this.#writer.checkpoint(Date.now()));
    }, checkpointDelayMs);
  }

  #close(): void {
    this.#guard(() => {
      // What was posted before the order to close may still lie in the ports.
      for (const [client, port] of this.#ports) {
        for (let left = receiveMessageOnPort(port); left !== undefined; left = receiveMessageOnPort(port))
          this.#receive(client, port, left.message as WriteBatch);
      }
      this.#writer.close(Date.now());
      this.#post();
      this.#tell({ news: 'closed' });
      this.#stop();
    });
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      // Nothing is answered: whoever waits learns from the closed port that the outcome of its write is unknown.
      this.#tell({ news: 'failed', message: messageOf(error) });
      this.#stop();
    }
  }

  #stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#checkpointTimer);
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
    parentPort?.close();
  }
}

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};

const refusalOf = (error: unknown): WriterNews =>
  error instanceof StateError
    ? { news: 'refused', code: error.code, message: error.message, hint: error.hint }
    : {
        news: 'failed',
        message: messageOf(error),
      };

const startWriter = async (main: MessagePort): Promise<void> => {
  const tell = (news: WriterNews): void => main.postMessage(news);
  try {
    const writer = await openRecordWriter(workerData as WriterStart);
    const loop = new WriterLoop(writer, tell);
    main.on('message', (order: WriterOrder) => loop.order(order));
    tell({ news: 'ready', ...writer.start });
  } catch (error) {
    tell(refusalOf(error));
    main.close();
  }
};

if (parentPort !== null) await startWriter(parentPort);
