/** Receipts of App Attest: CMS SignedData (RFC 5652) in BER, around Apple's list of typed fields. */
import {
  accept,
  type Bytes,
  type EpochMs,
  type EvidenceCrypto,
  epochMs,
  equalBytes,
  fromUtf8,
  type Result,
  refuse,
} from '@hauberk/primitives';
import { type DerElement, encodeDer, isOid, octetsOf, readBer, unsignedOf, withTag } from './der.ts';
import { type Certificate, readCertificate, readCertificates, timeOfText } from './x509.ts';
import { type CertificateCode, checkPath } from './x509-path.ts';

/** Why a receipt was refused. */
export type ReceiptCode =
  | CertificateCode
  | 'app-attest.receipt'
  | 'app-attest.receipt-signature'
  | 'app-attest.receipt-app-id'
  | 'app-attest.receipt-key'
  | 'app-attest.receipt-time'
  | 'app-attest.receipt-expired';

/** What a receipt is measured against. */
export interface ReceiptExpectations {
  readonly appId: string;
  /** Of the attested key. */
  readonly spki: Uint8Array;
  /** DER certificates of the roots of receipts, which are not those of attestations. */
  readonly anchors: readonly Bytes[];
  readonly now: EpochMs;
}

declare const mark: unique symbol;

/** A receipt that passed; made here and nowhere else. */
export interface VerifiedReceipt {
  readonly [mark]: 'receipt';
  /** `ATTEST` from the device, `RECEIPT` from Apple's servers. */
  readonly type: string;
  readonly environment: string | undefined;
  readonly clientHash: Bytes;
  readonly token: string;
  readonly creationTime: EpochMs;
  /** Attested keys of the device in the last 30 days, as Apple counts; only in `RECEIPT`. */
  readonly riskMetric: number | undefined;
  /** When Apple gives the next one. */
  readonly notBefore: EpochMs | undefined;
  readonly expirationTime: EpochMs;
}

/** Clocks of Apple and of the gateway may differ by so much. */
const toleranceMs = 300_000;

interface SignedContent {
  readonly content: Bytes;
  readonly chain: readonly [Certificate, ...Certificate[]];
  readonly signedAttributes: DerElement | undefined;
  readonly signature: Bytes;
}

/** The signer first, then each issuer; undefined unless this uses every certificate. */
const orderChain = (
  certificates: readonly Certificate[],
  serial: Bytes,
): readonly [Certificate, ...Certificate[]] | undefined => {
  const leaf = certificates.find((certificate) => equalBytes(certificate.serial, serial));
  if (leaf === undefined) return undefined;
  const chain: [Certificate, ...Certificate[]] = [leaf];
  const left = new Set(certificates);
  left.delete(leaf);
  for (let last = leaf; left.size > 0; ) {
    const next = [...left].find((candidate) => equalBytes(candidate.subject.whole, last.issuer));
    if (next === undefined) return undefined;
    left.delete(next);
    chain.push(next);
    last = next;
  }
  return chain;
};

const readSigner = (
  signer: DerElement | undefined,
  certificates: DerElement,
  content: Bytes,
): SignedContent | undefined => {
  const fields = signer?.children ?? [];
  const [, identifier, digest] = fields;
  const signedAttributes = fields.find((field) => withTag(field, 0xa0) !== undefined);
  const signature = octetsOf(fields.find((field) => field.form === 0 && field.tag === 4));
  const serial = identifier?.children[1]?.contents;
  if (serial === undefined || signature === undefined || !isOid(digest?.children[0], '2.16.840.1.101.3.4.2.1'))
    return undefined;
  const read = certificates.children.map(({ whole }) => readCertificate(whole));
  const known = read.filter((certificate) => certificate !== undefined);
  const chain = known.length === read.length ? orderChain(known, serial) : undefined;
  return chain === undefined ? undefined : { content, chain, signedAttributes, signature };
};

const readSignedData = (bytes: Bytes): SignedContent | undefined => {
  const [type, wrapper] = withTag(readBer(bytes), 0x30)?.children ?? [];
  if (!isOid(type, '1.2.840.113549.1.7.2')) return undefined;
  const fields = withTag(wrapper, 0xa0)?.children[0]?.children ?? [];
  const [, , encapsulated] = fields;
  const certificates = fields.find((field) => withTag(field, 0xa0) !== undefined);
  const [signer, ...others] = withTag(fields.at(-1), 0x31)?.children ?? [];
  const content = octetsOf(encapsulated?.children[1]?.children[0]);
  if (others.length > 0 || content === undefined || certificates === undefined) return undefined;
  return isOid(encapsulated?.children[0], '1.2.840.113549.1.7.1')
    ? readSigner(signer, certificates, content)
    : undefined;
};

