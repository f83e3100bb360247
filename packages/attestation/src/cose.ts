/** COSE public keys (RFC 9053, RFC 9864) as SubjectPublicKeyInfo: exactly the members of their type, exact lengths, known curves. */
import { accept, type Bytes, concat, type Result, refuse, type SignatureAlgorithm } from '@hauberk/primitives';
import { asCborBytes, asCborMap, type CborMap, type CborValue } from './cbor.ts';
import { encodeDer } from './der.ts';

/** Why a key was refused. */
export type CoseCode = 'cose.malformed' | 'cose.unsupported-algorithm' | 'cose.algorithm-mismatch' | 'cose.weak-key';

/** A public key with the one algorithm it may be used with. */
export interface CoseKey {
  readonly algorithm: SignatureAlgorithm;
  /** The number that the key itself named. */
  readonly identifier: number;
  readonly spki: Bytes;
  /** 0x04 ‖ x ‖ y, of elliptic-curve keys only. */
  readonly point: Bytes | undefined;
}

const names: ReadonlyMap<number, SignatureAlgorithm> = new Map([
  [-7, 'ES256'],
  [-9, 'ES256'],
  [-35, 'ES384'],
  [-51, 'ES384'],
  [-36, 'ES512'],
  [-52, 'ES512'],
  [-257, 'RS256'],
  [-258, 'RS384'],
  [-259, 'RS512'],
  [-37, 'PS256'],
  [-19, 'Ed25519'],
  [-53, 'Ed448'],
]);

/** The algorithm of an identifier; EdDSA (-8) leaves the curve to the key and is none by itself. */
export const coseAlgorithm = (identifier: number): SignatureAlgorithm | undefined => names.get(identifier);
const eddsa = -8;

interface Curve {
  readonly number: number;
  readonly algorithm: SignatureAlgorithm;
  /** Bytes of a coordinate or of the whole key. */
  readonly size: number;
  /** Everything of the SubjectPublicKeyInfo before the key. */
  readonly head: Bytes;
}

const head = (...bytes: readonly number[]): Bytes => Uint8Array.from(bytes);
const ecOid = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const p256 = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const p384 = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const p521 = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23];
const curves: readonly Curve[] = [
  { number: 1, algorithm: 'ES256', size: 32, head: head(0x30, 0x59, 0x30, 0x13, ...ecOid, ...p256, 0x03, 0x42, 0) },
  { number: 2, algorithm: 'ES384', size: 48, head: head(0x30, 0x76, 0x30, 0x10, ...ecOid, ...p384, 0x03, 0x62, 0) },
  {
    number: 3,
    algorithm: 'ES512',
    size: 66,
    head: head(0x30, 0x81, 0x9b, 0x30, 0x10, ...ecOid, ...p521, 0x03, 0x81, 0x86, 0),
  },
  { number: 6, algorithm: 'Ed25519', size: 32, head: head(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0) },
  { number: 7, algorithm: 'Ed448', size: 57, head: head(0x30, 0x43, 0x30, 5, 6, 3, 0x2b, 0x65, 0x71, 3, 0x3a, 0) },
];

const unsigned = (bytes: Uint8Array): Bytes =>
  (bytes[0] ?? 0) >= 0x80 ? encodeDer(0x02, head(0), bytes) : encodeDer(0x02, bytes);
const rsaAlgorithm = head(0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0);

/** The SubjectPublicKeyInfo of an RSA key. */
export const rsaSpki = (modulus: Uint8Array, exponent: Uint8Array): Bytes =>
  encodeDer(0x30, rsaAlgorithm, encodeDer(0x03, head(0), encodeDer(0x30, unsigned(modulus), unsigned(exponent))));

/** The SubjectPublicKeyInfo of a point on a COSE curve (1 to 3); undefined for another curve or size. */
export const pointSpki = (curveNumber: number, x: Uint8Array, y: Uint8Array): Bytes | undefined => {
  const curve = curves.find(({ number }) => number === curveNumber && number <= 3);
  if (curve === undefined || x.length !== curve.size || y.length !== curve.size) return undefined;
  return concat(curve.head, head(4), x, y);
};

