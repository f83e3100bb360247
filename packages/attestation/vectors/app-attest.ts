/** Recorded App Attest attestations, assertions and receipts: each document brings its inputs, its clock and what must come out. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, fromBase64, fromUtf8, toBase64 } from '@hauberk/primitives';
import type { VectorCounts, VectorFile, VectorRunner } from '@hauberk/primitives/vectors';
import { parseAllDocuments } from 'yaml';
import { verifyAppAssertion, verifyAppAttestation } from '../src/app-attest.ts';
import { readReceipt } from '../src/app-attest-receipt.ts';

type Members = { readonly [name: string]: unknown };

const membersOf = (value: unknown): Members => {
  if (typeof value !== 'object' || value === null) throw new TypeError('no object');
  return value as Members;
};
const textOf = (members: Members, name: string): string => {
  const value = members[name];
  if (typeof value !== 'string') throw new TypeError(`no text ${name}`);
  return value;
};
const bytesOf = (members: Members, name: string): Bytes => {
  const bytes = fromBase64(textOf(members, name).replace(/\s/g, ''));
  if (bytes === undefined) throw new TypeError(`no bytes ${name}`);
  return bytes;
};
const timeOf = (members: Members, name: string) => epochMs(Date.parse(textOf(members, name)));
const appIdOf = (members: Members): string =>
  `${textOf(members, 'teamIdentifier')}.${textOf(members, 'bundleIdentifier')}`;
const spkiOf = (members: Members): Bytes =>
  Uint8Array.from(createPublicKey(textOf(members, 'publicKey')).export({ format: 'der', type: 'spki' }));

interface Roots {
  readonly attestation: readonly Bytes[];
  readonly receipt: readonly Bytes[];
}

const rootsOf = (file: VectorFile): Roots => {
  const members = membersOf(JSON.parse(fromUtf8(file.bytes) ?? '') as unknown);
  const read = (name: string): Bytes[] => {
    const pems = members[name];
    if (!Array.isArray(pems)) throw new TypeError(`no roots ${name}`);
    return pems.map((pem: unknown) => Uint8Array.from(new X509Certificate(String(pem)).raw));
  };
  return { attestation: read('attestation'), receipt: read('receipt') };
};

const runAttestation = (document: Members, roots: Roots): string | undefined => {
  const environment = textOf(document, 'environment') === 'production' ? 'production' : 'development';
  const answer = verifyAppAttestation(
    bytesOf(document, 'attestationBase64'),
    {
      appId: appIdOf(document),
      environment,
      keyId: bytesOf(document, 'keyIdBase64'),
      clientDataHash: bytesOf(document, 'clientDataHashSha256Base64'),
      anchors: roots.attestation,
      now: timeOf(document, 'timestamp'),
    },
    nodeEvidenceCrypto,
  );
  if (!answer.ok) return `${answer.code} ${answer.detail ?? ''}`;
  return toBase64(answer.value.spki) === toBase64(spkiOf(document)) ? undefined : 'another key';
};

const runAssertion = (document: Members): string | undefined => {
  const counter = document['counter'];
  if (typeof counter !== 'number') throw new TypeError('no counter');
  const answer = verifyAppAssertion(
    bytesOf(document, 'assertionBase64'),
    {
      appId: appIdOf(document),
      spki: spkiOf(document),
      counter: counter - 1,
      clientDataHash: bytesOf(document, 'clientDataHashSha256Base64'),
    },
    nodeEvidenceCrypto,
  );
  if (!answer.ok) return `${answer.code} ${answer.detail ?? ''}`;
  return answer.value.counter === counter ? undefined : `counter ${answer.value.counter}`;
};

const expectedTime = (members: Members, name: string): number | undefined =>
  typeof members[name] === 'string' ? Date.parse(members[name]) : undefined;

const runReceipt = (document: Members, roots: Roots): string | undefined => {
  const answer = readReceipt(
    bytesOf(document, 'receiptBase64'),
    {
      appId: appIdOf(document),
      spki: spkiOf(document),
      anchors: roots.receipt,
      now: timeOf(document, 'timestamp'),
    },
    nodeEvidenceCrypto,
  );
  if (!answer.ok) return `${answer.code} ${answer.detail ?? ''}`;
  const expected = membersOf(document['properties']);
  const receipt = answer.value;
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['type', receipt.type, expected['type']],
    ['environment', receipt.environment, expected['environment'] ?? undefined],
    ['token', receipt.token, expected['token']],
    ['clientHash', toBase64(receipt.clientHash), textOf(expected, 'clientHashBase64')],
    ['riskMetric', receipt.riskMetric, expected['riskMetric'] ?? undefined],
    ['creationTime', receipt.creationTime, expectedTime(expected, 'creationTime')],
    ['notBefore', receipt.notBefore, expectedTime(expected, 'notBefore')],
    ['expirationTime', receipt.expirationTime, expectedTime(expected, 'expirationTime')],
  ];
  const wrong = pairs.find(([, actual, wanted]) => actual !== wanted);
  return wrong === undefined ? undefined : `${wrong[0]}: ${String(wrong[1])} instead of ${String(wrong[2])}`;
};

const runDocument = (document: Members, roots: Roots): string | undefined => {
  const type = textOf(document, 'type');
  if (type === 'attestation') return runAttestation(document, roots);
  if (type === 'assertion') return runAssertion(document);
  if (type === 'receipt') return runReceipt(document, roots);
  throw new TypeError(`no type ${type}`);
};

const runFile = (file: VectorFile, roots: Roots): (string | undefined)[] =>
  parseAllDocuments(fromUtf8(file.bytes) ?? '').map((document) => {
    const members = membersOf(document.toJS());
    const fault = runDocument(members, roots);
    return fault === undefined ? undefined : `${file.path}: ${textOf(members, 'id')}: ${fault}`;
  });

const run = (files: readonly VectorFile[]): VectorCounts => {
  const rootFile = files.find(({ path }) => path === 'roots.json');
  if (rootFile === undefined) return { passed: 0, failed: 1, skipped: 0, failures: ['no roots.json'], unreadable: [] };
  const roots = rootsOf(rootFile);
  const answers: (string | undefined)[] = [];
  const unreadable: string[] = [];
  for (const file of files.filter((entry) => entry !== rootFile))
    try {
      answers.push(...runFile(file, roots));
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      unreadable.push(`${file.path}: ${error.message}`);
    }
  const failures = answers.filter((answer) => answer !== undefined);
  return { passed: answers.length - failures.length, failed: failures.length, skipped: 0, failures, unreadable };
};

/** Folder `app-attest`. */
export const appAttestRunner: VectorRunner = { folder: 'app-attest', run: async (files) => run(files) };
