/** As much of JOSE (RFC 7515, RFC 7516) as verdicts need: compact forms, read strictly. */
import {
  type Bytes,
  concat,
  type EvidenceCrypto,
  fromBase64Url,
  fromUtf8,
  type JsonValue,
  parseJson,
  utf8,
} from '@hauberk/primitives';
import { encodeDer } from './der.ts';
import { jsonMembers } from './webauthn-client-data.ts';

/** Members of a JSON object. */
export type JsonMembers = { readonly [name: string]: JsonValue };

const longest = 65_536;

const partsOf = (token: string, count: number): readonly string[] | undefined => {
  const parts = token.length > longest ? [] : token.split('.');
  return parts.length === count ? parts : undefined;
};

const membersOf = (bytes: Bytes | undefined): JsonMembers | undefined => {
  const text = bytes === undefined ? undefined : fromUtf8(bytes);
  const json = text === undefined ? undefined : parseJson(text, { maxDepth: 8, maxKeys: 256, maxLength: longest });
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

/** The members of a compact JWS of `ES256`, the only algorithm that is accepted; undefined for anything else. */
export const openJws = (
  token: string,
  spki: Bytes,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): JsonMembers | undefined => {
  const parts = partsOf(token, 3);
  const [header, payload, signature] = (parts ?? []).map((part) => fromBase64Url(part));
  const members = membersOf(header);
  if (members?.['alg'] !== 'ES256' || 'crit' in members || signature?.length !== 64) return undefined;
  const message = utf8(`${parts?.[0]}.${parts?.[1]}`);
  return crypto.verify('ES256', spki, message, derSignature(signature)) ? membersOf(payload) : undefined;
};
