/**
 * Between the links and binding. A message is on the disk before its link is told so; it is counted from there, by a receiver that knows
 * repetitions, and settled afterwards. A crash at any point repeats a step and loses none.
 */
import {
  type EpochMs,
  epochMs,
  fromBase64,
  fromUtf8,
  hours,
  type Refusal,
  refuse,
  toBase64,
  utf8,
} from '@hauberk/primitives';
import type { InboundAnswer, InboundSms } from '../binding/inbound-sms.ts';
import type { SmsInbox, WaitingSms } from '../storage/sms-inbox.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { ArrivedSms } from './arrived-sms.ts';
import { SmsAssembly } from './sms-assembly.ts';
import { type CodedText, readCoded } from './sms-coding.ts';

/** Counts a message; the port of the binding service. It knows repetitions by link and message id. */
export type SmsReceiver = (message: InboundSms) => Promise<InboundAnswer>;

/** What a desk is made of. */
export interface SmsDeskParts {
  readonly inbox: SmsInbox;
  /** Without one messages wait in the inbox. */
  readonly receiver: SmsReceiver | undefined;
  /** Messages that may wait; beyond, links are told to come again. */
  readonly mostWaiting: number;
  readonly now: () => EpochMs;
  /** A fault of the receiver or of the record; the step is tried again. */
  readonly failed: (error: unknown) => void;
}

/** What became of messages, by words of a closed list. */
export type SmsCounted = 'counted' | 'redelivered' | 'ignored' | 'declined' | 'parts-missing' | 'unreadable';

/** How long a message stays known: as long as binding remembers it. */
const knownFor = hours(24);
const batch = 256;
const retryMs = 500;
const tidyMs = 5000;

type Kept = Omit<ArrivedSms, 'octets' | 'messageId'> & { readonly link: string; readonly octets: string };

interface Ready {
  readonly positions: readonly number[];
  readonly message: InboundSms;
}

/** What makes a delivery the same message: under an old id, another content is another message. */
const identityOf = (link: string, { messageId, from, to, alphabet, octets, part }: ArrivedSms): string =>
  JSON.stringify([link, messageId, from, to, alphabet, toBase64(octets), part ?? null]);

const readKept = (content: WaitingSms['content']): Kept | undefined => {
  const text = content === undefined ? undefined : fromUtf8(content);
  return text === undefined ? undefined : (JSON.parse(text) as Kept);
};

/** The desk. */
export class SmsDesk {
  readonly counts: Record<SmsCounted, number> = {
    counted: 0,
    redelivered: 0,
    ignored: 0,
    declined: 0,
    'parts-missing': 0,
    unreadable: 0,
  };
  readonly #parts: SmsDeskParts;
  readonly #assembly = new SmsAssembly();
  #waiting = 0;
  #read = 0;
  #retry: Ready[] = [];
  #isClosing = false;
  #isWanted = false;
  #work: Promise<void> | undefined;
  #tidy: NodeJS.Timeout | undefined;

  constructor(parts: SmsDeskParts) {
    this.#parts = parts;
  }