const hasOnly = (map: CborMap, keys: readonly number[]): boolean =>
  map.size === keys.length && keys.every((key) => map.has(key));

const readRsa = (map: CborMap, algorithm: SignatureAlgorithm, identifier: number): Result<CoseKey, CoseCode> => {
  const [modulus, exponent] = [asCborBytes(map.get(-1)), asCborBytes(map.get(-2))];
  if (!hasOnly(map, [1, 3, -1, -2]) || modulus === undefined || exponent === undefined)
    return refuse('cose.malformed', 'members of an RSA key');
  if (modulus[0] === 0 || exponent.length === 0 || exponent[0] === 0) return refuse('cose.malformed', 'leading zero');
  const isOdd = ((exponent.at(-1) ?? 0) & (modulus.at(-1) ?? 0) & 1) === 1;
  const isTiny = exponent.length === 1 && (exponent[0] ?? 0) < 3;
  if (modulus.length < 256 || modulus.length > 1024 || exponent.length > 4 || !isOdd || isTiny)
    return refuse('cose.weak-key', `${modulus.length * 8} bits`);
  return accept({ algorithm, identifier, spki: rsaSpki(modulus, exponent), point: undefined });
};

const readPoint = (map: CborMap, curve: Curve, identifier: number): Result<CoseKey, CoseCode> => {
  const [x, y] = [asCborBytes(map.get(-2)), asCborBytes(map.get(-3))];
  // RFC 9053 allows a compressed y; WebAuthn section 5.8.5 does not.
  if (!hasOnly(map, [1, 3, -1, -2, -3]) || x?.length !== curve.size || y?.length !== curve.size)
    return refuse('cose.malformed', 'members of a point');
  const point = concat(head(4), x, y);
  return accept({ algorithm: curve.algorithm, identifier, spki: concat(curve.head, point), point });
};

const readOctets = (map: CborMap, curve: Curve, identifier: number): Result<CoseKey, CoseCode> => {
  const key = asCborBytes(map.get(-2));
  if (!hasOnly(map, [1, 3, -1, -2]) || key?.length !== curve.size)
    return refuse('cose.malformed', 'members of an octet key pair');
  return accept({
    algorithm: curve.algorithm,
    identifier,
    spki: concat(curve.head, key),
    point: undefined,
  });
};

/** Key types 1 (OKP) and 2 (EC2): the algorithm fixes the curve, except EdDSA, whose curve fixes the algorithm. */
const readCurveKey = (map: CborMap, type: number, identifier: number): Result<CoseKey, CoseCode> => {
  const curve = curves.find(({ number }) => number === map.get(-1));
  const isPoint = curve !== undefined && curve.number <= 3;
  if (curve === undefined || isPoint !== (type === 2)) return refuse('cose.malformed', 'curve');
  const isAgreed = identifier === eddsa ? !isPoint : names.get(identifier) === curve.algorithm;
  if (!isAgreed) return refuse('cose.algorithm-mismatch', `algorithm ${identifier} on curve ${curve.number}`);
  return isPoint ? readPoint(map, curve, identifier) : readOctets(map, curve, identifier);
};

/** Reads a COSE_Key. */
export const readCoseKey = (value: CborValue): Result<CoseKey, CoseCode> => {
  const map = asCborMap(value);
  const [type, identifier] = [map?.get(1), map?.get(3)];
  if (map === undefined || typeof type !== 'number' || typeof identifier !== 'number')
    return refuse('cose.malformed', 'no key type or algorithm');
  const algorithm = names.get(identifier);
  if (algorithm === undefined && identifier !== eddsa)
    return refuse('cose.unsupported-algorithm', `algorithm ${identifier}`);
  if (type === 1 || type === 2) return readCurveKey(map, type, identifier);
  const isRsa = algorithm?.startsWith('RS') === true || algorithm === 'PS256';
  if (type !== 3 || !isRsa) return refuse('cose.algorithm-mismatch', `algorithm ${identifier} of key type ${type}`);
  return readRsa(map, algorithm, identifier);
};
