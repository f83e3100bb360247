/** Chains of real devices with what a right verifier reads from them, and malformed ones that must be refused. */
import { X509Certificate } from 'node:crypto';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, fromBase64, fromUtf8, toBase64 } from '@hauberk/primitives';
import type { VectorCounts, VectorFile, VectorRunner } from '@hauberk/primitives/vectors';
import { parseDocument } from 'yaml';
import type { AuthorizationList, AuthorizationValue } from '../src/android-authorizations.ts';
import { attestationExtension, commonValidity } from '../src/android-chain.ts';
import { type AndroidKeyDescription, readAndroidKeyDescription } from '../src/android-description.ts';
import { verifyAndroidKey } from '../src/android-key.ts';
import { extensionOf, readCertificate } from '../src/x509.ts';

const pemForm = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const certificatesIn = (pem: string): Bytes[] =>
  [...pem.matchAll(pemForm)].map(([certificate]) => Uint8Array.from(new X509Certificate(certificate).raw));

/** Public keys of the roots in a `roots.json`. */
const anchorKeysIn = (text: string): Bytes[] => {
  const pems: unknown = JSON.parse(text);
  if (!Array.isArray(pems)) throw new TypeError('no list of roots');
  return pems.map((pem: unknown) =>
    Uint8Array.from(new X509Certificate(String(pem)).publicKey.export({ format: 'der', type: 'spki' })),
  );
};

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json };

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const treeOfValue = (value: AuthorizationValue): Json => {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return toBase64(value);
  if (value === true || typeof value === 'string') return value;
  if (isList(value)) return value.map(String);
  if ('packages' in value)
    return {
      packages: value.packages.map(({ name, version }) => ({ name, version: version.toString() })),
      signatures: value.signatures.map((digest) => toBase64(digest)),
    };
  const { verifiedBootHash, verifiedBootKey, ...rest } = value;
  const base = { ...rest, verifiedBootKey: toBase64(verifiedBootKey) };
  return verifiedBootHash === undefined ? base : { ...base, verifiedBootHash: toBase64(verifiedBootHash) };
};

/** Fields that we read and the corpus's trees never show. */
const unshown = new Set([
  'callerNonce',
  'minMacLength',
  'rollbackResistance',
  'earlyBootOnly',
  'allowWhileOnBody',
  'allApplications',
  'applicationId',
  'deviceUniqueAttestation',
]);
const isShown = (name: string, value: AuthorizationValue): boolean => {
  // A patch level that is no year and month is left out of the trees.
  if (name.endsWith('PatchLevel'))
    return /^\d{4}(0[1-9]|1[0-2])(\d\d)?$/.test(typeof value === 'bigint' ? value.toString() : '');
  return !unshown.has(name);
};

const treeOfList = ({ fields }: AuthorizationList): Json =>
  Object.fromEntries(
    [...fields].filter(([name, value]) => isShown(name, value)).map(([name, value]) => [name, treeOfValue(value)]),
  );

const treeOf = (description: AndroidKeyDescription): Json => ({
  attestationVersion: description.attestationVersion.toString(),
  attestationSecurityLevel: description.attestationSecurityLevel,
  keyMintVersion: description.keyMintVersion.toString(),
  keyMintSecurityLevel: description.keyMintSecurityLevel,
  attestationChallenge: toBase64(description.attestationChallenge),
  uniqueId: toBase64(description.uniqueId),
  softwareEnforced: treeOfList(description.softwareEnforced),
  hardwareEnforced: treeOfList(description.hardwareEnforced),
});

/** One text per tree: members sorted, and lists too, since every list of a description is a set. */
const normalText = (tree: Json): string => {
  if (isList(tree))
    return `[${tree
      .map((item) => normalText(item as Json))
      .toSorted()
      .join()}]`;
  if (typeof tree === 'number') return JSON.stringify(String(tree));
  if (typeof tree !== 'object' || tree === null) return JSON.stringify(tree) ?? 'undefined';
  const present = Object.entries(tree).filter(([, value]) => value !== null);
  const members = present.map(([name, value]) => `${JSON.stringify(name)}:${normalText(value)}`);
  return `{${members.toSorted().join()}}`;
};

