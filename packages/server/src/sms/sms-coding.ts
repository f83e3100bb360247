/** Which alphabet a data coding names, and from its octets to text (SMPP 3.4, 5.2.19; 3GPP TS 23.038, section 4). */
import { accept, type Bytes, type Result, refuse } from '@hauberk/primitives';
import { readSeptets, unpackSeptets } from './gsm-alphabet.ts';

/** What a link means by data coding 0, the default alphabet of its SMSC. */
export const defaultCodings = ['gsm7', 'gsm7-packed', 'ascii', 'latin1'] as const;
/** One of them. */
export type DefaultCoding = (typeof defaultCodings)[number];

/** How the octets of an inbound SMS are read once septets are unpacked. */
export type Alphabet = 'gsm7' | 'ascii' | 'latin1' | 'ucs2' | 'utf8';

/** Why content cannot be read. */
export type CodingCode = 'sms.coding' | 'sms.content';

/** The alphabet of a data coding; `sms.coding` for binary content and codings that nobody may use. */
export const codingOf = (dataCoding: number, ofLink: DefaultCoding): Result<DefaultCoding | 'ucs2', 'sms.coding'> => {
  if (dataCoding === 0x00) return accept(ofLink);
  if (dataCoding === 0x01) return accept('ascii');
  if (dataCoding === 0x03) return accept('latin1');
  if (dataCoding === 0x08) return accept('ucs2');
  // A message class alone (1111 0xxx), or the general groups of 23.038: septets as the link sends them, or UCS-2.
  const septets: DefaultCoding = ofLink === 'gsm7-packed' ? 'gsm7-packed' : 'gsm7';
  if (dataCoding >= 0xf0) return (dataCoding & 0x04) === 0 ? accept(septets) : refuse('sms.coding', 'binary');
  if (dataCoding >= 0x10 && dataCoding < 0x20) {
    const alphabet = (dataCoding >> 2) & 0x03;
    if (alphabet === 0) return accept(septets);
    if (alphabet === 2) return accept('ucs2');
  }
  return refuse('sms.coding', 'not a coding of text');
};

/** Octets with their alphabet. */
export interface CodedText {
  readonly alphabet: Alphabet;
  readonly octets: Bytes;
}

/** Unpacks what is packed; `headerLength` octets of a user data header stood before it in the same message. */
export const codedText = (coding: DefaultCoding | 'ucs2', octets: Bytes, headerLength = 0): CodedText => {
  if (coding !== 'gsm7-packed') return { alphabet: coding, octets };
  const fill = (7 - ((headerLength * 8) % 7)) % 7;
  return { alphabet: 'gsm7', octets: unpackSeptets(octets, fill) };
};

const readUcs2 = (octets: Uint8Array): string | undefined => {
  if (octets.length % 2 !== 0) return undefined;
  const text = new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true });
  try {
    return text.decode(octets);
  } catch {
    return undefined;
  }
};

const readUtf8 = (octets: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return undefined;
  }
};

const readers: Readonly<Record<Alphabet, (octets: Uint8Array) => string | undefined>> = {
  gsm7: readSeptets,
  ascii: (octets) => (octets.every((octet) => octet < 0x80) ? Buffer.from(octets).toString('latin1') : undefined),
  latin1: (octets) => Buffer.from(octets).toString('latin1'),
  ucs2: readUcs2,
  utf8: readUtf8,
};

/** The text; `sms.content` when the octets are not of their alphabet. Parts are joined before: a sign may be cut between two. */
export const readCoded = ({ alphabet, octets }: CodedText): Result<string, 'sms.content'> => {
  const text = readers[alphabet](octets);
  return text === undefined ? refuse('sms.content', alphabet) : accept(text);
};
