/**
 * The codec of SMPP 3.4. Pure and strict: each text ends within its field, each length holds, nothing is left over. What is refused is refused
 * with a code and never half read.
 */
import { accept, type Bytes, concat, type Result, refuse } from '@hauberk/primitives';
import {
  commandId,
  commandOf,
  fieldsOf,
  isResponse,
  type SmppCommand,
  type SmppOctet,
  type SmppText,
} from './smpp-commands.ts';

/** Octets of a head. */
export const headLength = 16;
/** Longest PDU that is read: a full message_payload and everything beside it. */
export const longestPdu = 66_560;
/** Most optional parameters of one PDU. */
export const mostTlvs = 64;

/** An optional parameter. */
export interface SmppTlv {
  readonly tag: number;
  readonly value: Bytes;
}

/** A PDU. Fields that a command does not have are absent; those that a writer leaves out are empty or 0. */
export interface SmppPdu {
  readonly command: SmppCommand;
  readonly status: number;
  readonly sequence: number;
  readonly texts: Readonly<Partial<Record<SmppText, string>>>;
  readonly octets: Readonly<Partial<Record<SmppOctet, number>>>;
  /** The short message, or what message_payload carries instead. */
  readonly content: Bytes;
  readonly tlvs: readonly SmppTlv[];
}

/** Why octets are no PDU. */
export type SmppPduCode = 'smpp.length' | 'smpp.command' | 'smpp.text' | 'smpp.field' | 'smpp.tlv';

/** The four numbers that begin every PDU. */
export interface SmppHead {
  readonly length: number;
  readonly commandId: number;
  readonly status: number;
  readonly sequence: number;
}

const viewOf = (octets: Uint8Array): DataView => new DataView(octets.buffer, octets.byteOffset, octets.byteLength);

/** Reads a head; expects 16 octets at least. A length that no PDU has ends the connection: where the next begins cannot be known. */
export const readHead = (octets: Uint8Array): Result<SmppHead, 'smpp.length'> => {
  const view = viewOf(octets);
  const length = view.getUint32(0);
  if (length < headLength || length > longestPdu) return refuse('smpp.length', 'no length of a PDU');
  return accept({
    length,
    commandId: view.getUint32(4),
    status: view.getUint32(8),
    sequence: view.getUint32(12),
  });
};

const none: Bytes = new Uint8Array(0);

/** Walks over a body. */
class Reader {
  readonly #octets: Uint8Array;
  at: number;
  constructor(octets: Uint8Array, at: number) {
    this.#octets = octets;
    this.at = at;
  }

  get left(): number {
    return this.#octets.length - this.at;
  }

  octet(): number | undefined {
    const value = this.#octets[this.at];
    this.at += 1;
    return value;
  }

