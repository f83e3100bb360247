/** X.509 certificates (RFC 5280), read strictly: the one reader of the package. */
import {
  type Bytes,
  type EpochMs,
  epochMs,
  equalBytes,
  fromUtf8,
  type SignatureAlgorithm,
  toHex,
} from '@hauberk/primitives';
import { booleanOf, type DerElement, oidHex, readDer, unsignedOf, withTag } from './der.ts';

/** An extension's value, unread. */
export interface CertificateExtension {
  readonly critical: boolean;
  readonly value: Bytes;
}

/** A certificate, taken apart. */
export interface Certificate {
  readonly whole: Bytes;
  readonly toBeSigned: Bytes;
  readonly version: number;
  /** Contents of the INTEGER. */
  readonly serial: Bytes;
  readonly issuer: Bytes;
  readonly subject: DerElement;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
  readonly spki: Bytes;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Bytes;
  /** By the hexadecimal of the object identifier. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  /** Says that it is a CA, and its key usage, where there is one, allows to sign certificates. */
  readonly isAuthority: boolean;
  /** How many CAs may stand between it and a leaf; undefined without a limit. */
  readonly pathLength: number | undefined;
}

const signatureAlgorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [oidHex('1.2.840.10045.4.3.2'), 'ES256'],
  [oidHex('1.2.840.10045.4.3.3'), 'ES384'],
  [oidHex('1.2.840.10045.4.3.4'), 'ES512'],
  [oidHex('1.2.840.113549.1.1.11'), 'RS256'],
  [oidHex('1.2.840.113549.1.1.12'), 'RS384'],
  [oidHex('1.2.840.113549.1.1.13'), 'RS512'],
  [oidHex('1.3.101.112'), 'Ed25519'],
  [oidHex('1.3.101.113'), 'Ed448'],
  [oidHex('2.16.840.1.101.3.4.3.17'), 'ML-DSA-44'],
  [oidHex('2.16.840.1.101.3.4.3.18'), 'ML-DSA-65'],
  [oidHex('2.16.840.1.101.3.4.3.19'), 'ML-DSA-87'],
]);
const basicConstraints = oidHex('2.5.29.19');
const keyUsage = oidHex('2.5.29.15');

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
const dayNumber = (year: number, month: number, day: number): number => {
  const shifted = month <= 2 ? year - 1 : year;
  const monthIndex = (month + 9) % 12;
  const leaps = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leaps + Math.floor((monthIndex * 306 + 5) / 10) + day - 1 - 719_468;
};

const timeForm = /^(\d{4})-?(\d\d)-?(\d\d)T?(\d\d):?(\d\d):?(\d\d)(?:\.(\d{1,3})\d*)?Z$/;

/** A UTC time in GeneralizedTime or RFC 3339 form; undefined for anything else. */
export const timeOfText = (text: string): EpochMs | undefined => {
  const parts = timeForm.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 60;
  if (!isDate) return undefined;
  const fraction = Number((parts[7] ?? '').padEnd(3, '0'));
  return epochMs((dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) * 1000 + fraction);
};

const timeOf = (element: DerElement | undefined): EpochMs | undefined => {
  const text = element === undefined ? undefined : fromUtf8(element.contents);
  if (element === undefined || text === undefined || (element.tag !== 23 && element.tag !== 24)) return undefined;
  // RFC 5280 section 4.1.2.5.1: UTCTime years from 50 are of the last century.
  const full = element.tag === 23 ? (Number(text.slice(0, 2)) >= 50 ? '19' : '20') + text : text;
  return /^\d{14}Z$/.test(full) ? timeOfText(full) : undefined;
};

/** The extensions; undefined when malformed or when one comes twice. */
const readExtensions = (element: DerElement | undefined): Map<string, CertificateExtension> | undefined => {
  const extensions = new Map<string, CertificateExtension>();
  if (element === undefined) return extensions;
  const [list, ...others] = element.children;
  if (withTag(list, 0x30) === undefined || others.length > 0) return undefined;
  for (const entry of list?.children ?? []) {
    const [oid, second, third] = withTag(entry, 0x30)?.children ?? [];
    const hasFlag = entry.children.length === 3;
    const critical = hasFlag ? booleanOf(second) : false;
    const octets = hasFlag ? third : second;
    const value = withTag(octets, 4)?.contents;
    const name = toHex(oid?.contents ?? new Uint8Array(0));
    if (withTag(oid, 6) === undefined || value === undefined || extensions.has(name)) return undefined;
    if (critical === undefined || entry.children.length > 3) return undefined;
    extensions.set(name, { critical, value });
  }
  return extensions;
};

interface Constraints {
  readonly isAuthority: boolean;
  readonly pathLength: number | undefined;
}