/** RFC 5652 section 5.4: the attributes are signed as a SET, and they name the digest of the content. */
const signedMessage = ({ content, signedAttributes }: SignedContent, crypto: EvidenceCrypto): Bytes | undefined => {
  if (signedAttributes === undefined) return content;
  const named = signedAttributes.children.filter(({ children: [oid] }) => isOid(oid, '1.2.840.113549.1.9.4'));
  const digest = octetsOf(named[0]?.children[1]?.children[0]);
  if (named.length !== 1 || digest === undefined || !equalBytes(digest, crypto.digest('SHA-256', content)))
    return undefined;
  return encodeDer(0x31, signedAttributes.contents);
};

const readFields = (content: Bytes): ReadonlyMap<number, Bytes> | undefined => {
  const fields = new Map<number, Bytes>();
  for (const { children } of withTag(readBer(content), 0x31)?.children ?? []) {
    const [type, value] = [unsignedOf(children[0]), octetsOf(children[2])];
    if (type === undefined || value === undefined || fields.has(type)) return undefined;
    fields.set(type, value);
  }
  return fields;
};

const textOf = (fields: ReadonlyMap<number, Bytes>, type: number): string | undefined => {
  const value = fields.get(type);
  return value === undefined ? undefined : fromUtf8(value);
};
const timeOf = (fields: ReadonlyMap<number, Bytes>, type: number): EpochMs | undefined =>
  timeOfText(textOf(fields, type) ?? '');

const fieldsOf = (fields: ReadonlyMap<number, Bytes>): Omit<VerifiedReceipt, typeof mark> | undefined => {
  const [clientHash, token, type] = [fields.get(4), textOf(fields, 5), textOf(fields, 6)];
  const [creationTime, expirationTime] = [timeOf(fields, 12), timeOf(fields, 21)];
  const risk = textOf(fields, 17);
  if (clientHash === undefined || token === undefined || type === undefined) return undefined;
  if (creationTime === undefined || expirationTime === undefined) return undefined;
  if (risk !== undefined && !/^[0-9]{1,9}$/.test(risk)) return undefined;
  return {
    type,
    environment: textOf(fields, 7),
    clientHash,
    token,
    creationTime,
    riskMetric: risk === undefined ? undefined : Number(risk),
    notBefore: timeOf(fields, 19),
    expirationTime,
  };
};

const checkFields = (
  fields: ReadonlyMap<number, Bytes>,
  expectations: ReceiptExpectations,
): ReceiptCode | undefined => {
  if (textOf(fields, 2) !== expectations.appId) return 'app-attest.receipt-app-id';
  const attested = readCertificate(fields.get(3) ?? new Uint8Array(0))?.spki;
  return attested !== undefined && equalBytes(attested, expectations.spki) ? undefined : 'app-attest.receipt-key';
};

/** Verifies a receipt. */
export const readReceipt = (
  bytes: Bytes,
  expectations: ReceiptExpectations,
  crypto: EvidenceCrypto,
): Result<VerifiedReceipt, ReceiptCode> => {
  const signed = bytes.length > 65_536 ? undefined : readSignedData(bytes);
  if (signed === undefined) return refuse('app-attest.receipt', 'structure');
  const anchors = readCertificates(expectations.anchors) ?? [];
  const path = checkPath(signed.chain, { anchors, now: expectations.now }, crypto);
  if (!path.ok) return path;
  const message = signedMessage(signed, crypto);
  if (message === undefined || !crypto.verify('ES256', signed.chain[0].spki, message, signed.signature))
    return refuse('app-attest.receipt-signature');
  const fields = readFields(signed.content);
  const receipt = fields === undefined ? undefined : fieldsOf(fields);
  if (fields === undefined || receipt === undefined) return refuse('app-attest.receipt', 'fields');
  const fault = checkFields(fields, expectations);
  if (fault !== undefined) return refuse(fault);
  if (receipt.creationTime > epochMs(expectations.now + toleranceMs)) return refuse('app-attest.receipt-time');
  if (receipt.expirationTime < expectations.now) return refuse('app-attest.receipt-expired');
  return accept(receipt as VerifiedReceipt);
};
