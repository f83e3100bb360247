/** The two TPM 2.0 structures of a `tpm` attestation (TCG TPM 2.0 Part 2, sections 10.12.8 and 12.2.4), as far as WebAuthn needs them. */
import { type Bytes, concat } from '@hauberk/primitives';
import { pointSpki, rsaSpki } from './cose.ts';

/** A cursor; reading past the end leaves it failed and yields nothing. */
interface Cursor {
  readonly bytes: Uint8Array;
  position: number;
  isFailed: boolean;
}

const take = (cursor: Cursor, length: number): Bytes => {
  const end = cursor.position + length;
  if (end > cursor.bytes.length) cursor.isFailed = true;
  const taken = Uint8Array.from(cursor.bytes.subarray(cursor.position, end));
  cursor.position = end;
  return taken;
};
const takeNumber = (cursor: Cursor, length: number): number =>
  take(cursor, length).reduce((number, byte) => number * 256 + byte, 0);
/** A TPM2B: two bytes of length, then so many bytes. */
const takeSized = (cursor: Cursor): Bytes => take(cursor, takeNumber(cursor, 2));
const isAtEnd = (cursor: Cursor): boolean => !cursor.isFailed && cursor.position === cursor.bytes.length;

const algorithmNull = 0x0010;
const rsa = 0x0001;
const ecc = 0x0023;
const hashes: ReadonlyMap<number, TpmHash> = new Map([
  [0x000b, 'SHA-256'],
  [0x000c, 'SHA-384'],
  [0x000d, 'SHA-512'],
]);
/** COSE curve numbers of TPM_ECC_NIST_P256, P384, P521. */
const curves: ReadonlyMap<number, number> = new Map([
  [0x0003, 1],
  [0x0004, 2],
  [0x0005, 3],
]);

/** Hashes that name a TPM object. */
export type TpmHash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** A TPMT_PUBLIC of a signing key. */
export interface TpmPublicArea {
  readonly nameHash: TpmHash;
  /** TPM_ALG_ID of `nameHash`, which begins the object's name. */
  readonly nameAlgorithm: Bytes;
  readonly spki: Bytes;
}

/** Skips TPMT_SYM_DEF_OBJECT: key bits and mode follow unless it is null. */
const skipSymmetric = (cursor: Cursor): void => {
  if (takeNumber(cursor, 2) !== algorithmNull) take(cursor, 4);
};
/** Skips an asymmetric or key derivation scheme: a hash follows unless it is null. */
const skipScheme = (cursor: Cursor): void => {
  if (takeNumber(cursor, 2) !== algorithmNull) take(cursor, 2);
};

const readRsa = (cursor: Cursor): Bytes => {
  skipSymmetric(cursor);
  skipScheme(cursor);
  take(cursor, 2);
  const exponent = takeNumber(cursor, 4);
  // Part 2 section 12.2.3.5: zero means the default exponent 65537.
  const value = exponent === 0 ? 65_537 : exponent;
  const bytes = [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
  return rsaSpki(takeSized(cursor), Uint8Array.from(bytes.slice(bytes.findIndex((byte) => byte !== 0))));
};

const leftPad = (bytes: Bytes, length: number): Bytes =>
  bytes.length < length ? concat(new Uint8Array(length - bytes.length), bytes) : bytes;

const readEcc = (cursor: Cursor): Bytes | undefined => {
  skipSymmetric(cursor);
  skipScheme(cursor);
  const curve = curves.get(takeNumber(cursor, 2)) ?? 0;
  skipScheme(cursor);
  const size = [0, 32, 48, 66][curve] ?? 0;
  const [x, y] = [takeSized(cursor), takeSized(cursor)];
  return pointSpki(curve, leftPad(x, size), leftPad(y, size));
};

/** Reads `pubArea`; undefined unless it is one whole RSA or NIST-curve key. */
export const readTpmPublicArea = (bytes: Uint8Array): TpmPublicArea | undefined => {
  const cursor: Cursor = { bytes, position: 0, isFailed: false };
  const type = takeNumber(cursor, 2);
  const nameAlgorithm = take(cursor, 2);
  const nameHash = hashes.get((nameAlgorithm[0] ?? 0) * 256 + (nameAlgorithm[1] ?? 0));
  take(cursor, 4);
  takeSized(cursor);
  if (type !== rsa && type !== ecc) return undefined;
  const spki = type === rsa ? readRsa(cursor) : readEcc(cursor);
  if (nameHash === undefined || spki === undefined || !isAtEnd(cursor)) return undefined;
  return { nameHash, nameAlgorithm, spki };
};

/** What a TPM certified. */
export interface TpmCertification {
  readonly extraData: Bytes;
  /** Name of the certified key: algorithm ‖ hash of its public area. */
  readonly name: Bytes;
}

const generatedValue = 0xff54_4347;
const attestCertify = 0x8017;

/** Reads `certInfo`; undefined unless a TPM made it (the magic value) and it certifies a key. */
export const readTpmCertification = (bytes: Uint8Array): TpmCertification | undefined => {
  const cursor: Cursor = { bytes, position: 0, isFailed: false };
  const isGenerated = takeNumber(cursor, 4) === generatedValue;
  const isCertify = takeNumber(cursor, 2) === attestCertify;
  takeSized(cursor);
  const extraData = takeSized(cursor);
  // clockInfo (17 bytes) and firmwareVersion (8).
  take(cursor, 25);
  const name = takeSized(cursor);
  takeSized(cursor);
  return isGenerated && isCertify && isAtEnd(cursor) ? { extraData, name } : undefined;
};