/** Not every published file is strict JSON; YAML's flow form takes what stands between: commas at ends, comments, plain names. */
const parseLoose = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    const plain = text.replace(/^\uFEFF/, '').replace(/^\s*\/\/.*$/gm, '');
    return parseDocument(plain, { uniqueKeys: false }).toJS() as Json;
  }
};

const verify = (pem: VectorFile, anchorKeys: readonly Bytes[], challenge: Bytes, lockState: 'any' | 'locked') => {
  const chain = certificatesIn(fromUtf8(pem.bytes) ?? '');
  const { from, to } = commonValidity(chain) ?? { from: 0, to: 0 };
  const now = epochMs((from + to) / 2);
  const revocation = { takenAt: now, statuses: new Map<string, string>() };
  return verifyAndroidKey(chain, { anchorKeys, revocation, now }, { challenge, lockState }, nodeEvidenceCrypto);
};

/** What the leaf itself says was its challenge. */
const ownChallenge = (pem: VectorFile): Bytes => {
  const [leaf] = certificatesIn(fromUtf8(pem.bytes) ?? '');
  const certificate = leaf === undefined ? undefined : readCertificate(leaf);
  const extension = certificate === undefined ? undefined : extensionOf(certificate, attestationExtension);
  const description = extension === undefined ? undefined : readAndroidKeyDescription(extension.value);
  return description?.ok === true ? description.value.attestationChallenge : new Uint8Array(0);
};

const runDevice = (
  pem: VectorFile,
  expected: VectorFile | undefined,
  anchorKeys: readonly Bytes[],
): string | undefined => {
  const tree = expected === undefined ? undefined : parseLoose(fromUtf8(expected.bytes) ?? '');
  const isObject = typeof tree === 'object' && tree !== null && 'attestationChallenge' in tree;
  const written = isObject ? tree['attestationChallenge'] : undefined;
  const challenge = typeof written === 'string' ? fromBase64(written) : ownChallenge(pem);
  if (challenge === undefined) return 'a challenge that is no base64';
  const verdict = verify(pem, anchorKeys, challenge, 'any');
  if (!verdict.ok) return `${verdict.code} ${verdict.detail ?? ''}`;
  const read = normalText(treeOf(verdict.value.description));
  return tree === undefined || read === normalText(tree) ? undefined : `read ${read}`;
};

/** Under the default policy, and for no such reason as a challenge that nobody wrote down. */
const runInvalid = (pem: VectorFile, anchorKeys: readonly Bytes[]): string | undefined => {
  const verdict = verify(pem, anchorKeys, ownChallenge(pem), 'locked');
  return verdict.ok ? 'accepted' : undefined;
};

const outcomeOf = (pem: VectorFile, files: readonly VectorFile[], anchorKeys: readonly Bytes[]): string | undefined => {
  try {
    if (/(^|\/)invalid\//.test(pem.path)) return runInvalid(pem, anchorKeys);
    const expected = files.find(({ path }) => path === pem.path.replace(/\.pem$/, '.json'));
    return runDevice(pem, expected, anchorKeys);
  } catch (error) {
    return String(error);
  }
};

const run = (files: readonly VectorFile[]): VectorCounts => {
  const roots = files.find(({ path }) => path === 'roots.json');
  const anchorKeys = anchorKeysIn(fromUtf8(roots?.bytes ?? new Uint8Array(0)) ?? '');
  const pems = files.filter(({ path }) => path.endsWith('.pem'));
  const known = new Set(['roots.json', ...pems.flatMap(({ path }) => [path, path.replace(/\.pem$/, '.json')])]);
  const failures = pems.flatMap((pem) => {
    const fault = outcomeOf(pem, files, anchorKeys);
    return fault === undefined ? [] : [`${pem.path}: ${fault}`];
  });
  const unreadable = files.map(({ path }) => path).filter((path) => !known.has(path));
  return { passed: pems.length - failures.length, failed: failures.length, skipped: 0, failures, unreadable };
};

/** Runs `android-key-attestation`. */
export const androidKeyAttestationRunner: VectorRunner = {
  folder: 'android-key-attestation',
  run: (files) => Promise.resolve(run(files)),
};
