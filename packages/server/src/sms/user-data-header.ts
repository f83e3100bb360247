/** The user data header of an SMS (3GPP TS 23.040, 9.2.3.24): which part of which message it is. */
import { accept, type Result, refuse } from '@hauberk/primitives';

/** Most parts of one message; the longest text that binding reads has five. */
export const mostParts = 8;

/** Where a part belongs. */
export interface SmsPart {
  /** Bits of the reference, and the reference: 8-bit and 16-bit ones are counted apart. */
  readonly width: 8 | 16;
  readonly reference: number;
  readonly total: number;
  /** From 1. */
  readonly number: number;
}

/** What a header says. */
export interface UserDataHeader {
  /** Octets of the header, its own length included. */
  readonly length: number;
  readonly part: SmsPart | undefined;
}

/** A part whose numbers hold; the only part of a message is no part. */
export const checkedPart = (part: SmsPart): Result<SmsPart | undefined, 'sms.parts'> => {
  const { total, number } = part;
  if (total < 1 || total > mostParts || number < 1 || number > total) return refuse('sms.parts', 'no such part');
  return accept(total === 1 ? undefined : part);
};

const partOf = (tag: number, value: Uint8Array): SmsPart | undefined => {
  const [first = 0, second = 0, third = 0, fourth = 0] = value;
  if (tag === 0x00 && value.length === 3) return { width: 8, reference: first, total: second, number: third };
  if (tag === 0x08 && value.length === 4)
    return { width: 16, reference: first * 256 + second, total: third, number: fourth };
  return undefined;
};

/** Reads the header that content begins with. Of two concatenation elements the last counts (9.2.3.24). */
export const readUserDataHeader = (content: Uint8Array): Result<UserDataHeader, 'sms.header' | 'sms.parts'> => {
  const length = (content[0] ?? 0) + 1;
  if (content.length === 0 || length > content.length) return refuse('sms.header', 'longer than the message');
  let part: SmsPart | undefined;
  for (let at = 1; at < length; ) {
    const [tag, size] = [content[at], content[at + 1]];
    if (tag === undefined || size === undefined || at + 2 + size > length) return refuse('sms.header', 'cut element');
    part = partOf(tag, content.subarray(at + 2, at + 2 + size)) ?? part;
    at += 2 + size;
  }
  if (part === undefined) return accept({ length, part });
  const checked = checkedPart(part);
  return checked.ok ? accept({ length, part: checked.value }) : checked;
};
