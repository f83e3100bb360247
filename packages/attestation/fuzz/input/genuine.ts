/** Chains that are accepted as they are: minted ones, and those of real devices where the corpora are present. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { accept, type Bytes, type EvidenceCrypto, epochMs, type Result, utf8 } from '@hauberk/primitives';
import { type AndroidChainTrust, attestationExtension, commonValidity } from '../../src/android-chain.ts';
import { readAndroidKeyDescription } from '../../src/android-description.ts';
import { verifyAndroidKey } from '../../src/android-key.ts';
import { type ChainMemory, createChainMemory } from '../../src/chain-memory.ts';
import { type HuksExpectations, verifyHuksKey } from '../../src/huks.ts';
import { extensionOf, readCertificate } from '../../src/x509.ts';
import { attestation, certificate, chainOf, leaf, provisioned, rootKey } from '../../test/fixture/android.ts';
import { mint, name } from '../../test/fixture/certificates.ts';
import { huksSample, huksSampleAppId, huksSampleTime } from '../../test/fixture/huks-sample.ts';

/** What is believed of a chain: its leaf's key, and everything that the leaf says about it. */
export interface Believed {
  readonly publicKey: Bytes;
  readonly claims: unknown;
}

/** One chain, with everything it is measured against. */
export interface Genuine {
  readonly chain: readonly Bytes[];
  readonly verify: (chain: readonly Bytes[], memory?: ChainMemory) => Result<Believed>;
  /** With signatures taken for good, so that mutants reach the readers behind them: they may pass, yet not crash. */
  readonly read: (chain: readonly Bytes[]) => Result<Believed>;
}

const challengeOf = (chain: readonly Bytes[]): Bytes => {
  const target = readCertificate(chain[0] ?? new Uint8Array(0));
  const extension = target === undefined ? undefined : extensionOf(target, attestationExtension);
  const read = extension === undefined ? undefined : readAndroidKeyDescription(extension.value);
  if (read?.ok !== true) throw new TypeError('a chain without a description');
  return read.value.attestationChallenge;
};

const credulous: EvidenceCrypto = { ...nodeEvidenceCrypto, verify: () => true };

const genuine = (chain: readonly Bytes[], anchorKeys: readonly Bytes[]): Genuine => {
  const { from, to } = commonValidity(chain) ?? { from: 0, to: 0 };
  const now = epochMs((from + to) / 2);
  const revocation = { takenAt: now, statuses: new Map<string, string>() };
  const expected = { challenge: challengeOf(chain), lockState: 'any' } as const;
  const trust = { anchorKeys, revocation, now };
  const judge = (
    certificates: readonly Bytes[],
    trusted: AndroidChainTrust,
    crypto: EvidenceCrypto,
  ): Result<Believed> => {
    const answer = verifyAndroidKey(certificates, trusted, expected, crypto);
    if (!answer.ok) return answer;
    const { publicKey, description } = answer.value;
    return accept({ publicKey, claims: description });
  };
  return {
    chain,
    verify: (certificates, memory) =>
      judge(certificates, memory === undefined ? trust : { ...trust, memory }, nodeEvidenceCrypto),
    read: (certificates) => judge(certificates, trust, credulous),
  };
};

/** The chain that Huawei publishes. */
const harmony = (): Genuine => {
  const expected: HuksExpectations = {
    challenge: utf8('challenge_data'),
    application: { bundleName: 'com.example.myapplication', appIds: new Set([huksSampleAppId]) },
    allowDebug: true,
    anchors: huksSample.slice(2),
    now: huksSampleTime,
  };
  const judge = (certificates: readonly Bytes[], crypto: EvidenceCrypto): Result<Believed> => {
    const answer = verifyHuksKey(certificates, expected, crypto);
    if (!answer.ok) return answer;
    const { publicKey, ...claims } = answer.value;
    return accept({ publicKey, claims });
  };
  return {
    chain: huksSample,
    verify: (certificates) => judge(certificates, nodeEvidenceCrypto),
    read: (certificates) => judge(certificates, credulous),
  };
};

const pemForm = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const certificatesIn = (file: string): Bytes[] =>
  [...readFileSync(file, 'utf8').matchAll(pemForm)].map(([pem]) => Uint8Array.from(new X509Certificate(pem).raw));

const corpora = process.env['HAUBERK_VECTORS'] ?? '../shared/vectors';
const folder = join(corpora, 'android-key-attestation');

const recorded = (): Genuine[] => {
  if (!existsSync(join(folder, 'roots.json'))) return [];
  const roots = JSON.parse(readFileSync(join(folder, 'roots.json'), 'utf8')) as readonly string[];
  const keys = roots.map((pem) =>
    Uint8Array.from(new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' })),
  );
  const files = globSync('*/**/*.pem', { cwd: folder }).filter((path) => !path.startsWith('invalid'));
  return files.toSorted().map((path) => genuine(certificatesIn(join(folder, path)), keys));
};

/** One alone: two that share a key would make other chains between them, which are as genuine. */
const minted = (): Genuine =>
  genuine(chainOf(leaf({ level: 2 }), certificate({ subject: 1, extensions: [provisioned] })), [rootKey]);

/** Every chain there is; each is accepted, or this throws. */
export const genuineChains = (): readonly Genuine[] => {
  const chains = [minted(), harmony(), ...recorded()];
  for (const [index, { chain, verify }] of chains.entries()) {
    const answer = verify(chain);
    if (!answer.ok) throw new Error(`chain ${index} is refused as it is: ${answer.code}`);
  }
  return chains;
};

/** Leaves that an attacker signs: with a key of his own, in every name that a chain offers. */
export const forgedLeaves = (chains: readonly Genuine[]): readonly Bytes[] => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = name('Android Keystore Key');
  return chains.flatMap(({ chain }) =>
    chain.map((bytes) => {
      const issuer = readCertificate(bytes)?.subject.whole ?? subject;
      return mint({ subject, issuer, key: publicKey, signer: privateKey, extensions: [attestation({ level: 2 })] });
    }),
  );
};

/** A memory as a server has one. */
export const serverMemory = (): ChainMemory => createChainMemory(64);
