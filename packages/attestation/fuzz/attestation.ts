/**
 * Mutation fuzzer of certificate chains: `npm run fuzz -- attestation [--count N] [--seed S]`. Genuine chains are changed by bytes, by
 * order and by structure. It fails on an accepted mutant whose leaf key, key description or any signed part below the root is not the
 * original's, on a crash, and on a refusal without a code.
 */
import { type Bytes, equalBytes, type Result } from '@hauberk/primitives';
import { type FuzzOutcome, runFuzzCommand, tally } from '../../primitives/fuzz/engine/fuzz-command.ts';
import { randomOf } from '../../primitives/fuzz/engine/mutate.ts';
import type { ChainMemory } from '../src/chain-memory.ts';
import { type Believed, forgedLeaves, type Genuine, genuineChains, serverMemory } from './input/genuine.ts';
import { mutantOf } from './input/mutate.ts';

/** Android's and HarmonyOS's own codes, and those of paths that both may answer. */
const codeForm = /^(?:[A-Z]+(?:_[A-Z]+)*|chain\.[a-z-]+)$/;

const hexOf = (chain: readonly Bytes[]): string => chain.map((bytes) => Buffer.from(bytes).toString('hex')).join('\n');

/** The signed part of a certificate, found by its lengths alone and not by the reader under test. */
const signedPart = (certificate: Bytes): Bytes => {
  const header = (at: number): { start: number; end: number } => {
    const first = certificate[at + 1] ?? 0;
    const count = first < 128 ? 0 : first & 127;
    const bytes = certificate.subarray(at + 2, at + 2 + count);
    const length = count === 0 ? first : bytes.reduce((total, byte) => total * 256 + byte, 0);
    return { start: at + 2 + count, end: at + 2 + count + length };
  };
  const inner = header(0).start;
  return certificate.slice(inner, header(inner).end);
};

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return `${member}n`;
    if (member instanceof Uint8Array) return Buffer.from(member).toString('hex');
    return member instanceof Map ? [...member] : member;
  });

const noBytes = new Uint8Array(0);

/** Whether everything that was signed below the root is the original's; HarmonyOS needs no root in the chain. */
const isSame = (mutant: readonly Bytes[], original: readonly Bytes[]): boolean =>
  (mutant.length === original.length || mutant.length === original.length - 1) &&
  original.slice(0, -1).every((bytes, at) => equalBytes(signedPart(bytes), signedPart(mutant[at] ?? noBytes)));

class FuzzFinding extends Error {
  override readonly name = 'FuzzFinding';
}

const judge = (
  subjects: readonly Genuine[],
  mutant: readonly Bytes[],
  answer: ReturnType<Genuine['verify']>,
): string => {
  if (!answer.ok) {
    if (!codeForm.test(answer.code)) throw new FuzzFinding(`refused without a code:\n${hexOf(mutant)}`);
    return answer.code;
  }
  // Chains of one phone share their issuers: a leaf that moved from one to the other is genuine there.
  const subject = subjects.find(({ chain }) => isSame(mutant, chain));
  const original = subject?.verify(subject.chain);
  if (original?.ok !== true) throw new FuzzFinding(`accepted, yet no original:\n${hexOf(mutant)}`);
  const isKey = equalBytes(answer.value.publicKey, original.value.publicKey);
  const isDescription = textOf(answer.value.claims) === textOf(original.value.claims);
  if (!isKey || !isDescription) throw new FuzzFinding(`accepted with other claims:\n${hexOf(mutant)}`);
  return 'accepted';
};

/** One mutant through every way in; the last answer is the verdict on it. */
const attempt = (subject: Genuine, mutant: readonly Bytes[], index: number, memory: ChainMemory): Result<Believed> => {
  try {
    const read = subject.read(mutant);
    if (!read.ok && !codeForm.test(read.code)) throw new FuzzFinding(`read without a code:\n${hexOf(mutant)}`);
    return index % 8 === 0 ? subject.verify(mutant) : subject.verify(mutant, memory);
  } catch (cause) {
    throw new FuzzFinding(`crashed:\n${hexOf(mutant)}`, { cause });
  }
};

/** Runs so many mutants; throws at the first that breaks a rule. */
export const fuzzAttestation = (count: number, seed: number): FuzzOutcome => {
  const subjects = genuineChains();
  const material = { chains: subjects.map(({ chain }) => chain), forged: forgedLeaves(subjects) };
  const next = randomOf(seed);
  const random = (): number => next() / 2 ** 32;
  const memory = serverMemory();
  const refused: Record<string, number> = {};
  let accepted = 0;
  for (let index = 0; index < count; index += 1) {
    const subject = subjects[index % subjects.length];
    if (subject === undefined) throw new RangeError('no chains');
    const mutant = mutantOf(random, subject.chain, material);
    const outcome = judge(subjects, mutant, attempt(subject, mutant, index, memory));
    if (outcome === 'accepted') accepted += 1;
    else tally(refused, outcome);
  }
  return { accepted, refused };
};

if (import.meta.main) runFuzzCommand('attestation', fuzzAttestation);
