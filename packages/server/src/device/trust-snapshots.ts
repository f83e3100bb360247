/** The signed snapshot of roots and lists in a state folder: taken over from a file, never an older one, and read while the gateway runs. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  type AuthenticatorModels,
  type Revocations,
  readMetadataBlob,
  readTrustSnapshot,
  signTrustSnapshot,
  supersedes,
  type TokenSigner,
  type TrustSnapshot,
} from '@hauberk/attestation';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, type EpochMs, epochMs, fromUtf8, parseJson, type Result, refuse } from '@hauberk/primitives';
import { z } from 'zod';
import { makePrivateFolder, writeFileDurably } from '../storage/durable-file.ts';
import { readAnchors, readList } from './trust-files.ts';
import { watchedFile } from './watched-file.ts';

/** Where a state folder keeps its snapshot, and the keys whose snapshots it takes over. */
export const trustSnapshotFiles = (state: string): { readonly snapshot: string; readonly publishers: string } => ({
  snapshot: join(state, 'trust', 'snapshot.jwt'),
  publishers: join(state, 'trust', 'publishers.pem'),
});

/** Why a command on snapshots did nothing. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
  readonly code: string;
  readonly hint: string;
  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

const publicBlock = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

const spkiOf = (key: KeyObject): Bytes => Uint8Array.from(key.export({ type: 'spki', format: 'der' }));

const publishersIn = (pem: string): readonly Bytes[] =>
  [...pem.matchAll(publicBlock)].map(([block]) => spkiOf(createPublicKey(block)));

const readPublishers = (file: string): readonly Bytes[] => {
  const keys = publishersIn(readFileSync(file, 'utf8'));
  if (keys.length === 0)
    throw new TrustError('trust.publisher', `${file} holds no public key`, 'give PEM of a public key');
  return keys;
};

/** Reads the bytes of a snapshot under the publishers of a state folder. */
const readUnder =
  (publishers: readonly Bytes[]) =>
  (bytes: Uint8Array, now: EpochMs): Result<TrustSnapshot> => {
    const text = fromUtf8(Uint8Array.from(bytes));
    return text === undefined
      ? refuse('trust.malformed')
      : readTrustSnapshot(text.trim(), publishers, now, nodeEvidenceCrypto);
  };

/** The reader of a state folder's snapshot; undefined when no publisher was ever named. */
export const snapshotReader = (state: string): ReturnType<typeof readUnder> | undefined => {
  const { publishers } = trustSnapshotFiles(state);
  return existsSync(publishers) ? readUnder(readPublishers(publishers)) : undefined;
};

/**
 * The present snapshot; undefined when there is none.
 * @throws TrustError when it cannot be believed.
 */
export const presentSnapshot = (state: string, now: EpochMs): TrustSnapshot | undefined => {
  const { snapshot } = trustSnapshotFiles(state);
  const read = snapshotReader(state);
  if (read === undefined || !existsSync(snapshot)) return undefined;
  const present = read(readFileSync(snapshot), now);
  if (!present.ok)
    throw new TrustError(present.code, `${snapshot} is refused`, 'take over a snapshot that can be believed');
  return present.value;
};

/** The snapshot of a state folder; read again when it changes. Publishers that are named later count after a restart. */
export const watchSnapshot = (
  state: string,
  onRefused: (path: string, reason: string) => void,
): ((now: EpochMs) => TrustSnapshot | undefined) => {
  const read = snapshotReader(state);
  if (read === undefined) return () => undefined;
  const parse = (bytes: Buffer): Result<TrustSnapshot> => read(bytes, epochMs(Date.now()));
  const file = watchedFile(trustSnapshotFiles(state).snapshot, parse, onRefused);
  return (now) => file.read(now);
};

/** Its lists alone. */
export const stateRevocations = (
  state: string,
  onRefused: (path: string, reason: string) => void,
): ((now: EpochMs) => Revocations) => {
  const snapshot = watchSnapshot(state, onRefused);
  return (now) => snapshot(now)?.revocations ?? {};
};

/** What to take over, and under whose key. */
export interface TrustUpdate {
  readonly state: string;
  readonly from: string;
  /** PEM file of the publishers: needed once, kept in the state folder, and replaced when given again. */
  readonly publisher: string | undefined;
  readonly now: EpochMs;
}

/**
 * Takes a snapshot over; a running gateway reads its lists within a second.
 * @throws TrustError, and changes nothing.
 */
