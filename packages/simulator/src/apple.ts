/** Apple's side: App Attest attestations, assertions and receipts, from roots made here. */
import { createHash } from 'node:crypto';
import { type Bytes, concat, toBase64, utf8 } from '@hauberk/primitives';
import { cborMap, type Writable } from './cbor-writer.ts';
import { type Authority, attribute, childAuthority, issue, nameBytes, rootAuthority } from './certificate.ts';
import {
  bytes,
  element,
  explicit,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  set,
  unsignedInteger,
} from './der-writer.ts';
import { pointOf, type SigningKey, sha256, signDer, signingKey } from './signing-key.ts';

const day = 86_400_000;
const year = 365 * day;

/** Apple's two families of roots, as far as App Attest and its receipts need them. */
export interface AppleMaker {
  readonly root: Authority;
  readonly intermediate: Authority;
  readonly receiptRoot: Authority;
  readonly receiptIntermediate: Authority;
  readonly receiptSigner: Authority;
  /** In milliseconds. */
  readonly now: number;
}

/** Makes both. */
export const appleMaker = (now: number): AppleMaker => {
  const span = { from: now - 4 * year, until: now + 10 * year };
  const authority = (name: string, issuer: Authority) =>
    childAuthority({ subject: [[attribute.commonName, name]], ...span }, issuer, signingKey('p384'));
  const rootOf = (name: string) => rootAuthority([[attribute.commonName, name]], 'p384', span.from, span.until);
  const root = rootOf('Simulated App Attestation Root CA');
  const receiptRoot = rootOf('Simulated Receipt Root CA');
  const receiptIntermediate = authority('Simulated Receipt CA', receiptRoot);
  return {
    root,
    intermediate: authority('Simulated App Attestation CA 1', root),
    receiptRoot,
    receiptIntermediate,
    receiptSigner: childAuthority(
      { subject: [[attribute.commonName, 'Simulated Receipt Signer']], ...span, authority: 'no' },
      receiptIntermediate,
    ),
    now,
  };
};

const aaguids = {
  production: concat(utf8('appattest'), new Uint8Array(7)),
  development: utf8('appattestdevelop'),
} as const;

/** What an attestation says; honest by default. */
export interface AppAttestationClaims {
  readonly appId: string;
  readonly clientDataHash: Uint8Array;
  readonly environment?: 'production' | 'development';
  /** Of the phone's key when absent. */
  readonly keyId?: Uint8Array;
  /** 0 when absent. */
  readonly counter?: number;
  /** Where the certificate's nonce is not that of these bytes; `absent` leaves the extension out. */
  readonly nonce?: Uint8Array | 'absent';
  /** Certified instead of the key in the authenticator data. */
  readonly certifiedKey?: SigningKey;
  /** What systems from iOS 27 on say of the app: 4 is the App Store. */
  readonly validationCategory?: number;
  readonly bundleVersion?: string;
  /** Raw extensions, for malformed ones. */
  readonly extensions?: Bytes;
  /** Validity of the key's certificate: three days by default. */
  readonly from?: number;
  readonly until?: number;
  readonly receipt?: Bytes;
  /** Signs the key's certificate in the intermediate's name. */
  readonly impostor?: SigningKey;
}

const counterBytes = (counter: number): Bytes => {
  const encoded = new Uint8Array(4);
  new DataView(encoded.buffer).setUint32(0, counter);
  return encoded;
};

/** A COSE key of P-256. */
export const coseP256 = (key: SigningKey, algorithm = -7): Bytes => {
  const point = pointOf(key);
  return cborMap([
    [1, 2],
    [3, algorithm],
    [-1, 1],
    [-2, point.slice(1, 33)],
    [-3, point.slice(33)],
  ]);
};

const factsOf = (claims: Pick<AppAttestationClaims, 'validationCategory' | 'bundleVersion' | 'extensions'>): Bytes => {
  if (claims.extensions !== undefined) return claims.extensions;
  const { validationCategory: category, bundleVersion: version } = claims;
  const entries: (readonly [string, Writable])[] = [];
  if (category !== undefined) entries.push(['apple_validation_category_01', bytes(category, 0, 0, 0)]);
  if (version !== undefined) entries.push(['apple_bundle_version_01', version]);
  return entries.length === 0 ? bytes() : cborMap(entries);
};

/** Name by which the app knows a key: SHA-256 of its point. */
export const appAttestKeyId = (key: SigningKey): Bytes => sha256(pointOf(key));

const nonceExtension = '1.2.840.113635.100.8.2';

const keyCertificate = (maker: AppleMaker, key: SigningKey, nonce: Uint8Array, claims: AppAttestationClaims): Bytes =>
  issue(
    {
      subject: [[attribute.commonName, Buffer.from(appAttestKeyId(key)).toString('hex')]],
      spki: (claims.certifiedKey ?? key).spki,
      from: claims.from ?? maker.now - day,
      until: claims.until ?? maker.now + 2 * day,
      extensions:
        claims.nonce === 'absent'
          ? []
          : [{ type: nonceExtension, value: sequence(explicit(1, octetString(claims.nonce ?? nonce))) }],
    },
    claims.impostor === undefined ? maker.intermediate : { name: maker.intermediate.name, key: claims.impostor },
  );

