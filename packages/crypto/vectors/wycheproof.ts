/** The corpus of Project Wycheproof (C2SP/wycheproof), schema generation v1: every algorithm file, on every engine that has its algorithm. */
import { CryptoInputError, fromUtf8 } from '@hauberk/primitives';
import type { VectorCounts, VectorFile, VectorRunner } from '@hauberk/primitives/vectors';
import type { Engine } from './algorithm.ts';
import { asymmetricRules } from './asymmetric-rules.ts';
import { engines } from './engines.ts';
import type { GroupRule, Place, Verdict } from './group-rule.ts';
import { arrayOf, type Members, membersOf, textOf, VectorFormatError } from './members.ts';
import { symmetricRules } from './symmetric-rules.ts';

type Outcome = 'passed' | 'failed' | 'skipped';

/** What a run adds up. */
interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  readonly failures: string[];
}

const rules: ReadonlyMap<string, GroupRule> = new Map([...symmetricRules, ...asymmetricRules]);

/** Some schemas leave out the type of their only kind of group. */
const typesBySchema: readonly (readonly [string, string])[] = [
  ['mlkem_encaps', 'MLKEMEncapsTest'],
  ['mlkem_keygen', 'MLKEMKeyGen'],
  ['mlkem_test', 'MLKEMTest'],
  ['mldsa_verify', 'MlDsaVerify'],
];

const ruleOf = (file: Members, group: Members): GroupRule | undefined => {
  if (typeof group['type'] === 'string') return rules.get(group['type']);
  const schema = textOf(file, 'schema').replace('ml_dsa', 'mldsa').replace('ml_kem', 'mlkem');
  return rules.get(typesBySchema.find(([prefix]) => schema.startsWith(prefix))?.[1] ?? '');
};

/** The table of outcomes. A refusal of something invalid is right for whatever reason; a wrong result never is. */
const judge = (expected: string, verdict: Verdict | 'unsupported'): Outcome => {
  const isPass: { readonly [result: string]: readonly (Verdict | 'unsupported')[] } = {
    valid: ['accepted'],
    invalid: ['refused', 'unsupported'],
    acceptable: ['accepted', 'refused', 'unsupported', 'partial'],
  };
  const passing = isPass[expected];
  if (passing === undefined) throw new VectorFormatError(`unknown result ${expected}`);
  if (passing.includes(verdict)) return 'passed';
  const isSkip = expected === 'valid' && (verdict === 'unsupported' || verdict === 'partial');
  return isSkip ? 'skipped' : 'failed';
};

const verdictOf = async (
  groupRule: GroupRule,
  engine: Engine,
  name: string,
  place: Place,
): Promise<Verdict | 'unsupported'> => {
  const algorithm = engine.algorithms.get(name);
  if (algorithm === undefined) return 'unsupported';
  try {
    return await groupRule.check(algorithm, place);
  } catch (error) {
    if (!(error instanceof CryptoInputError)) throw error;
    return error.code === 'unsupported-parameter' ? 'unsupported' : 'refused';
  }
};

const runTest = async (
  groupRule: GroupRule,
  engine: Engine,
  name: string,
  place: Place,
  tally: Tally,
): Promise<void> => {
  const expected = textOf(place.test, 'result');
  let verdict: string;
  let outcome: Outcome;
  try {
    const answer = await verdictOf(groupRule, engine, name, place);
    verdict = answer;
    outcome = judge(expected, answer);
  } catch (error) {
    // A file of another shape is the file's fault, anything else the engine's.
    if (error instanceof VectorFormatError) throw error;
    verdict = String(error);
    outcome = 'failed';
  }
  tally[outcome] += 1;
  if (outcome === 'failed')
    tally.failures.push(`${name} on ${engine.name}: case ${String(place.test['tcId'])} (${expected}): ${verdict}`);
};

/** Engines that have the algorithm of a group. */
const enginesFor = (
  groupRule: GroupRule | undefined,
  file: Members,
  group: Members,
): { name: string; subjects: readonly Engine[] } => {
  const name = groupRule?.algorithmName(file, group) ?? '';
  return { name, subjects: engines.filter((engine) => engine.algorithms.get(name)?.kind === groupRule?.kind) };
};

const runGroup = async (file: Members, group: Members, tally: Tally): Promise<void> => {
  const tests = arrayOf(group, 'tests');
  const groupRule = ruleOf(file, group);
  const { name, subjects } = enginesFor(groupRule, file, group);
  if (groupRule === undefined || subjects.length === 0) {
    tally.skipped += tests.length;
    return;
  }
  for (const engine of subjects)
    for (const test of tests) await runTest(groupRule, engine, name, { file, group, test }, tally);
};

const parse = ({ bytes }: VectorFile): Members => {
  const file = membersOf(JSON.parse(fromUtf8(bytes) ?? ''));
  // Files about JSON Web formats name a schema only.
  textOf(file, file['algorithm'] === undefined ? 'schema' : 'algorithm');
  return file;
};

/** Counts of a file that turns out unreadable half-way are dropped: it has to be mended first. */
const runFile = async (vectorFile: VectorFile): Promise<Tally> => {
  const file = parse(vectorFile);
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const group of arrayOf(file, 'testGroups')) await runGroup(file, group, tally);
  return { ...tally, failures: tally.failures.map((failure) => `${vectorFile.path}: ${failure}`) };
};

const run = async (files: readonly VectorFile[]): Promise<VectorCounts> => {
  const total: Tally & { readonly unreadable: string[] } = {
    passed: 0,
    failed: 0,
    skipped: 0,
    failures: [],
    unreadable: [],
  };
  for (const file of files) {
    try {
      const tally = await runFile(file);
      total.passed += tally.passed;
      total.failed += tally.failed;
      total.skipped += tally.skipped;
      total.failures.push(...tally.failures);
    } catch (error) {
      if (!(error instanceof VectorFormatError || error instanceof SyntaxError)) throw error;
      total.unreadable.push(`${file.path}: ${error.message}`);
    }
  }
  return total;
};

/** Runs the corpus on every provider and engine. */
export const wycheproofRunner: VectorRunner = { folder: 'wycheproof', run };
