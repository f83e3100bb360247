/** The test vectors of WebAuthn Level 3: in each file a registration and an authentication, both of which verify. */

import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, fromHex, fromUtf8, type SignatureAlgorithm } from '@hauberk/primitives';
import type { VectorCounts, VectorFile, VectorRunner } from '@hauberk/primitives/vectors';
import { verifyAssertion, verifyRegistration } from '../src/webauthn.ts';

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
  const bytes = fromHex(textOf(members, name));
  if (bytes === undefined) throw new TypeError(`no bytes ${name}`);
  return bytes;
};
const parse = (file: VectorFile): Members => membersOf(JSON.parse(fromUtf8(file.bytes) ?? '') as unknown);

// The certificates of the vectors are valid from 2024 to 3024.
const clock = epochMs(1_767_225_600_000);
const algorithms: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'ES512', 'RS256', 'Ed25519', 'Ed448'];

const originsOf = (file: Members): { origins: string[]; topOrigins: string[] } => ({
  origins: [textOf(file, 'origin')],
  topOrigins: typeof file['topOrigin'] === 'string' ? [file['topOrigin']] : [],
});

/** Runs both ceremonies of a file; what is refused comes back as lines. */
const runFile = (file: VectorFile, root: Bytes): string[] => {
  const members = parse(file);
  const [made, used] = [membersOf(members['registration']), membersOf(members['authentication'])];
  const rules = {
    allowCrossOrigin: true,
    allowSynced: true,
    requireUserVerification: false,
    rpId: textOf(members, 'rpId'),
  };
  const registration = verifyRegistration(
    { clientDataJson: bytesOf(made, 'clientDataJSON'), attestationObject: bytesOf(made, 'attestationObject') },
    {
      ...rules,
      ...originsOf(members),
      challenge: bytesOf(made, 'challenge'),
      algorithms,
      formats: ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f', 'none'],
      allowSelf: true,
      anchors: [root],
      now: clock,
      requireKeyFacts: false,
    },
    nodeEvidenceCrypto,
  );
  if (!registration.ok) return [`${file.path}: registration: ${registration.code} ${registration.detail ?? ''}`];
  const { key, signCount, flags } = registration.value;
  const assertion = verifyAssertion(
    {
      clientDataJson: bytesOf(used, 'clientDataJSON'),
      authenticatorData: bytesOf(used, 'authenticatorData'),
      signature: bytesOf(used, 'signature'),
    },
    {
      ...rules,
      ...originsOf(members),
      challenge: bytesOf(used, 'challenge'),
      credential: { key, signCount, backupEligible: flags.backupEligible },
    },
    nodeEvidenceCrypto,
  );
  return assertion.ok ? [] : [`${file.path}: authentication: ${assertion.code} ${assertion.detail ?? ''}`];
};

const run = (files: readonly VectorFile[]): VectorCounts => {
  const rootFile = files.find(({ path }) => path === 'root.json');
  if (rootFile === undefined) return { passed: 0, failed: 1, skipped: 0, failures: ['no root.json'], unreadable: [] };
  const root = bytesOf(parse(rootFile), 'attestation_ca_cert');
  const ceremonies = files.filter((file) => file !== rootFile);
  const failures: string[] = [];
  const unreadable: string[] = [];
  let passed = 0;
  for (const file of ceremonies)
    try {
      const refused = runFile(file, root);
      failures.push(...refused);
      // Authentication is not tried after a refused registration: both then count as failed.
      passed += refused.length === 0 ? 2 : refused[0]?.includes(' authentication: ') === true ? 1 : 0;
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      unreadable.push(`${file.path}: ${error.message}`);
    }
  const failed = (ceremonies.length - unreadable.length) * 2 - passed;
  return { passed, failed, skipped: 0, failures, unreadable };
};

/** Folder `webauthn`. */
export const webauthnRunner: VectorRunner = { folder: 'webauthn', run: async (files) => run(files) };
