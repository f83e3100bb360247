/**
 * Requests for certificates (PKCS#10, RFC 2986) for a device's P-256 keys: made on the device, checked by whoever issues. What is signed begins with
 * the byte 0x30 and so can never be taken for anything that is signed under an `hb1/` context.
 */
import { type DerElement, oidHex, readDer, withTag } from '@hauberk/attestation';
import {
  accept,
  type Bytes,
  concat,
  type EvidenceCrypto,
  equalBytes,
  fromHex,
  fromUtf8,
  type Result,
  refuse,
  toHex,
  utf8,
} from '@hauberk/primitives';

/** Attribute of a name by its short word (RFC 4514). */
export type NameAttribute = 'CN' | 'O' | 'OU' | 'C' | 'UID';
/** A subject: attributes in their order. */
export type SubjectName = readonly (readonly [NameAttribute, string])[];

/** Why a request is refused. */
export type CertificateRequestCode =
  | 'csr.malformed'
  | 'csr.too-long'
  | 'csr.algorithm'
  | 'csr.key'
  | 'csr.subject'
  | 'csr.signature';

/** Longest request that is read, in bytes. */
export const maxCertificateRequest = 8192;

const names: { readonly [Attribute in NameAttribute]: string } = {
  CN: '2.5.4.3',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  C: '2.5.4.6',
  UID: '0.9.2342.19200300.100.1.1',
};
const bytesOf = (hex: string): Bytes => fromHex(hex) ?? new Uint8Array(0);
const ecdsaWithSha256 = bytesOf(`06${'08'}${oidHex('1.2.840.10045.4.3.2')}`);
/** Head of a P-256 SubjectPublicKeyInfo; the raw point follows. */
const spkiHead = bytesOf('3059301306072a8648ce3d020106082a8648ce3d030107034200');

const element = (tag: number, ...contents: readonly Uint8Array[]): Bytes => {
  const inner = concat(...contents);
  const { length } = inner;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return concat(Uint8Array.of(tag, ...size), inner);
};

/** An INTEGER of unsigned bytes: without needless zeros, and never negative. */
const unsigned = (bytes: Uint8Array): Bytes => {
  const from = bytes.findIndex((byte) => byte !== 0);
  const least = from < 0 ? Uint8Array.of(0) : bytes.subarray(from);
  return element(2, (least[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0), least);
};

const attributeOf = ([attribute, value]: SubjectName[number]): Bytes => {
  const oid = bytesOf(oidHex(names[attribute]));
  // A country is a PrintableString of two letters (RFC 5280), everything else UTF-8.
  return element(0x31, element(0x30, element(6, oid), element(attribute === 'C' ? 0x13 : 0x0c, utf8(value))));
};

/** What a request says: the bytes that the key signs. */
export const certificateRequestInfo = (subject: SubjectName, publicKey: Uint8Array): Bytes =>
  element(
    0x30,
    element(2, Uint8Array.of(0)),
    element(0x30, ...subject.map(attributeOf)),
    concat(spkiHead, publicKey),
    element(0xa0),
  );

/** The request of what was signed, with the signature as r ‖ s. */
export const assembleCertificateRequest = (info: Uint8Array, signature: Uint8Array): Bytes => {
  const der = element(0x30, unsigned(signature.subarray(0, 32)), unsigned(signature.subarray(32)));
  return element(0x30, info, element(0x30, ecdsaWithSha256), element(3, Uint8Array.of(0), der));
};

/** Makes a request; `sign` answers r ‖ s over what it is given, ECDSA with SHA-256. */
export const makeCertificateRequest = async (
  subject: SubjectName,
  publicKey: Uint8Array,
  sign: (message: Bytes) => Promise<Uint8Array> | Uint8Array,
): Promise<Bytes> => {
  const info = certificateRequestInfo(subject, publicKey);
  return assembleCertificateRequest(info, await sign(info));
};

const attributeNames: ReadonlyMap<string, NameAttribute> = new Map(
  (Object.keys(names) as NameAttribute[]).map((attribute) => [oidHex(names[attribute]), attribute]),
);

const readAttribute = (set: DerElement): SubjectName[number] | undefined => {
  const pair = set.children.length === 1 ? withTag(withTag(set, 0x31)?.children[0], 0x30)?.children : undefined;
  const oid = withTag(pair?.[0], 6)?.contents;
  const value = withTag(pair?.[1], 0x0c) ?? withTag(pair?.[1], 0x13);
  const attribute = oid === undefined ? undefined : attributeNames.get(toHex(oid));
  const text = value === undefined ? undefined : fromUtf8(value.contents);
  return attribute === undefined || text === undefined || pair?.length !== 2 ? undefined : [attribute, text];
};

interface Parts {
  readonly info: DerElement;
  readonly subject: DerElement;
  readonly spki: DerElement;
  readonly algorithm: DerElement;
  readonly signature: Bytes;
}

const readParts = (der: Bytes): Parts | undefined => {
  const whole = withTag(readDer(der), 0x30)?.children;
  const info = withTag(whole?.[0], 0x30);
  const [version, subject, spki, attributes] = info?.children ?? [];
  const algorithm = withTag(whole?.[1], 0x30);
  const bits = withTag(whole?.[2], 3)?.contents;
  const isVersion = version !== undefined && equalBytes(version.whole, Uint8Array.of(2, 1, 0));
  if (whole?.length !== 3 || info?.children.length !== 4 || !isVersion || withTag(attributes, 0xa0) === undefined)
    return undefined;
  if (subject === undefined || spki === undefined || algorithm === undefined || bits?.[0] !== 0) return undefined;
  return { info, subject, spki, algorithm, signature: Uint8Array.from(bits.subarray(1)) };
};

/** A request whose signature proves that its sender has the key. */
export interface ProvedCertificateRequest {
  readonly subject: SubjectName;
  /** Raw P-256 point. */
  readonly publicKey: Bytes;
}

/** Checks a request: well-formed, for this key of a device, and signed by it. Attributes beside the key are not read: the issuer decides. */
export const verifyCertificateRequest = (
  der: Bytes,
  publicKey: Uint8Array,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): Result<ProvedCertificateRequest, CertificateRequestCode> => {
  if (der.length > maxCertificateRequest) return refuse('csr.too-long');
  const parts = readParts(der);
  if (parts === undefined || withTag(parts.subject, 0x30) === undefined) return refuse('csr.malformed');
  if (!equalBytes(parts.algorithm.contents, ecdsaWithSha256)) return refuse('csr.algorithm');
  const expected = concat(spkiHead, publicKey);
  if (!equalBytes(parts.spki.whole, expected)) return refuse('csr.key');
  const subject = parts.subject.children.map(readAttribute);
  if (subject.some((attribute) => attribute === undefined)) return refuse('csr.subject');
  if (!crypto.verify('ES256', expected, parts.info.whole, parts.signature)) return refuse('csr.signature');
  return accept({ subject: subject as SubjectName, publicKey: Uint8Array.from(publicKey) });
};
