/** Roots of trust and lists of what is no longer believed, from the files that the configuration names. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Revocations, readRevocationList, type TrustAnchors } from '@hauberk/attestation';
import { type Bytes, type EpochMs, epochMs, fromUtf8, parseJson, type Result, refuse } from '@hauberk/primitives';
import type { AttestationConfig } from '../config/config.ts';
import { watchedFile } from './watched-file.ts';

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const certificatesIn = (path: string | undefined): readonly X509Certificate[] | undefined =>
  path === undefined
    ? undefined
    : [...readFileSync(path, 'utf8').matchAll(pemBlock)].map(([pem]) => new X509Certificate(pem));

const derOf = (certificate: X509Certificate): Bytes => Uint8Array.from(certificate.raw);

const keyOf = (certificate: X509Certificate): Bytes =>
  Uint8Array.from(certificate.publicKey.export({ type: 'spki', format: 'der' }));

/**
 * The roots, read once.
 * @throws when a file cannot be read or holds no certificate: a gateway must not start with less trust than it was told to have.
 */
export const readAnchors = ({ roots }: Pick<AttestationConfig, 'roots'>): TrustAnchors => {
  const anchors: Record<string, readonly Bytes[]> = {};
  const add = (name: keyof TrustAnchors, path: string | undefined, read: (certificate: X509Certificate) => Bytes) => {
    const certificates = certificatesIn(path);
    if (certificates === undefined) return;
    if (certificates.length === 0) throw new Error(`${path} holds no certificate`);
    anchors[name] = certificates.map(read);
  };
  add('androidKeys', roots.android, keyOf);
  add('appAttest', roots.apple, derOf);
  add('appAttestReceipts', roots.appleReceipts, derOf);
  add('huks', roots.huks, derOf);
  add('webauthn', roots.webauthn, derOf);
  return anchors;
};

/** Google's list may be larger than any message: tens of thousands of short entries. */
const listLimits = { maxDepth: 8, maxKeys: 2_000_000, maxLength: 33_554_432 } as const;

/** Reads a list as Google publishes it; its age is that of its member `takenAt`, or of the file. */
export const readList = (bytes: Buffer, changedAt: EpochMs): Result<NonNullable<Revocations['android']>> => {
  const parsed = parseJson(fromUtf8(bytes) ?? '', listLimits);
  if (!parsed.ok) return refuse('REVOCATION_LIST_MALFORMED', parsed.code);
  const { value } = parsed;
  const takenAt = typeof value === 'object' && value !== null && 'takenAt' in value ? value['takenAt'] : undefined;
  const told = typeof takenAt === 'string' ? Date.parse(takenAt) : Number.NaN;
  return readRevocationList(value, Number.isNaN(told) ? changedAt : epochMs(told));
};

/** The lists in force; read again when the file changes. */
export const fileRevocations = (
  { androidRevocations }: AttestationConfig,
  onRefused: (path: string, reason: string) => void,
): ((now: EpochMs) => Revocations) => {
  if (androidRevocations === undefined) return () => ({});
  const file = watchedFile(androidRevocations, readList, onRefused);
  return (now) => {
    const android = file.read(now);
    return android === undefined ? {} : { android };
  };
};

type ReadRevocations = (now: EpochMs) => Revocations;

/** Of two sources, for each platform the list that was fetched later. */
export const newestRevocations =
  (first: ReadRevocations, second: ReadRevocations): ReadRevocations =>
  (now) => {
    const [left, right] = [first(now), second(now)];
    const newer = (name: keyof Revocations): Revocations => {
      const lists = [left[name], right[name]].filter((list) => list !== undefined);
      const [latest] = lists.toSorted((one, other) => other.takenAt - one.takenAt);
      return latest === undefined ? {} : { [name]: latest };
    };
    return { ...newer('android'), ...newer('huks') };
  };
