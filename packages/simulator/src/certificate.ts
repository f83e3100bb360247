/** A certificate issuer (RFC 5280), and the mistakes that attackers' issuers make on purpose. */
import { randomBytes } from 'node:crypto';
import type { Bytes } from '@hauberk/primitives';
import {
  bitString,
  boolean,
  bytes,
  element,
  explicit,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  set,
  time,
  unsignedInteger,
  utf8String,
} from './der-writer.ts';
import { type KeyKind, type SigningKey, sha256, signDer, signingKey } from './signing-key.ts';

/** Attributes of a name: dotted type and text. */
export type Name = readonly (readonly [type: string, text: string])[];

/** Attribute types. */
export const attribute = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  organisation: '2.5.4.10',
  unit: '2.5.4.11',
  title: '2.5.4.12',
} as const;

/** An extension, its value in DER. */
export interface Extension {
  readonly type: string;
  readonly critical?: boolean;
  readonly value: Bytes;
}

/** What is certified, and by whom. */
export interface CertificateRequest {
  readonly subject: Name;
  readonly spki: Bytes;
  /** Positive, most significant byte first; 16 random bytes when absent. */
  readonly serial?: Uint8Array;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  /** `none` leaves basic constraints out. */
  readonly authority?: 'yes' | 'no' | 'none';
  /** How many authorities may stand below this one; without a limit when absent. */
  readonly pathLength?: number;
  readonly extensions?: readonly Extension[];
}

/** Who signs: a name and its key. */
export interface Issuer {
  readonly name: Name;
  readonly key: SigningKey;
}

/** A certificate together with the key that it certifies. */
export interface Authority extends Issuer {
  readonly serial: Bytes;
  readonly certificate: Bytes;
}

const algorithms: Readonly<Record<KeyKind, Bytes>> = {
  p256: sequence(oid('1.2.840.10045.4.3.2')),
  p384: sequence(oid('1.2.840.10045.4.3.3')),
  p521: sequence(oid('1.2.840.10045.4.3.4')),
  rsa2048: sequence(oid('1.2.840.113549.1.1.11'), nothing),
  rsa4096: sequence(oid('1.2.840.113549.1.1.11'), nothing),
  ed25519: sequence(oid('1.3.101.112')),
  'ml-dsa-65': sequence(oid('2.16.840.1.101.3.4.3.18')),
};

/** A name in DER. */
export const nameBytes = (name: Name): Bytes =>
  sequence(...name.map(([type, text]) => set(sequence(oid(type), utf8String(text)))));

const extensionBytes = ({ type, critical = false, value }: Extension): Bytes =>
  sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));

/** keyCertSign and cRLSign, or digitalSignature. */
const usageOf = (isAuthority: boolean): Bytes =>
  isAuthority ? element(0, 3, bytes(1, 0x06)) : element(0, 3, bytes(7, 0x80));

const standardExtensions = (
  authority: 'yes' | 'no' | 'none',
  spki: Bytes,
  pathLength: number | undefined,
): readonly Extension[] => {
  const usage = { type: '2.5.29.15', critical: true, value: usageOf(authority === 'yes') };
  const keyIdentifier = { type: '2.5.29.14', value: octetString(sha256(spki).slice(0, 20)) };
  if (authority === 'none') return [usage];
  const limit = pathLength === undefined ? [] : [integer(pathLength)];
  const constraints = sequence(...(authority === 'yes' ? [boolean(true), ...limit] : []));
  return [keyIdentifier, { type: '2.5.29.19', critical: true, value: constraints }, usage];
};

const randomSerial = (): Bytes => {
  const serial = Uint8Array.from(randomBytes(16));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
};

/** Issues a certificate of version 3. */
export const issue = (request: CertificateRequest, issuer: Issuer): Bytes => {
  const { subject, spki, serial = randomSerial(), from, until, authority = 'no', extensions = [] } = request;
  const algorithm = algorithms[issuer.key.kind];
  const all = [...standardExtensions(authority, spki, request.pathLength), ...extensions];
  const toBeSigned = sequence(
    explicit(0, integer(2)),
    unsignedInteger(serial),
    algorithm,
    nameBytes(issuer.name),
    sequence(time(from), time(until)),
    nameBytes(subject),
    spki,
    explicit(3, sequence(...all.map(extensionBytes))),
  );
  return sequence(toBeSigned, algorithm, bitString(signDer(issuer.key, toBeSigned)));
};

/** A self-signed root. */
export const rootAuthority = (name: Name, kind: KeyKind, from: number, until: number): Authority => {
  const key = signingKey(kind);
  const [issuer, serial] = [{ name, key }, randomSerial()];
  const request = { subject: name, spki: key.spki, serial, from, until, authority: 'yes' } as const;
  return { ...issuer, serial, certificate: issue(request, issuer) };
};

/** An authority below another one. */
export const childAuthority = (
  request: Omit<CertificateRequest, 'spki'>,
  issuer: Issuer,
  key: SigningKey = signingKey('p256'),
): Authority => {
  const serial = request.serial === undefined ? randomSerial() : Uint8Array.from(request.serial);
  const certificate = issue({ authority: 'yes', ...request, serial, spki: key.spki }, issuer);
  return { name: request.subject, key, serial, certificate };
};

/** The certificate with one bit of its signature flipped. */
export const withBrokenSignature = (certificate: Bytes): Bytes => {
  const broken = Uint8Array.from(certificate);
  const last = broken.length - 1;
  broken[last] = (broken[last] ?? 0) ^ 1;
  return broken;
};
