/**
 * What the FIDO Metadata Service says of models of authenticators: where they keep their keys, and which of them are broken. A certificate of a
 * maker tells neither; without this a model that calls itself `packed` is worth no more than software.
 */
import {
  accept,
  type Bytes,
  type EpochMs,
  type EvidenceCrypto,
  fromBase64,
  fromHex,
  type JsonValue,
  type Result,
  refuse,
  toHex,
} from '@hauberk/primitives';
import { type JsonMembers, openCertifiedJws } from './jose.ts';
import { type TrustTier, trustTiers } from './verdict.ts';
import { jsonMembers } from './webauthn-client-data.ts';
import { readCertificate, readCertificates, timeOfText } from './x509.ts';
import { checkPath } from './x509-path.ts';

/** What is known of a model. */
export interface AuthenticatorModel {
  readonly tier: TrustTier;
  /** Revoked, or known to be compromised. */
  readonly isBroken: boolean;
}

/** By AAGUID, 32 lower-case hexadecimal digits. */
export type AuthenticatorModels = ReadonlyMap<string, AuthenticatorModel>;

/** Why metadata were refused. */
export type MetadataCode = 'metadata.signature' | 'metadata.malformed' | 'metadata.expired';

/** Statements carry pictures: the whole document is some ten megabytes. */
const maxBlob = 33_554_432;
const maxModels = 10_000;

/** Reports after which nothing that a model says is believed (FIDO MDS 3.1, section 3.1.4). */
const broken: ReadonlySet<string> = new Set([
  'REVOKED',
  'USER_VERIFICATION_BYPASS',
  'ATTESTATION_KEY_COMPROMISE',
  'USER_KEY_REMOTE_COMPROMISE',
  'USER_KEY_PHYSICAL_COMPROMISE',
]);

const listIn = (members: JsonMembers | undefined, name: string): readonly JsonValue[] => {
  const value = members?.[name];
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
};

/** `hardware` alone says that a chip keeps the key, and not which. */
const tierOf = (protections: readonly JsonValue[]): TrustTier => {
  if (protections.includes('software')) return 'software';
  if (protections.includes('secure_element')) return 'secure-element';
  return protections.includes('tee') || protections.includes('hardware') ? 'tee' : 'software';
};

const nameOf = (aaguid: JsonValue | undefined): string | undefined => {
  if (typeof aaguid !== 'string' || !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(aaguid)) return undefined;
  return aaguid.replaceAll('-', '');
};

/** A model of an entry; entries of other protocols (UAF, U2F) name none. */
const modelOf = (value: JsonValue): readonly (readonly [string, AuthenticatorModel])[] => {
  const entry = jsonMembers(value);
  const name = nameOf(entry?.['aaguid']);
  if (name === undefined) return [];
  const statuses = listIn(entry, 'statusReports').map((report) => jsonMembers(report)?.['status']);
  const isBroken = statuses.some((status) => typeof status === 'string' && broken.has(status));
  return [[name, { tier: tierOf(listIn(jsonMembers(entry?.['metadataStatement']), 'keyProtection')), isBroken }]];
};

const dayOf = (value: JsonValue | undefined): EpochMs | undefined =>
  typeof value === 'string' && value.length === 10 ? timeOfText(`${value}T23:59:59Z`) : undefined;

/** Opens a BLOB of the Metadata Service (a JWS with its certificates) offline, under the root that its operator names. */
export const readMetadataBlob = (
  blob: string,
  root: Bytes,
  now: EpochMs,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): Result<AuthenticatorModels, MetadataCode> => {
  const opened = openCertifiedJws(blob, maxBlob, crypto);
  const chain = opened === undefined ? undefined : readCertificates(opened.certificates.map(fromBase64OrNone));
  const anchor = readCertificate(root);
  if (opened === undefined || chain === undefined || anchor === undefined) return refuse('metadata.signature');
  const path = checkPath(chain, { anchors: [anchor], now }, crypto);
  if (!path.ok) return refuse('metadata.signature', path.code);
  const { entries, nextUpdate } = opened.members;
  const until = dayOf(nextUpdate);
  if (!Array.isArray(entries) || entries.length > maxModels || until === undefined) return refuse('metadata.malformed');
  if (until < now) return refuse('metadata.expired');
  return accept(new Map((entries as readonly JsonValue[]).flatMap(modelOf)));
};

const fromBase64OrNone = (text: string): Bytes => fromBase64(text) ?? new Uint8Array(0);

/** Models as a snapshot of trust carries them. */
export const modelsJson = (models: AuthenticatorModels): JsonValue =>
  Object.fromEntries([...models].map(([name, { tier, isBroken }]) => [name, isBroken ? `${tier} broken` : tier]));

/** Reads them back; undefined when they are none. */
export const readModels = (value: JsonValue): AuthenticatorModels | undefined => {
  const members = jsonMembers(value);
  const models = new Map<string, AuthenticatorModel>();
  for (const [name, text] of Object.entries(members ?? {})) {
    const [word, mark, ...rest] = typeof text === 'string' ? text.split(' ') : [];
    const tier = trustTiers.find((known) => known === word);
    const isMarked = mark === undefined || mark === 'broken';
    if (fromHex(name)?.length !== 16 || tier === undefined || !isMarked || rest.length > 0) return undefined;
    models.set(name, { tier, isBroken: mark === 'broken' });
  }
  return members === undefined || models.size > maxModels ? undefined : models;
};

/** What is known of the model of a credential. */
export const modelOfAaguid = (
  models: AuthenticatorModels | undefined,
  aaguid: Uint8Array,
): AuthenticatorModel | undefined => models?.get(toHex(aaguid));
