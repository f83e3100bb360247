/**
 * Roots of trust and revocation lists as one signed document: a machine that reaches the internet makes it, one that does not takes it over.
 * Sequence numbers only rise, so that an old document cannot bring back what was revoked since.
 */
import {
  accept,
  type Bytes,
  type EpochMs,
  type EvidenceCrypto,
  fromBase64Url,
  type JsonValue,
  type Result,
  refuse,
  toBase64Url,
} from '@hauberk/primitives';
import { type RevocationSnapshot, readRevocationList } from './android-revocation.ts';
import type { Revocations, TrustAnchors } from './appraisal-context.ts';
import { modelsJson, readModels } from './authenticator-models.ts';
import { type JsonMembers, openJws, signJws, type TokenSigner } from './jose.ts';
import { jsonMembers } from './webauthn-client-data.ts';
import { timeOfText } from './x509.ts';

/** Why a snapshot was refused. */
export type TrustSnapshotCode = 'trust.signature' | 'trust.malformed' | 'trust.future' | 'trust.rollback';

/** Roots that a snapshot may hold; response keys of Play Integrity are secrets and never in it. */
type SnapshotAnchors = Omit<TrustAnchors, 'playIntegrity'>;
type Roots = Omit<SnapshotAnchors, 'authenticators'>;

/** What a snapshot says. */
export interface TrustSnapshot {
  /** Rises with each snapshot of a publisher. */
  readonly sequence: number;
  /** When its lists were fetched. */
  readonly takenAt: EpochMs;
  readonly anchors: SnapshotAnchors;
  readonly revocations: Revocations;
}

const documentType = 'hauberk-trust+jwt';
const documentKind = 'hauberk.trust-snapshot.1';
/** Google's list holds tens of thousands of short entries. */
const maxLength = 33_554_432;
/** Clocks of publisher and reader may differ by so much. */
const toleranceMs = 300_000;

const anchorNames = ['androidKeys', 'appAttest', 'appAttestReceipts', 'huks', 'webauthn'] as const;
const listNames = ['android', 'huks'] as const;

/** Undefined when it is no list of base64url texts. */
const bytesIn = (value: JsonValue): readonly Bytes[] | undefined => {
  if (!Array.isArray(value)) return undefined;
  const read = value.map((entry: unknown) => (typeof entry === 'string' ? fromBase64Url(entry) : undefined));
  const known = read.filter((bytes) => bytes !== undefined);
  return known.length === read.length && known.length > 0 ? known : undefined;
};

const hasOnly = (members: JsonMembers, names: readonly string[]): boolean =>
  Object.keys(members).every((name) => names.includes(name));

const readRoots = (value: JsonValue | undefined): Roots | undefined => {
  const members = jsonMembers(value);
  if (members === undefined || !hasOnly(members, anchorNames)) return undefined;
  const anchors: { -readonly [Name in keyof Roots]: Roots[Name] } = {};
  for (const name of anchorNames) {
    const given = members[name];
    const read = given === undefined ? undefined : bytesIn(given);
    if (given !== undefined && read === undefined) return undefined;
    if (read !== undefined) anchors[name] = read;
  }
  return anchors;
};

const readAnchors = (members: JsonMembers): SnapshotAnchors | undefined => {
  const roots = readRoots(members['anchors']);
  const given = members['authenticators'];
  if (roots === undefined || given === undefined) return roots;
  const authenticators = readModels(given);
  return authenticators === undefined ? undefined : { ...roots, authenticators };
};

const readLists = (value: JsonValue | undefined, takenAt: EpochMs): Revocations | undefined => {
  const members = jsonMembers(value);
  if (members === undefined || !hasOnly(members, listNames)) return undefined;
  const lists: { -readonly [Name in keyof Revocations]: Revocations[Name] } = {};
  for (const name of listNames) {
    const given = members[name];
    if (given === undefined) continue;
    const read = readRevocationList(given, takenAt);
    if (!read.ok) return undefined;
    lists[name] = read.value;
  }
  return lists;
};

const readMembers = (members: JsonMembers): TrustSnapshot | undefined => {
  const { kind, sequence, takenAt: time } = members;
  const takenAt = typeof time === 'string' ? timeOfText(time) : undefined;
  const isSequence = typeof sequence === 'number' && Number.isSafeInteger(sequence) && sequence > 0;
  if (kind !== documentKind || !isSequence || takenAt === undefined) return undefined;
  const anchors = readAnchors(members);
  const revocations = readLists(members['revocations'], takenAt);
  return anchors === undefined || revocations === undefined ? undefined : { sequence, takenAt, anchors, revocations };
};

/** Reads a snapshot that one of these keys (SubjectPublicKeyInfo, P-256 or Ed25519) signed. */
export const readTrustSnapshot = (
  document: string,
  publishers: readonly Bytes[],
  now: EpochMs,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): Result<TrustSnapshot, TrustSnapshotCode> => {
  const rules = { type: documentType, maxLength };
  const [members] = publishers
    .map((key) => openJws(document, key, crypto, rules))
    .filter((opened) => opened !== undefined);
  if (members === undefined) return refuse('trust.signature');
  const snapshot = readMembers(members);
  if (snapshot === undefined) return refuse('trust.malformed');
  return snapshot.takenAt > now + toleranceMs ? refuse('trust.future') : accept(snapshot);
};

/** Whether a snapshot may take the place of the present one. */
export const supersedes = (next: TrustSnapshot, present: TrustSnapshot | undefined): Result<true, 'trust.rollback'> => {
  const isNewer = present === undefined || (next.sequence > present.sequence && next.takenAt >= present.takenAt);
  return isNewer ? accept(true) : refuse('trust.rollback', `${next.sequence} after ${present.sequence}`);
};

const listOf = ({ statuses }: RevocationSnapshot): JsonValue => ({
  entries: Object.fromEntries([...statuses].map(([serial, status]) => [serial, { status }])),
});

/** Signs a snapshot. */
export const signTrustSnapshot = (
  { sequence, takenAt, anchors, revocations }: TrustSnapshot,
  signer: TokenSigner,
  timeText: (instant: EpochMs) => string,
): string => {
  const roots = anchorNames.flatMap((name) => {
    const given = anchors[name];
    return given === undefined ? [] : [[name, given.map((bytes) => toBase64Url(bytes))] as const];
  });
  const lists = listNames.flatMap((name) => {
    const given = revocations[name];
    return given === undefined ? [] : [[name, listOf(given)] as const];
  });
  const content = {
    kind: documentKind,
    sequence,
    takenAt: timeText(takenAt),
    anchors: Object.fromEntries(roots),
    revocations: Object.fromEntries(lists),
    ...(anchors.authenticators === undefined ? {} : { authenticators: modelsJson(anchors.authenticators) }),
  };
  return signJws(content, documentType, signer);
};
