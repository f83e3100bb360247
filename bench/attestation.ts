/**
 * What verifying a device costs: an Android chain with remembered issuers against the one signature check that nobody can save, and a
 * whole chain against @peculiar/x509. `npm run bench -- attestation [--json] [--rounds N]`.
 */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type ChainMemory, createChainMemory, verifyAndroidKey } from '@hauberk/attestation';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, equalBytes } from '@hauberk/primitives';
import 'reflect-metadata';
import { X509Certificate } from '@peculiar/x509';
import { readCertificate } from '../packages/attestation/src/x509.ts';
import {
  attestation,
  certificate,
  chainOf,
  challenge,
  keyAt,
  rootKey,
} from '../packages/attestation/test/fixture/android.ts';

/** What verification costs. */
export interface AttestationFigures {
  /** With remembered issuers. */
  readonly verificationsPerCpuSecond: number;
  /** Of chains whose issuers are new. */
  readonly wholeChainsPerCpuSecond: number;
  /** A verification with remembered issuers, in checks of its leaf's signature. */
  readonly overLeafFloor: number;
  /** Whole chains of ours against whole chains of @peculiar/x509, which reads no key description. */
  readonly vsPeculiarX509: number;
}

/** Chains of one round: each of another phone of one batch. */
const perRound = 256;

interface Sample {
  readonly chain: readonly Bytes[];
  readonly toBeSigned: Bytes;
  readonly signature: Bytes;
}

const makeSample = (): Sample => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const leaf = certificate({ subject: 0, key: publicKey, extensions: [attestation()] });
  const read = readCertificate(leaf);
  if (read === undefined) throw new TypeError('a leaf that cannot be read');
  return { chain: chainOf(leaf), toBeSigned: read.toBeSigned, signature: read.signature };
};

const now = epochMs(1_900_000_000_000);
const revocation = { takenAt: now, statuses: new Map<string, string>() };

const verifyAll = (samples: readonly Sample[], memory: ChainMemory | undefined): void => {
  const trust = { anchorKeys: [rootKey], revocation, now, ...(memory === undefined ? {} : { memory }) };
  for (const { chain } of samples) {
    const answer = verifyAndroidKey(chain, trust, { challenge }, nodeEvidenceCrypto);
    if (!answer.ok) throw new Error(answer.code);
  }
};

const issuerKey = createPublicKey(keyAt(1).privateKey);
const checkLeaves = (samples: readonly Sample[]): void => {
  for (const { toBeSigned, signature } of samples)
    if (!verify('sha256', toBeSigned, { key: issuerKey, dsaEncoding: 'der' }, signature)) throw new Error('leaf');
};

/** Parse, match names and anchor, check every signature: what that library offers for a chain. */
const verifyWithPeculiar = async (samples: readonly Sample[]): Promise<void> => {
  for (const { chain } of samples) {
    const read = chain.map((bytes) => new X509Certificate(bytes));
    for (const [index, cert] of read.entries()) {
      const issuer = read[index + 1];
      if (issuer === undefined) continue;
      if (cert.issuer !== issuer.subject) throw new Error('names');
      const isSigned = await cert.verify({ publicKey: issuer.publicKey, signatureOnly: true });
      if (!isSigned) throw new Error('signature');
    }
    if (!equalBytes(new Uint8Array(read.at(-1)?.publicKey.rawData ?? new ArrayBuffer(0)), rootKey))
      throw new Error('anchor');
  }
};

/** Processor time of all threads: the library's checks run beside the main one. */
const microsecondsOf = async (work: () => void | Promise<void>): Promise<number> => {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / perRound;
};

/** Runs the rounds; the best of each counts, since a disturbance only ever slows. */
export const measureAttestation = async (rounds: number): Promise<AttestationFigures> => {
  const best = {
    remembered: Number.POSITIVE_INFINITY,
    whole: Number.POSITIVE_INFINITY,
    leaf: Number.POSITIVE_INFINITY,
  };
  let peer = Number.POSITIVE_INFINITY;
  const memory = createChainMemory();
  for (let round = 0; round < rounds; round += 1) {
    const samples = Array.from({ length: perRound }, makeSample);
    best.remembered = Math.min(best.remembered, await microsecondsOf(() => verifyAll(samples, memory)));
    best.leaf = Math.min(best.leaf, await microsecondsOf(() => checkLeaves(samples)));
    best.whole = Math.min(best.whole, await microsecondsOf(() => verifyAll(samples, undefined)));
    peer = Math.min(peer, await microsecondsOf(() => verifyWithPeculiar(samples)));
  }
  const round = (value: number, digits: number): number => Number(value.toFixed(digits));
  return {
    verificationsPerCpuSecond: Math.round(1e6 / best.remembered),
    wholeChainsPerCpuSecond: Math.round(1e6 / best.whole),
    overLeafFloor: round(best.remembered / best.leaf, 2),
    vsPeculiarX509: round(peer / best.whole, 2),
  };
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string' } } });
  const figures = await measureAttestation(Number(values.rounds ?? 12));
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(28)} ${value}\n`);
}
