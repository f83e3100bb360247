/** From a PDU to what arrived with it: a message or a part of one, or a delivery receipt, which is no message of anybody. Pure. */
import type { Msisdn } from '@hauberk/binding';
import { accept, type Bytes, fromUtf8, type Result, refuse } from '@hauberk/primitives';
import { canonicalNumber } from './canonical-number.ts';
import { smppTag } from './smpp-commands.ts';
import { type SmppPdu, tlvOf } from './smpp-pdu.ts';
import { type CodedText, type CodingCode, codedText, codingOf, type DefaultCoding } from './sms-coding.ts';
import { checkedPart, readUserDataHeader, type SmsPart } from './user-data-header.ts';

/** What a link says of its messages. */
export interface LinkReading {
  readonly id: string;
  readonly defaultCoding: DefaultCoding;
  /** Digits before national numbers; they are refused when absent. */
  readonly countryCode?: string | undefined;
}

/** A message, or a part of one, before it is taken. */
export interface ArrivedSms extends CodedText {
  readonly from: Msisdn;
  readonly to: Msisdn;
  /** The link's id of the message; empty when it names none. */
  readonly messageId: string;
  readonly carrier?: string | undefined;
  readonly part?: SmsPart | undefined;
}

/** What a PDU or a call of a webhook carries. */
export type Arrival = { readonly kind: 'message'; readonly sms: ArrivedSms } | { readonly kind: 'receipt' };

/** Why something is no message. A link must not deliver it again: it would stay as it is. */
export type ArrivalCode = CodingCode | 'sms.header' | 'sms.parts' | 'sms.number';

const hasHeader = 0x40;
/** Bits 5 to 2 of esm_class: 0 for a message of a phone; receipts and acknowledgements otherwise (5.2.12). */
const messageType = 0x3c;

const numberIn = (octets: Bytes | undefined): number | undefined =>
  octets?.reduce((value, octet) => value * 256 + octet, 0);

/** Parts by optional parameters instead of a header (5.3.2.22 to 24); all three or none. */
const partOfTlvs = (pdu: SmppPdu): Result<SmsPart | undefined, 'sms.parts'> => {
  const reference = numberIn(tlvOf(pdu, smppTag.segmentReference));
  const total = numberIn(tlvOf(pdu, smppTag.segmentTotal));
  const number = numberIn(tlvOf(pdu, smppTag.segmentNumber));
  if (reference === undefined || total === undefined || number === undefined) return accept(undefined);
  return checkedPart({ width: 16, reference, total, number });
};

const contentOf = (pdu: SmppPdu): Bytes =>
  pdu.content.length > 0 ? pdu.content : (tlvOf(pdu, smppTag.payload) ?? pdu.content);

/** The id that some SMSCs give; printable and short, or none. */
const idOf = (pdu: SmppPdu): string => {
  const octets = tlvOf(pdu, smppTag.receiptedMessageId);
  const text = octets === undefined ? '' : (fromUtf8(octets) ?? '').replace(/\0$/, '');
  return /^[\x21-\x7e]{1,64}$/.test(text) ? text : '';
};

type Content = CodedText & { readonly part: SmsPart | undefined };

const readContent = (pdu: SmppPdu, link: LinkReading): Result<Content, ArrivalCode> => {
  const { esmClass = 0, dataCoding = 0 } = pdu.octets;
  const content = contentOf(pdu);
  const coding = codingOf(dataCoding, link.defaultCoding);
  if (!coding.ok) return coding;
  if ((esmClass & hasHeader) === 0) {
    const part = partOfTlvs(pdu);
    return part.ok ? accept({ ...codedText(coding.value, content), part: part.value }) : part;
  }
  const header = readUserDataHeader(content);
  if (!header.ok) return header;
  const { length, part } = header.value;
  return accept({ ...codedText(coding.value, content.slice(length), length), part });
};

/** Reads a deliver_sm or a data_sm. */
export const readArrival = (pdu: SmppPdu, link: LinkReading): Result<Arrival, ArrivalCode> => {
  const { texts, octets } = pdu;
  if (((octets.esmClass ?? 0) & messageType) !== 0) return accept({ kind: 'receipt' });
  const from = canonicalNumber(texts.source ?? '', octets.sourceTon, link.countryCode);
  const to = canonicalNumber(texts.destination ?? '', octets.destinationTon, link.countryCode);
  if (!from.ok || !to.ok) return refuse('sms.number', 'no number in E.164');
  const content = readContent(pdu, link);
  if (!content.ok) return content;
  return accept({ kind: 'message', sms: { ...content.value, from: from.value, to: to.value, messageId: idOf(pdu) } });
};