/** Basic constraints and key usage together; undefined when malformed. An explicit FALSE is no DER, but genuine phones write it. */
const readConstraints = (extensions: ReadonlyMap<string, CertificateExtension>): Constraints | undefined => {
  const value = extensions.get(basicConstraints)?.value;
  const usage = extensions.get(keyUsage)?.value;
  const bits = usage === undefined ? undefined : withTag(readDer(usage), 3)?.contents;
  if (usage !== undefined && bits === undefined) return undefined;
  // keyCertSign is bit 5 of the first byte after the count of unused bits.
  const maySign = bits === undefined || ((bits[1] ?? 0) & 0x04) !== 0;
  if (value === undefined) return { isAuthority: false, pathLength: undefined };
  const members = withTag(readDer(value), 0x30)?.children;
  const flag = booleanOf(members?.[0]);
  const limit = members?.[flag === undefined ? 0 : 1];
  const pathLength = unsignedOf(withTag(limit, 2));
  const isRead = (flag === undefined ? 0 : 1) + (pathLength === undefined ? 0 : 1) === members?.length;
  return isRead ? { isAuthority: flag === true && maySign, pathLength } : undefined;
};

interface Body {
  readonly version: number;
  readonly fields: readonly DerElement[];
}

const bodyOf = (toBeSigned: DerElement): Body => {
  const [first, ...rest] = toBeSigned.children;
  const isExplicit = withTag(first, 0xa0) !== undefined;
  const version = isExplicit ? (unsignedOf(first?.children[0]) ?? -1) + 1 : 1;
  return { version, fields: isExplicit ? rest : toBeSigned.children };
};

/** Unique identifiers and extensions, in this order and nothing else; the extensions' element or none. */
const trailerOf = (fields: readonly DerElement[]): DerElement | 'none' | undefined => {
  const identifiers = fields.map(({ form, tag }) => form | tag);
  const isOrdered = identifiers.every((identifier, at) => at === 0 || identifier > (identifiers[at - 1] ?? 0));
  if (!isOrdered || identifiers.some((identifier) => ![0x81, 0x82, 0xa3].includes(identifier))) return undefined;
  return fields.find(({ tag }) => tag === 3) ?? 'none';
};

const readValidity = (element: DerElement | undefined): Pick<Certificate, 'notBefore' | 'notAfter'> | undefined => {
  const [from, to, ...rest] = withTag(element, 0x30)?.children ?? [];
  const [notBefore, notAfter] = [timeOf(from), timeOf(to)];
  return notBefore === undefined || notAfter === undefined || rest.length > 0 ? undefined : { notBefore, notAfter };
};

const readBody = (
  toBeSigned: DerElement,
  outer: DerElement,
): Omit<Certificate, 'whole' | 'toBeSigned' | 'signature'> | undefined => {
  const { version, fields } = bodyOf(toBeSigned);
  const [serial, inner, issuer, validity, subject, spki] = fields;
  const algorithm = signatureAlgorithms.get(toHex(outer.children[0]?.contents ?? new Uint8Array(0)));
  // RFC 5280 section 4.1.1.2: both algorithm fields are the same.
  if (algorithm === undefined || inner === undefined || !equalBytes(inner.whole, outer.whole)) return undefined;
  const names = withTag(issuer, 0x30) !== undefined && withTag(subject, 0x30) !== undefined;
  if (!names || withTag(serial, 2) === undefined || withTag(spki, 0x30) === undefined) return undefined;
  if (serial === undefined || issuer === undefined || subject === undefined || spki === undefined) return undefined;
  const dates = readValidity(validity);
  const trailer = trailerOf(fields.slice(6));
  const extensions = trailer === undefined ? undefined : readExtensions(trailer === 'none' ? undefined : trailer);
  const constraints = extensions === undefined ? undefined : readConstraints(extensions);
  if (dates === undefined || extensions === undefined || constraints === undefined) return undefined;
  const named = { serial: serial.contents, issuer: issuer.whole, subject, spki: spki.whole };
  return { version, ...named, ...dates, algorithm, extensions, ...constraints };
};

/** Reads a certificate; undefined for anything but a well-formed one with a known signature algorithm. */
export const readCertificate = (bytes: Bytes): Certificate | undefined => {
  const [toBeSigned, outer, bits, ...rest] = withTag(readDer(bytes), 0x30)?.children ?? [];
  if (withTag(toBeSigned, 0x30) === undefined || withTag(outer, 0x30) === undefined || rest.length > 0)
    return undefined;
  // The first byte of the BIT STRING counts unused bits, and signatures are whole bytes.
  if (toBeSigned === undefined || outer === undefined || withTag(bits, 3)?.contents[0] !== 0) return undefined;
  const body = readBody(toBeSigned, outer);
  if (body === undefined) return undefined;
  return { ...body, whole: bytes, toBeSigned: toBeSigned.whole, signature: (bits?.contents ?? bytes).slice(1) };
};

/** The value of an extension by its dotted identifier. */
export const extensionOf = (certificate: Certificate, dotted: string): CertificateExtension | undefined =>
  certificate.extensions.get(oidHex(dotted));

/** Reads every certificate of a chain; undefined when there is none or one is malformed. */
export const readCertificates = (chain: readonly Bytes[]): readonly [Certificate, ...Certificate[]] | undefined => {
  const certificates = chain.map((bytes) => readCertificate(bytes)).filter((entry) => entry !== undefined);
  const [leaf, ...rest] = certificates;
  return leaf === undefined || certificates.length !== chain.length ? undefined : [leaf, ...rest];
};
