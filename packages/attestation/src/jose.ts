/** As much of JOSE (RFC 7515, RFC 7516) as verdicts need: compact forms, read strictly. */
import {
  type Bytes,
  canonicalJson,
  concat,
  type EvidenceCrypto,
  fromBase64,
  fromBase64Url,
  fromUtf8,
  type JsonValue,
  parseJson,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { encodeDer } from './der.ts';
import { algorithmOfSpki } from './spki.ts';
import { jsonMembers } from './webauthn-client-data.ts';
import { readCertificate } from './x509.ts';

/** Members of a JSON object. */
export type JsonMembers = { readonly [name: string]: JsonValue };

const longest = 65_536;

const partsOf = (token: string, count: number, most = longest): readonly string[] | undefined => {
  const parts = token.length > most ? [] : token.split('.');
  return parts.length === count ? parts : undefined;
};

/** Statements of the FIDO Metadata Service nest deeper than anything of ours. */
const metadataDepth = 24;

const membersOf = (bytes: Bytes | undefined, most = longest, maxDepth = 8): JsonMembers | undefined => {
  const text = bytes === undefined ? undefined : fromUtf8(bytes);
  const json =
    text === undefined ? undefined : parseJson(text, { maxDepth, maxKeys: Math.max(256, most / 16), maxLength: most });
  return json?.ok === true ? jsonMembers(json.value) : undefined;
};

/** INTEGER of an unsigned number without leading zeros. */
const unsignedInteger = (bytes: Uint8Array): Bytes => {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.slice(start);
  return (digits[0] ?? 0) >= 0x80 ? encodeDer(2, Uint8Array.of(0), digits) : encodeDer(2, digits);
};

/** ECDSA r ‖ s, as JOSE writes it, in the DER form of X.509. */
const derSignature = (signature: Bytes): Bytes => {
  const half = signature.length / 2;
  return encodeDer(0x30, unsignedInteger(signature.slice(0, half)), unsignedInteger(signature.slice(half)));
};

/** Opens a compact JWE of `A256KW` and `A256GCM`, the only ones that are accepted; undefined for anything else. */
export const openJwe = (
  token: string,
  key: Bytes,
  crypto: Pick<EvidenceCrypto, 'unwrapKey' | 'openGcm'>,
): Bytes | undefined => {
  const parts = partsOf(token, 5);
  const [header, wrapped, nonce, sealed, tag] = (parts ?? []).map((part) => fromBase64Url(part));
  const members = membersOf(header);
  if (members?.['alg'] !== 'A256KW' || members['enc'] !== 'A256GCM' || 'zip' in members || 'crit' in members)
    return undefined;
  if (wrapped === undefined || nonce === undefined || sealed === undefined || tag?.length !== 16) return undefined;
  const contentKey = crypto.unwrapKey(key, wrapped);
  if (contentKey === undefined) return undefined;
  return crypto.openGcm(contentKey, nonce, concat(sealed, tag), utf8(parts?.[0] ?? ''));
};

/** Signs tokens; the key stays where it is. */
export interface TokenSigner {
  readonly algorithm: 'ES256' | 'EdDSA';
  readonly keyId: string;
  /** A signature as JOSE writes it: r ‖ s of 64 bytes, or Ed25519. */
  sign(message: Uint8Array): Bytes;
}

const encode = (value: JsonValue): string => toBase64Url(utf8(canonicalJson(value)));

/** A compact JWS around canonical JSON. */
export const signJws = (payload: JsonValue, type: string, signer: TokenSigner): string => {
  const signed = `${encode({ alg: signer.algorithm, kid: signer.keyId, typ: type })}.${encode(payload)}`;
  return `${signed}.${toBase64Url(signer.sign(utf8(signed)))}`;
};

/** What a JWS is opened with. */
export interface JwsRules {
  /** Asked for where given. */
  readonly type?: string;
  /** Characters of the whole token; 65,536 when absent. */
  readonly maxLength?: number;
}

/** The algorithm comes from the key and never from the token. */
const isSigned = (
  spki: Bytes,
  alg: JsonValue | undefined,
  message: Bytes,
  signature: Bytes,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): boolean => {
  const algorithm = algorithmOfSpki(spki);
  if (algorithm === 'ES256' && alg === 'ES256')
    return signature.length === 64 && crypto.verify('ES256', spki, message, derSignature(signature));
  return algorithm === 'Ed25519' && alg === 'EdDSA' && crypto.verify('Ed25519', spki, message, signature);
};

/** A JWS that brings the certificates of its signer along; whether they lead anywhere is for the caller to say. */
export interface CertifiedJws {
  readonly members: JsonMembers;
  /** Base64, the signer's first. */
  readonly certificates: readonly string[];
}

const isSignedByCertificate = (
  spki: Bytes,
  alg: JsonValue | undefined,
  message: Bytes,
  signature: Bytes,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): boolean =>
  algorithmOfSpki(spki) === 'RS256'
    ? alg === 'RS256' && crypto.verify('RS256', spki, message, signature)
    : isSigned(spki, alg, message, signature, crypto);

/** Opens a compact JWS whose header holds certificates (`x5c`); RS256, ES256 or EdDSA, as the first of them says. */
export const openCertifiedJws = (
  token: string,
  maxLength: number,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): CertifiedJws | undefined => {
  const parts = partsOf(token, 3, maxLength);
  const [header, payload, signature] = (parts ?? []).map((part) => fromBase64Url(part));
  const members = membersOf(header);
  const listed = members?.['x5c'];
  if (members === undefined || 'crit' in members || signature === undefined) return undefined;
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > 8) return undefined;
  const certificates = listed.filter((each): each is string => typeof each === 'string');
  const leaf = fromBase64(certificates[0] ?? '');
  const spki = leaf === undefined ? undefined : readCertificate(leaf)?.spki;
  if (spki === undefined || certificates.length !== listed.length) return undefined;
  const message = utf8(`${parts?.[0]}.${parts?.[1]}`);
  if (!isSignedByCertificate(spki, members['alg'], message, signature, crypto)) return undefined;
  const content = membersOf(payload, maxLength, metadataDepth);
  return content === undefined ? undefined : { members: content, certificates };
};

/** The members of a compact JWS that this key (P-256 or Ed25519) signed; undefined for anything else. */
export const openJws = (
  token: string,
  spki: Bytes,
  crypto: Pick<EvidenceCrypto, 'verify'>,
  { type, maxLength = longest }: JwsRules = {},
): JsonMembers | undefined => {
  const parts = partsOf(token, 3, maxLength);
  const [header, payload, signature] = (parts ?? []).map((part) => fromBase64Url(part));
  const members = membersOf(header);
  if (members === undefined || 'crit' in members || signature === undefined) return undefined;
  if (type !== undefined && members['typ'] !== type) return undefined;
  const message = utf8(`${parts?.[0]}.${parts?.[1]}`);
  return isSigned(spki, members['alg'], message, signature, crypto) ? membersOf(payload, maxLength) : undefined;
};
