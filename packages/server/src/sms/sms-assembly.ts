/** Parts to messages: in any order, each counted once, bounded in number and in time. Pure: time is an argument. */
import { type Bytes, concat, type EpochMs } from '@hauberk/primitives';
import type { CodedText } from './sms-coding.ts';
import type { SmsPart } from './user-data-header.ts';

/** A part as it lies in the inbox. */
export interface HeldPart extends CodedText {
  readonly position: number;
  /** Names the message: link, numbers, alphabet, reference. */
  readonly group: string;
  readonly part: SmsPart;
  readonly receivedAtMs: EpochMs;
}

/** A message whose parts are all there. */
export interface WholeSms extends CodedText {
  /** Of all its parts, repeated ones too; the first came first. */
  readonly positions: readonly number[];
}

/** How long parts wait for the rest. A token lives for 45 s: what is later than this is of no use to anybody. */
export const partsWaitMs = 120_000;

const join = (parts: readonly HeldPart[], total: number): Bytes | undefined => {
  const pieces: Bytes[] = [];
  for (let number = 1; number <= total; number += 1) {
    // Of a repeated part the first counts: what came later cannot change what was said.
    const found = parts.find(({ part }) => part.number === number);
    if (found === undefined) return undefined;
    pieces.push(found.octets);
  }
  return concat(...pieces);
};

/** The groups that are not whole yet. */
export class SmsAssembly {
  readonly #groups = new Map<string, HeldPart[]>();

  /** Parts that wait. */
  get waiting(): number {
    return [...this.#groups.values()].reduce((sum, parts) => sum + parts.length, 0);
  }

  /** Takes a part; answers the message that it completes. */
  take(held: HeldPart): WholeSms | undefined {
    const name = `${held.group}\u0000${held.part.total}`;
    const parts = [...(this.#groups.get(name) ?? []), held].toSorted((one, other) => one.position - other.position);
    const octets = join(parts, held.part.total);
    if (octets === undefined) {
      this.#groups.set(name, parts);
      return undefined;
    }
    this.#groups.delete(name);
    return { alphabet: held.alphabet, octets, positions: parts.map(({ position }) => position) };
  }

  /** Gives up what waits for too long; answers the positions. */
  expire(now: EpochMs): readonly number[] {
    const late: number[] = [];
    for (const [name, parts] of this.#groups) {
      if ((parts[0]?.receivedAtMs ?? now) > now - partsWaitMs) continue;
      this.#groups.delete(name);
      late.push(...parts.map(({ position }) => position));
    }
    return late;
  }
}