export const updateTrust = ({ state, from, publisher, now }: TrustUpdate): TrustSnapshot => {
  const files = trustSnapshotFiles(state);
  const keys = publisher ?? (existsSync(files.publishers) ? files.publishers : undefined);
  if (keys === undefined)
    throw new TrustError('trust.publisher', 'no publisher is known yet', 'name its public key once: --publisher FILE');
  const publishers = readPublishers(keys);
  const content = readFileSync(from);
  const next = readUnder(publishers)(content, now);
  if (!next.ok) throw new TrustError(next.code, `${from} is refused`, 'the present snapshot stays in force');
  // Under new publishers the old snapshot cannot be read, and its sequence binds nobody.
  const present = publisher === undefined ? presentSnapshot(state, now) : undefined;
  const order = supersedes(next.value, present);
  if (!order.ok)
    throw new TrustError(order.code, order.detail ?? from, 'a snapshot must be newer than the present one');
  makePrivateFolder(dirname(files.snapshot));
  if (publisher !== undefined) writeFileDurably(files.publishers, readFileSync(publisher));
  writeFileDurably(files.snapshot, content);
  return next.value;
};

const path = z.string().min(1).optional();
const planSchema = z.strictObject({
  sequence: z.int().min(1),
  takenAt: z.iso.datetime().optional(),
  roots: z.strictObject({ android: path, apple: path, appleReceipts: path, huks: path, webauthn: path }).prefault({}),
  revocations: z.strictObject({ android: path, huks: path }).prefault({}),
  /** The BLOB of the FIDO Metadata Service, and the root (PEM) that its operator names. */
  authenticators: z.strictObject({ blob: z.string().min(1), root: z.string().min(1) }).optional(),
});

const modelsIn = (blobFile: string, rootFile: string, now: EpochMs): AuthenticatorModels => {
  const root = Uint8Array.from(new X509Certificate(readFileSync(rootFile)).raw);
  const read = readMetadataBlob(readFileSync(blobFile, 'utf8').trim(), root, now, nodeEvidenceCrypto);
  if (read.ok) return read.value;
  throw new TrustError(read.code, `${blobFile} is refused: ${read.detail ?? ''}`, 'fetch it anew, with its own root');
};

const listIn = (file: string | undefined, takenAt: EpochMs) => {
  if (file === undefined) return undefined;
  const read = readList(readFileSync(file), takenAt);
  if (!read.ok) throw new TrustError(read.code, `${file} is refused`, 'give the list as its publisher writes it');
  return { ...read.value, takenAt };
};

const signerOf = (pem: string): TokenSigner => {
  const key = createPrivateKey(pem);
  const isEdwards = key.asymmetricKeyType === 'ed25519';
  if (!isEdwards && key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new TrustError('trust.key', 'a key of another kind', 'sign with P-256 or Ed25519');
  const keyId = createHash('sha256')
    .update(spkiOf(createPublicKey(key)))
    .digest('base64url')
    .slice(0, 16);
  return {
    algorithm: isEdwards ? 'EdDSA' : 'ES256',
    keyId,
    sign: (message) =>
      Uint8Array.from(
        isEdwards ? sign(null, message, key) : sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }),
      ),
  };
};

/** What to sign, and with which key. */
export interface TrustPlan {
  /** JSON file: sequence, roots and lists by file name, relative to it. */
  readonly plan: string;
  /** PEM file of a private key. */
  readonly key: string;
  readonly now: EpochMs;
}

/**
 * Makes a snapshot out of files.
 * @throws TrustError when the plan or one of its files is none.
 */
export const makeTrust = ({ plan, key, now }: TrustPlan): string => {
  const json = parseJson(readFileSync(plan, 'utf8'));
  const read = planSchema.safeParse(json.ok ? json.value : undefined);
  if (!read.success)
    throw new TrustError('trust.plan', `${plan}: ${z.prettifyError(read.error)}`, 'see docs/attestation.md');
  const at = (file: string): string => resolve(dirname(plan), file);
  const place = (file: string | undefined): string | undefined => (file === undefined ? undefined : at(file));
  const { sequence, roots, revocations, authenticators, takenAt: told } = read.data;
  const takenAt = told === undefined ? now : epochMs(Date.parse(told));
  const placed = Object.fromEntries(Object.entries(roots).map(([name, file]) => [name, place(file)]));
  const { playIntegrity: _never, ...certificates } = readAnchors({ roots: placed });
  const models =
    authenticators === undefined
      ? {}
      : { authenticators: modelsIn(at(authenticators.blob), at(authenticators.root), now) };
  const anchors = { ...certificates, ...models };
  const android = listIn(place(revocations.android), takenAt);
  const huks = listIn(place(revocations.huks), takenAt);
  const lists = { ...(android === undefined ? {} : { android }), ...(huks === undefined ? {} : { huks }) };
  const signer = signerOf(readFileSync(key, 'utf8'));
  return signTrustSnapshot({ sequence, takenAt, anchors, revocations: lists }, signer, (instant) =>
    new Date(instant).toISOString(),
  );
};