  /** Messages and parts that nobody has counted yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes up what an earlier process left. */
  async open(): Promise<void> {
    this.#waiting = await this.#parts.inbox.countWaiting();
    this.#tidy = setInterval(() => {
      this.#wake();
      void this.#forget();
    }, tidyMs);
    this.#tidy.unref();
    this.#wake();
  }

  /**
   * Keeps a message. When it answers `taken` or `known` it is on the disk. `sameSince` is how far back the same content without an id
   * counts as the same message.
   */
  async take(
    link: string,
    sms: ArrivedSms,
    sameSince: EpochMs,
  ): Promise<'taken' | 'known' | Refusal<StorageRefusal | 'sms-inbox-full'>> {
    if (this.#waiting >= this.#parts.mostWaiting) return refuse('sms-inbox-full');
    const { octets, messageId, ...rest } = sms;
    const now = this.#parts.now();
    const kept: Kept = { ...rest, link, octets: toBase64(octets) };
    this.#waiting += 1;
    const taken = await this.#parts.inbox.take({
      identity: identityOf(link, sms),
      sameSinceMs: messageId === '' ? sameSince : epochMs(0),
      content: utf8(JSON.stringify(kept)),
      receivedAtMs: now,
      expiresAtMs: epochMs(now + knownFor),
    });
    if (!taken.ok || taken.value === 'known') this.#waiting -= 1;
    if (!taken.ok) return taken;
    if (taken.value === 'taken') this.#wake();
    return taken.value;
  }

  /** Ends after what is under way; the rest waits on the disk. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#tidy);
    await this.#work;
  }

  #wake(): void {
    this.#isWanted = true;
    if (this.#parts.receiver === undefined || this.#isClosing) return;
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#isClosing) {
      this.#isWanted = false;
      try {
        await this.#pass();
      } catch (error) {
        this.#parts.failed(error);
        setTimeout(() => this.#wake(), retryMs).unref();
      }
    }
  }

  async #pass(): Promise<void> {
    const room = Math.max(0, batch - this.#retry.length);
    const rows = room === 0 ? [] : await this.#parts.inbox.waiting(this.#read, room);
    this.#read = rows.at(-1)?.position ?? this.#read;
    if (rows.length === room && room > 0) this.#isWanted = true;
    const settled: number[] = [];
    const due = [...this.#retry, ...rows.flatMap((row) => this.#readyOf(row, settled))];
    this.#retry = [];
    await Promise.all(
      due.map(async (ready) => {
        if (await this.#hand(ready)) settled.push(...ready.positions);
        else this.#retry.push(ready);
      }),
    );
    const late = this.#assembly.expire(this.#parts.now());
    this.counts['parts-missing'] += late.length;
    settled.push(...late);
    if (settled.length > 0) {
      const done = await this.#parts.inbox.settle(settled);
      // Not settled, it is handed over again by the next process, and known there.
      if (done.ok) this.#waiting -= done.value;
    }
    if (this.#retry.length > 0) setTimeout(() => this.#wake(), retryMs).unref();
  }

  #readyOf(row: WaitingSms, settled: number[]): readonly Ready[] {
    const kept = readKept(row.content);
    const octets = kept === undefined ? undefined : fromBase64(kept.octets);
    if (kept === undefined || octets === undefined) return this.#unreadable([row.position], settled);
    const { link, from, to, carrier, alphabet, part } = kept;
    const { position, receivedAtMs } = row;
    const group = JSON.stringify([link, from, to, alphabet, part?.width, part?.reference]);
    const whole: (CodedText & { readonly positions: readonly number[] }) | undefined =
      part === undefined
        ? { alphabet, octets, positions: [position] }
        : this.#assembly.take({ alphabet, octets, part, position, group, receivedAtMs });
    if (whole === undefined) return [];
    const text = readCoded(whole);
    if (!text.ok) return this.#unreadable(whole.positions, settled);
    // Positions are never used twice: binding knows a message that it is handed again by the last of them.
    const messageId = `inbox ${whole.positions.at(-1) ?? 0}`;
    return [{ positions: whole.positions, message: { link, messageId, from, to, carrier, text: text.value } }];
  }

  #unreadable(positions: readonly number[], settled: number[]): readonly Ready[] {
    this.counts.unreadable += 1;
    settled.push(...positions);
    return [];
  }

  async #hand({ message }: Ready): Promise<boolean> {
    try {
      const answer = await this.#parts.receiver?.(message);
      if (answer === undefined || 'ok' in answer) return false;
      this.counts[answer.outcome] += 1;
      return true;
    } catch (error) {
      this.#parts.failed(error);
      return false;
    }
  }

  async #forget(): Promise<void> {
    try {
      await this.#parts.inbox.purge(this.#parts.now(), 1000);
      if (this.#parts.receiver === undefined) this.#waiting = await this.#parts.inbox.countWaiting();
    } catch (error) {
      this.#parts.failed(error);
    }
  }
}
