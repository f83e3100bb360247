/** Verdicts about devices as signed EAR tokens (JWT): what was appraised then, and what the device is now. */
import { earClaims, earKeySet, signJws, type Verdict } from '@hauberk/attestation';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type DeviceRecord, isActiveState } from '@hauberk/device';
import {
  after,
  concat,
  type EpochMs,
  epochMs,
  fromHex,
  type JsonValue,
  minutes,
  toEpochSeconds,
} from '@hauberk/primitives';
import { kidOf } from '../gateway/channel-keys.ts';
import type { KeyFacts, KeyReader } from '../keys/key-provider.ts';
import type { RecordedDevice } from '../storage/attestation-store.ts';

type Claims = { readonly [name: string]: JsonValue };

/** How long a token counts: whoever wants to know later asks again. */
const tokenLife = minutes(5);
const issuer = 'hauberk';
/** Head of a P-256 SubjectPublicKeyInfo; the raw point follows. */
const spkiHead = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);

/** The claims that a verdict makes, to be kept with the device; times and state are added when a token is signed. */
export const verdictClaims = (verdict: Verdict, app: string, opinion?: Verdict): JsonValue => {
  const options = {
    verifier: { developer: 'https://hauberk.example', build: 'gateway' },
    issuer,
    policyId: `urn:hauberk:app:${app}`,
    expiresAt: verdict.appraisedAt,
  };
  const claims = earClaims(verdict, options);
  if (opinion === undefined) return claims;
  const submods = {
    ...submodsOf(claims),
    [opinion.details.kind]: submodsOf(earClaims(opinion, options))['device'] ?? null,
  };
  return { ...(isClaims(claims) ? claims : {}), submods };
};

const isClaims = (value: JsonValue | undefined): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const submodsOf = (claims: JsonValue): Claims => {
  const submods = isClaims(claims) ? claims['submods'] : undefined;
  return isClaims(submods) ? submods : {};
};

/** A device that is switched off is not affirmed by what it once showed; one that owes new evidence is only half. */
const statusNow = ({ state, demand }: DeviceRecord, status: JsonValue | undefined): JsonValue => {
  if (!isActiveState(state)) return 'contraindicated';
  return demand !== undefined && status === 'affirming' ? 'warning' : (status ?? 'none');
};

/** The claims of a token about a device, now. */
export const tokenClaims = (
  { record, verdict = '{}' }: Pick<RecordedDevice, 'record' | 'verdict'>,
  now: EpochMs,
  nonce?: string,
): JsonValue => {
  const kept = JSON.parse(verdict) as JsonValue;
  const claims = isClaims(kept) ? kept : {};
  const { device } = submodsOf(claims);
  const said = isClaims(device) ? device : {};
  const verifier = isClaims(said['ear_verifier_claims']) ? said['ear_verifier_claims'] : {};
  return {
    ...claims,
    iss: issuer,
    sub: record.id,
    iat: toEpochSeconds(now),
    exp: toEpochSeconds(after(now, tokenLife)),
    ...(nonce === undefined ? {} : { eat_nonce: nonce }),
    submods: {
      ...submodsOf(claims),
      device: {
        ...said,
        ear_status: statusNow(record, said['ear_status']),
        ear_verifier_claims: {
          ...verifier,
          state: record.state,
          appraisedAt: toEpochSeconds(epochMs(record.attestedAtMs)),
          evidenceDue: record.demand?.reason ?? null,
          sharedRoute: record.shared?.route ?? null,
        },
      },
    },
  };
};

/** Signs tokens about devices with the installation's own key. */
export const verdictSigner =
  (keys: KeyReader) =>
  (device: RecordedDevice, now: EpochMs, nonce?: string): string => {
    const key = keys.current('verdict-signing', now);
    const { privateKey } = nodeCrypto.importPrivateKey('p256', 'sign', key.secret.reveal());
    return signJws(tokenClaims(device, now, nonce), 'eat+jwt', {
      algorithm: 'ES256',
      keyId: kidOf(key),
      sign: (message) => nodeCrypto.sign(privateKey, message),
    });
  };

type PublishedKey = Pick<KeyFacts, 'id' | 'purpose' | 'publicKey'>;

/** The key set (RFC 7517) of keys of the purpose `verdict-signing`. */
export const verdictKeySetOf = (keys: readonly PublishedKey[]): ReturnType<typeof earKeySet> =>
  earKeySet(
    keys.flatMap((key) =>
      key.publicKey === null
        ? []
        : [{ keyId: kidOf(key), algorithm: 'ES256' as const, publicKey: concat(spkiHead, key.publicKey) }],
    ),
  );

/** The key set that tokens are checked with now. */
export const verdictKeySet = (keys: KeyReader, now: EpochMs): ReturnType<typeof earKeySet> =>
  verdictKeySetOf(keys.accepted('verdict-signing', now));