  take(length: number): Bytes | undefined {
    if (length > this.left) return undefined;
    this.at += length;
    return new Uint8Array(this.#octets.subarray(this.at - length, this.at));
  }

  /** A text up to its terminator; ASCII, for no field of SMPP may hold anything else. */
  text(most: number): string | undefined {
    const end = this.#octets.indexOf(0, this.at);
    if (end < 0 || end - this.at >= most) return undefined;
    let value = '';
    for (const octet of this.#octets.subarray(this.at, end)) {
      if (octet < 0x20 || octet > 0x7e) return undefined;
      value += String.fromCharCode(octet);
    }
    this.at = end + 1;
    return value;
  }
}

const readTlvs = (reader: Reader): readonly SmppTlv[] | undefined => {
  const tlvs: SmppTlv[] = [];
  while (reader.left > 0) {
    const head = reader.take(4);
    if (head === undefined || tlvs.length === mostTlvs) return undefined;
    const value = reader.take(viewOf(head).getUint16(2));
    if (value === undefined) return undefined;
    tlvs.push({ tag: viewOf(head).getUint16(0), value });
  }
  return tlvs;
};

type Body = Pick<SmppPdu, 'texts' | 'octets' | 'content'>;

const readBody = (command: SmppCommand, reader: Reader): Result<Body, 'smpp.text' | 'smpp.field'> => {
  const texts: Partial<Record<SmppText, string>> = {};
  const octets: Partial<Record<SmppOctet, number>> = {};
  let content = none;
  // Peers leave the body of an answer out, most of all with an error.
  if (isResponse(command) && reader.left === 0) return accept({ texts, octets, content });
  for (const field of fieldsOf(command)) {
    if (field.kind === 'text') {
      const value = reader.text(field.most);
      if (value === undefined) return refuse('smpp.text', field.name);
      texts[field.name] = value;
      continue;
    }
    const value = reader.octet();
    if (value === undefined) return refuse('smpp.field', field.kind);
    if (field.kind === 'octet') octets[field.name] = value;
    else {
      const taken = reader.take(value);
      if (taken === undefined) return refuse('smpp.field', 'short message');
      content = taken;
    }
  }
  return accept({ texts, octets, content });
};

/** Reads one whole PDU. */
export const readPdu = (frame: Uint8Array): Result<SmppPdu, SmppPduCode> => {
  if (frame.length < headLength) return refuse('smpp.length', 'shorter than a head');
  const head = readHead(frame);
  if (!head.ok) return head;
  const { length, commandId: id, status, sequence } = head.value;
  if (length !== frame.length) return refuse('smpp.length', 'another length than it says');
  const command = commandOf(id);
  if (command === undefined) return refuse('smpp.command', 'not spoken here');
  const reader = new Reader(frame, headLength);
  const body = readBody(command, reader);
  if (!body.ok) return body;
  const tlvs = readTlvs(reader);
  if (tlvs === undefined) return refuse('smpp.tlv', 'optional parameters do not fit');
  return accept({ command, status, sequence, ...body.value, tlvs });
};

const textOctets = (value: string, most: number, name: string): Bytes => {
  if (value.length >= most || !/^[\x20-\x7e]*$/.test(value)) throw new RangeError(`${name} does not fit its field`);
  return Uint8Array.from([...Array.from(value, (sign) => sign.charCodeAt(0)), 0]);
};

const numberOctets = (value: number, width: 1 | 2 | 4): Bytes => {
  const octets = new Uint8Array(4);
  viewOf(octets).setUint32(0, value);
  return octets.slice(4 - width);
};

/** What a writer gives: everything but the command may be left out. */
export type SmppDraft = Pick<SmppPdu, 'command'> & Partial<SmppPdu>;

/**
 * Writes a PDU.
 * @throws RangeError when a value does not fit its field: a fault of the program, never of a peer.
 */
export const writePdu = (draft: SmppDraft): Bytes => {
  const { command, status = 0, sequence = 0, texts = {}, octets = {}, content = none, tlvs = [] } = draft;
  const pieces: Bytes[] = [];
  for (const field of fieldsOf(command)) {
    if (field.kind === 'text') pieces.push(textOctets(texts[field.name] ?? '', field.most, field.name));
    else if (field.kind === 'octet') pieces.push(numberOctets(octets[field.name] ?? 0, 1));
    else if (content.length > 255) throw new RangeError('a short message has 255 octets at most');
    else pieces.push(numberOctets(content.length, 1), content);
  }
  for (const { tag, value } of tlvs) pieces.push(numberOctets(tag, 2), numberOctets(value.length, 2), value);
  const length = pieces.reduce((sum, piece) => sum + piece.length, headLength);
  if (length > longestPdu) throw new RangeError('longer than any PDU');
  const head = [length, commandId(command), status, sequence].map((value) => numberOctets(value, 4));
  return concat(...head, ...pieces);
};

/** The value of an optional parameter; undefined when it is not there. The first counts. */
export const tlvOf = (pdu: SmppPdu, tag: number): Bytes | undefined => pdu.tlvs.find((tlv) => tlv.tag === tag)?.value;
