/** X.509 certificates of authenticators and of Apple (RFC 5280), and paths from them to anchors. */
import {
  accept,
  type Bytes,
  type EpochMs,
  epochMs,
  equalBytes,
  fromUtf8,
  type Result,
  refuse,
  toHex,
} from '@hauberk/primitives';
import type { CoseAlgorithm } from './cose.ts';
import { type Asn1Element, octetsOf, oidHex, readAsn1, unsignedOf, withTag } from './webauthn-asn1.ts';

/** The cryptography that ceremonies need. */
export interface CeremonyCrypto {
  digest(hash: 'SHA-256' | 'SHA-384' | 'SHA-512', bytes: Uint8Array): Bytes;
  /** ECDSA signatures are DER, on the curve of the key whatever the hash. False for anything malformed, also a key of another type. */
  verify(algorithm: CoseAlgorithm, spki: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Why certificates were refused. */
export type CertificateCode =
  | 'webauthn.certificate'
  | 'webauthn.chain-untrusted'
  | 'webauthn.chain-signature'
  | 'webauthn.chain-not-ca'
  | 'webauthn.chain-expired';

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
  readonly serial: Bytes;
  readonly issuer: Bytes;
  readonly subject: Asn1Element;
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
  readonly spki: Bytes;
  readonly algorithm: CoseAlgorithm;
  readonly signature: Bytes;
  /** By the hexadecimal of the object identifier. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
  readonly isAuthority: boolean;
}

const signatureAlgorithms: ReadonlyMap<string, CoseAlgorithm> = new Map([
  [oidHex('1.2.840.10045.4.3.2'), 'ES256'],
  [oidHex('1.2.840.10045.4.3.3'), 'ES384'],
  [oidHex('1.2.840.10045.4.3.4'), 'ES512'],
  [oidHex('1.2.840.113549.1.1.11'), 'RS256'],
  [oidHex('1.2.840.113549.1.1.12'), 'RS384'],
  [oidHex('1.2.840.113549.1.1.13'), 'RS512'],
  [oidHex('1.3.101.112'), 'Ed25519'],
  [oidHex('1.3.101.113'), 'Ed448'],
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

const timeOf = (element: Asn1Element | undefined): EpochMs | undefined => {
  const text = element === undefined ? undefined : fromUtf8(element.contents);
  if (element === undefined || text === undefined || (element.tag !== 23 && element.tag !== 24)) return undefined;
  // RFC 5280 section 4.1.2.5.1: UTCTime years from 50 are of the last century.
  const full = element.tag === 23 ? (Number(text.slice(0, 2)) >= 50 ? '19' : '20') + text : text;
  return /^\d{14}Z$/.test(full) ? timeOfText(full) : undefined;
};

/** The extensions; undefined when malformed or when one comes twice. */
const readExtensions = (element: Asn1Element | undefined): Map<string, CertificateExtension> | undefined => {
  const extensions = new Map<string, CertificateExtension>();
  for (const entry of element?.children[0]?.children ?? []) {
    const [oid, second, third] = entry.children;
    const critical = entry.children.length === 3 && withTag(second, 1)?.contents[0] === 255;
    const value = octetsOf(entry.children.length === 3 ? third : second);
    const name = oid === undefined ? '' : toHex(oid.contents);
    if (withTag(oid, 6) === undefined || value === undefined || extensions.has(name)) return undefined;
    if (entry.children.length === 3 && !critical) return undefined;
    extensions.set(name, { critical, value });
  }
  return extensions;
};

const isAuthority = (extensions: ReadonlyMap<string, CertificateExtension>): boolean => {
  const constraints = extensions.get(basicConstraints);
  const usage = extensions.get(keyUsage);
  const flag = constraints === undefined ? undefined : readAsn1(constraints.value)?.children[0];
  const bits = usage === undefined ? undefined : withTag(readAsn1(usage.value), 3)?.contents;
  // keyCertSign is bit 5 of the first byte after the count of unused bits.
  const maySign = usage === undefined || ((bits?.[1] ?? 0) & 0x04) !== 0;
  return withTag(flag, 1)?.contents[0] === 255 && maySign;
};

interface Body {
  readonly version: number;
  readonly fields: readonly Asn1Element[];
}

const bodyOf = (toBeSigned: Asn1Element): Body => {
  const [first, ...rest] = toBeSigned.children;
  const isExplicit = withTag(first, 0xa0) !== undefined;
  const version = isExplicit ? (unsignedOf(first?.children[0]) ?? -1) + 1 : 1;
  return { version, fields: isExplicit ? rest : toBeSigned.children };
};

/** Reads a certificate; undefined for anything but a well-formed one with a known signature algorithm. */
export const readCertificate = (bytes: Bytes): Certificate | undefined => {
  const [toBeSigned, outer, bits] = withTag(readAsn1(bytes), 0x30)?.children ?? [];
  if (toBeSigned === undefined || outer === undefined || withTag(bits, 3)?.contents[0] !== 0) return undefined;
  const { version, fields } = bodyOf(toBeSigned);
  const [serial, inner, issuer, validity, subject, spki] = fields;
  const algorithm = signatureAlgorithms.get(toHex(outer.children[0]?.contents ?? new Uint8Array(0)));
  const notBefore = timeOf(validity?.children[0]);
  const notAfter = timeOf(validity?.children[1]);
  if (issuer === undefined || subject === undefined || withTag(spki, 0x30) === undefined) return undefined;
  // RFC 5280 section 4.1.1.2: both algorithm fields are the same.
  if (algorithm === undefined || inner === undefined || !equalBytes(inner.whole, outer.whole)) return undefined;
  const extensions = readExtensions(fields.slice(6).find((field) => withTag(field, 0xa3) !== undefined));
  if (notBefore === undefined || notAfter === undefined || extensions === undefined || spki === undefined)
    return undefined;
  return {
    whole: bytes,
    toBeSigned: toBeSigned.whole,
    version,
    serial: serial?.contents ?? bytes,
    issuer: issuer.whole,
    subject,
    notBefore,
    notAfter,
    spki: spki.whole,
    algorithm,
    signature: (bits?.contents ?? bytes).slice(1),
    extensions,
    isAuthority: isAuthority(extensions),
  };
};

/** The value of an extension by its dotted identifier. */
export const extensionOf = (certificate: Certificate, dotted: string): CertificateExtension | undefined =>
  certificate.extensions.get(oidHex(dotted));

const isValidAt = (certificate: Certificate, now: EpochMs): boolean =>
  certificate.notBefore <= now && now <= certificate.notAfter;

const checkLink = (
  certificate: Certificate,
  issuer: Certificate,
  crypto: CeremonyCrypto,
): CertificateCode | undefined => {
  if (!equalBytes(certificate.issuer, issuer.subject.whole)) return 'webauthn.chain-untrusted';
  if (!issuer.isAuthority) return 'webauthn.chain-not-ca';
  const { algorithm, toBeSigned, signature } = certificate;
  return crypto.verify(algorithm, issuer.spki, toBeSigned, signature) ? undefined : 'webauthn.chain-signature';
};

/** What a path is measured against. */
export interface PathTrust {
  readonly anchors: readonly Certificate[];
  readonly now: EpochMs;
}

/** Anchors match by name and key: roots are re-issued under the same key. */
const isAnchor = (certificate: Certificate, anchor: Certificate): boolean =>
  equalBytes(certificate.spki, anchor.spki) && equalBytes(certificate.subject.whole, anchor.subject.whole);

/** Checks a chain, leaf first, that ends at an anchor or with a certificate that an anchor signed. */
export const checkPath = (
  chain: readonly Certificate[],
  { anchors, now }: PathTrust,
  crypto: CeremonyCrypto,
): Result<true, CertificateCode> => {
  const last = chain.at(-1);
  if (last === undefined || chain.length > 8) return refuse('webauthn.certificate', `${chain.length} certificates`);
  const anchor = anchors.find((candidate) => isAnchor(last, candidate)) ??
    anchors.find((candidate) => equalBytes(last.issuer, candidate.subject.whole)); // biome-ignore format: reads as one
  if (anchor === undefined) return refuse('webauthn.chain-untrusted', 'no anchor');
  const links = [...(isAnchor(last, anchor) && chain.length > 1 ? chain.slice(0, -1) : chain), anchor];
  for (const [index, issuer] of links.entries()) {
    const certificate = links[index - 1];
    if (!isValidAt(issuer, now)) return refuse('webauthn.chain-expired', `certificate ${index}`);
    const fault = certificate === undefined ? undefined : checkLink(certificate, issuer, crypto);
    if (fault !== undefined) return refuse(fault, `certificate ${index - 1}`);
  }
  return accept(true);
};

/** Reads every certificate of a chain; undefined when there is none or one is malformed. */
export const readCertificates = (chain: readonly Bytes[]): readonly [Certificate, ...Certificate[]] | undefined => {
  const certificates = chain.map((bytes) => readCertificate(bytes)).filter((entry) => entry !== undefined);
  const [leaf, ...rest] = certificates;
  return leaf === undefined || certificates.length !== chain.length ? undefined : [leaf, ...rest];
};