/** The attestation object of a key. */
export const appAttestation = (maker: AppleMaker, key: SigningKey, claims: AppAttestationClaims): Bytes => {
  const keyId = claims.keyId ?? appAttestKeyId(key);
  const authenticatorData = concat(
    sha256(utf8(claims.appId)),
    bytes(0x40),
    counterBytes(claims.counter ?? 0),
    aaguids[claims.environment ?? 'production'],
    bytes(keyId.length >> 8, keyId.length & 255),
    keyId,
    coseP256(key),
    factsOf(claims),
  );
  const nonce = sha256(concat(authenticatorData, claims.clientDataHash));
  const certificate = keyCertificate(maker, key, nonce, claims);
  const receipt =
    claims.receipt ??
    appReceipt(maker, { appId: claims.appId, keyCertificate: certificate, clientHash: claims.clientDataHash });
  return cborMap([
    ['fmt', 'apple-appattest'],
    [
      'attStmt',
      new Map<string, Writable>([
        ['x5c', [certificate, maker.intermediate.certificate]],
        ['receipt', receipt],
      ]),
    ],
    ['authData', authenticatorData],
  ]);
};

/** What an assertion says. */
export interface AppAssertionClaims {
  readonly appId: string;
  readonly clientDataHash: Uint8Array;
  /** Rises with every assertion. */
  readonly counter: number;
  readonly validationCategory?: number;
  readonly bundleVersion?: string;
  readonly extensions?: Bytes;
}

/** An assertion of a key. */
export const appAssertion = (key: SigningKey, claims: AppAssertionClaims): Bytes => {
  const authenticatorData = concat(
    sha256(utf8(claims.appId)),
    bytes(0x40),
    counterBytes(claims.counter),
    factsOf(claims),
  );
  return cborMap([
    ['signature', signDer(key, sha256(concat(authenticatorData, claims.clientDataHash)))],
    ['authenticatorData', authenticatorData],
  ]);
};

/** What a receipt says. */
export interface ReceiptClaims {
  readonly appId: string;
  /** DER certificate of the attested key. */
  readonly keyCertificate: Bytes;
  readonly clientHash: Uint8Array;
  readonly type?: 'ATTEST' | 'RECEIPT';
  readonly environment?: 'production' | 'sandbox';
  /** Attested keys of the device lately; only Apple's servers say it. */
  readonly riskMetric?: number;
  readonly createdAt?: number;
  readonly expiresAt?: number;
  /** Signs in the signer's name. */
  readonly impostor?: SigningKey;
}

const receiptField = (type: number, value: Uint8Array): Bytes =>
  sequence(integer(type), integer(1), octetString(value));

const receiptContent = (maker: AppleMaker, claims: ReceiptClaims): Bytes => {
  const { type = 'ATTEST', createdAt = maker.now, expiresAt = maker.now + 90 * day } = claims;
  const instant = (at: number): Bytes => utf8(new Date(at).toISOString());
  return set(
    receiptField(2, utf8(claims.appId)),
    receiptField(3, claims.keyCertificate),
    receiptField(4, claims.clientHash),
    receiptField(5, utf8(toBase64(createHash('sha512').update(claims.keyCertificate).digest()))),
    receiptField(6, utf8(type)),
    receiptField(7, utf8(claims.environment ?? 'production')),
    receiptField(12, instant(createdAt)),
    ...(claims.riskMetric === undefined ? [] : [receiptField(17, utf8(String(claims.riskMetric)))]),
    receiptField(19, instant(createdAt + day)),
    receiptField(21, instant(expiresAt)),
  );
};

/** An element of indefinite length (BER), as Apple's servers write them. */
const indefinite = (tag: number, ...parts: readonly Uint8Array[]): Bytes =>
  concat(bytes(tag, 0x80), ...parts, bytes(0, 0));

/** A receipt: CMS SignedData in BER around a set of typed fields. */
export const appReceipt = (maker: AppleMaker, claims: ReceiptClaims): Bytes => {
  const { receiptSigner, receiptIntermediate, receiptRoot } = maker;
  const content = receiptContent(maker, claims);
  const data = oid('1.2.840.113549.1.7.1');
  const sha256Algorithm = sequence(oid('2.16.840.1.101.3.4.2.1'), nothing);
  const attributes = concat(
    sequence(oid('1.2.840.113549.1.9.3'), set(data)),
    sequence(oid('1.2.840.113549.1.9.4'), set(octetString(sha256(content)))),
  );
  const signature = signDer(claims.impostor ?? receiptSigner.key, element(0x20, 17, attributes));
  const signer = sequence(
    integer(1),
    sequence(nameBytes(receiptIntermediate.name), unsignedInteger(receiptSigner.serial)),
    sha256Algorithm,
    element(0xa0, 0, attributes),
    sequence(oid('1.2.840.10045.4.3.2')),
    octetString(signature),
  );
  const certificates = [receiptSigner, receiptIntermediate, receiptRoot].map(({ certificate }) => certificate);
  const signedData = indefinite(
    0x30,
    integer(1),
    set(sha256Algorithm),
    indefinite(0x30, data, indefinite(0xa0, indefinite(0x24, octetString(content)))),
    element(0xa0, 0, ...certificates),
    set(signer),
  );
  return indefinite(0x30, oid('1.2.840.113549.1.7.2'), indefinite(0xa0, signedData));
};
