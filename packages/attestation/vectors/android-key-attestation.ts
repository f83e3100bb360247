/** Chains of real devices with what a right verifier reads from them, and malformed ones that must be refused. */
import { X509Certificate } from 'node:crypto';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, fromBase64, fromUtf8, toBase64 } from '@hauberk/primitives';
import type { VectorCounts, VectorFile, VectorRunner } from '@hauberk/primitives/vectors';
import type { AuthorizationList, AuthorizationValue } from '../src/android-authorizations.ts';
import { commonValidity } from '../src/android-chain.ts';
import type { AndroidKeyDescription } from '../src/android-description.ts';
import { verifyAndroidKey } from '../src/android-key.ts';

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

const treeOfList = ({ fields }: AuthorizationList): Json =>
  Object.fromEntries([...fields].map(([name, value]) => [name, treeOfValue(value)]));

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
  if (typeof tree !== 'object' || tree === null) return JSON.stringify(tree) ?? 'undefined';
  const members = Object.entries(tree).map(([name, value]) => `${JSON.stringify(name)}:${normalText(value)}`);
  return `{${members.toSorted().join()}}`;
};

/** Some of the published files end lists with a comma. */
const parseLoose = (text: string): Json => JSON.parse(text.replace(/,(\s*[}\]])/g, '$1')) as Json;

const verify = (pem: VectorFile, anchorKeys: readonly Bytes[], challenge: Bytes, lockState: 'any' | 'locked') => {
  const chain = certificatesIn(fromUtf8(pem.bytes) ?? '');
  const { from, to } = commonValidity(chain) ?? { from: 0, to: 0 };
  const now = epochMs((from + to) / 2);
  const revocation = { takenAt: now, statuses: new Map<string, string>() };
  return verifyAndroidKey(chain, { anchorKeys, revocation, now }, { challenge, lockState }, nodeEvidenceCrypto);
};

const runDevice = (pem: VectorFile, expected: VectorFile, anchorKeys: readonly Bytes[]): string | undefined => {
  const tree = parseLoose(fromUtf8(expected.bytes) ?? '');
  const isObject = typeof tree === 'object' && tree !== null && 'attestationChallenge' in tree;
  const written = isObject ? tree['attestationChallenge'] : undefined;
  const challenge = fromBase64(typeof written === 'string' ? written : '') ?? new Uint8Array(0);
  const verdict = verify(pem, anchorKeys, challenge, 'any');
  if (!verdict.ok) return `${verdict.code} ${verdict.detail ?? ''}`;
  const read = normalText(treeOf(verdict.value.description));
  return read === normalText(tree) ? undefined : `read ${read}`;
};

/** What the challenge of an invalid chain is, nobody says; a refusal for that alone would prove nothing. */
const runInvalid = (pem: VectorFile, anchorKeys: readonly Bytes[]): string | undefined => {
  const verdict = verify(pem, anchorKeys, new Uint8Array(0), 'any');
  if (verdict.ok) return 'accepted';
  return verdict.code === 'CHALLENGE_MISMATCH' ? 'refused for its challenge only' : undefined;
};

const outcomeOf = (pem: VectorFile, files: readonly VectorFile[], anchorKeys: readonly Bytes[]): string | undefined => {
  try {
    if (pem.path.startsWith('invalid/')) return runInvalid(pem, anchorKeys);
    const expected = files.find(({ path }) => path === pem.path.replace(/\.pem$/, '.json'));
    return expected === undefined ? 'no description beside it' : runDevice(pem, expected, anchorKeys);
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
