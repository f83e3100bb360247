/**
 * `npm run model-check [-- --full] [-- --write]`: Spin over the model of binding. Checks that the model's table is the program's, that every
 * property holds against every attacker that the default guards are meant for, and that without any single guard some attacker wins;
 * `--write` writes docs/binding-matrix.md. The last line says what holds, and over how many states.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Guard, guards } from '@hauberk/binding';
import { transitionsFile, transitionsText } from './binding-model.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const modelFile = join(root, 'packages/binding/model/binding.pml');
const matrixFile = join(root, 'docs/binding-matrix.md');

/** What an attacker can do, as bits of the model. */
const abilities = {
  social: 1,
  send: 2,
  read: 4,
  hooked: 8,
  keybox: 16,
  ownSim: 32,
  link: 64,
  line: 128,
  station: 256,
  holdsNumber: 512,
  swapped: 1024,
  recycled: 2048,
  lacksSecret: 4096,
  skew: 8192,
  owner: 16_384,
  proxy: 32_768,
  farm: 65_536,
  resend: 131_072,
  leave: 262_144,
  numberVerification: 524_288,
} as const;
type Ability = keyof typeof abilities;

/** An attacker of the matrix. */
export interface ModelledAttacker {
  readonly name: string;
  readonly words: string;
  readonly can: readonly Ability[];
  /** The default guards are not enough for it: an honest limit. */
  readonly isBeyond?: boolean;
}

const attacker = (name: string, words: string, can: readonly Ability[], isBeyond = false): ModelledAttacker => ({
  name,
  words,
  can,
  isBeyond,
});

/** The columns of the matrix. */
export const attackers: readonly ModelledAttacker[] = [
  attacker('talker', 'talks the victim into sending one text on; genuine phone', ['social']),
  attacker('malware', 'sends and reads SMS on the victim’s phone; genuine phone with a SIM of its own', [
    'send',
    'read',
    'ownSim',
  ]),
  attacker('hooked phone', 'the same malware beside a hooked phone that says what it likes', [
    'send',
    'read',
    'hooked',
  ]),
  attacker('own SIM', 'his own number for the victim’s profile', ['ownSim']),
  attacker('forged link', 'a false base station, and SMS with any source over a link that is not listed', [
    'station',
    'link',
    'ownSim',
  ]),
  attacker('foreign line', 'a false base station, and a listed link of another VMN', ['station', 'line', 'ownSim']),
  attacker('SIM swap', 'the victim’s number was moved to his SIM', ['holdsNumber', 'swapped']),
  attacker('recycled number', 'the victim gave the number up, and it is his now', ['holdsNumber', 'recycled']),
  attacker('stolen SIM', 'the victim’s SIM in his phone, without the second factor', ['holdsNumber', 'lacksSecret']),
  attacker('replayer', 'reads the customer’s token, sends it again, talks in the customer’s name', ['resend']),
  attacker('bad times', 'messages are late, nodes fail over, clocks disagree', ['skew']),
  attacker('abandoned session', 'the session is left while it runs', ['leave']),
  attacker('token farm', 'draws token after token', ['farm']),
  attacker('second phone', 'the customer’s own second phone', ['owner']),
  attacker('leaked key', 'the hooked phone is attested by a leaked key', ['send', 'read', 'hooked', 'keybox'], true),
  attacker('station and malware', 'a false base station beside malware', ['station', 'send', 'ownSim'], true),
  attacker(
    'data proxy',
    'where number verification suffices: data through the victim’s phone',
    ['proxy', 'numberVerification'],
    true,
  ),
];

const propertyNames = { P1: 1, P2: 2, P3: 4, P4: 8, P5: 16, P6: 32, P7: 64, P9: 128, B04: 256, B07: 512 } as const;
type PropertyName = keyof typeof propertyNames;
const brokenIds: Readonly<Record<string, PropertyName>> = {
  1: 'P1',
  2: 'P2',
  3: 'P3',
  4: 'P4',
  5: 'P5',
  6: 'P6',
  7: 'P7',
  9: 'P9',
  10: 'B04',
  11: 'B07',
};
const allProperties = 1023;

/** A built verifier. */
export interface Verifier {
  readonly folder: string;
}

/** What is missing to run Spin, if anything. */
export const missingTool = (): string | undefined =>
  ['spin', 'gcc'].find((tool) => spawnSync(tool, [tool === 'spin' ? '-V' : '--version']).error !== undefined);

/** Builds the verifier; kept by the hash of the model. `random` builds one that walks at random. */
export const buildVerifier = ({ random = false }: { readonly random?: boolean } = {}): Verifier => {
  const texts = [readFileSync(modelFile, 'utf8'), readFileSync(transitionsFile, 'utf8')];
  const hash = createHash('sha256').update(texts.join('\u0000')).digest('hex').slice(0, 16);
  const folder = join(root, '.cache', 'model', `${hash}${random ? '-random' : ''}`);
  if (existsSync(join(folder, 'pan'))) return { folder };
  const building = `${folder}-${process.pid}`;
  mkdirSync(building, { recursive: true });
  writeFileSync(join(building, 'binding.pml'), texts[0] ?? '');
  writeFileSync(join(building, 'transitions.pml'), texts[1] ?? '');
  execFileSync('spin', ['-a', 'binding.pml'], { cwd: building, stdio: 'pipe' });
  const how = random ? ['-DT_RAND', '-DP_RAND'] : ['-DCOLLAPSE'];
  execFileSync('gcc', [random ? '-O0' : '-O1', '-w', '-DSAFETY', '-DNOFAIR', ...how, '-o', 'pan', 'pan.c'], {
    cwd: building,
    stdio: 'pipe',
  });
  try {
    renameSync(building, folder);
  } catch {
    // Somebody else was faster; theirs is the same.
    return { folder: existsSync(join(folder, 'pan')) ? folder : building };
  }
  return { folder };
};

/** A case to check. */
export interface ModelCase {
  readonly can: readonly Ability[];
  readonly without?: readonly Guard[];
  readonly properties?: readonly PropertyName[];
  /** Stops with a trail after so many actions. */
  readonly goal?: number;
  readonly seed?: number;
}

/** What came of it. */
export interface Checked {
  readonly states: number;
  /** The first property found broken. */
  readonly broken?: PropertyName | undefined;
  /** The events of the counter-example, or of the random walk, as the model printed them. */
  readonly trail: readonly string[];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Runs the verifier on one case. */
export const check = ({ folder }: Verifier, { can, without = [], properties, goal = 0, seed }: ModelCase): Checked => {
  const env = {
    ...process.env,
    ABILITIES: String(sum(can.map((name) => abilities[name]))),
    GUARDS: String(sum(guards.map((guard, index) => (without.includes(guard) ? 0 : 2 ** index)))),
    PROPERTIES: String(properties === undefined ? allProperties : sum(properties.map((name) => propertyNames[name]))),
    GOAL: String(goal),
  };
  // The trail is written into the working folder, so that each run has its own.
  const cwd = mkdtempSync(join(tmpdir(), 'hauberk-model-'));
  try {
    return runPan(join(folder, 'pan'), { cwd, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }, seed);
  } finally {
    rmSync(cwd, { recursive: true });
  }
};

interface PanOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly encoding: 'utf8';
  readonly maxBuffer: number;
}

const runPan = (pan: string, options: PanOptions, seed: number | undefined): Checked => {
  const search = (depth: number) =>
    spawnSync(pan, [`-m${depth}`, '-E', ...(seed === undefined ? [] : [`-RS${seed}`]), '-w16'], options);
  const shallow = search(20_000);
  // A search that was cut off at its depth proves nothing.
  const run = shallow.stdout.includes('max search depth too small') ? search(2_000_000) : shallow;
  if (run.stdout.includes('max search depth too small')) throw new Error('the model is deeper than the search');
  const found = /errors: (\d+)\n\s+(\d+) states, stored/.exec(run.stdout);
  if (found === null) throw new Error(`pan said ${run.stdout.slice(-2000)}${run.stderr}`);
  const states = Number(found[2]);
  if (found[1] === '0') return { states, trail: [] };
  const replayed = spawnSync(pan, ['-r'], options)
    .stdout.split('\n')
    .map((line) => line.trim());
  const lines = replayed.filter((line) => /^(ACT|STATE|BROKEN|GOAL)\b/.test(line));
  const id = lines.map((line) => /^BROKEN (\d+)/.exec(line)?.[1]).find((each) => each !== undefined);
  return { states, broken: id === undefined ? undefined : brokenIds[id], trail: lines };
};

/** One cell: what breaks first, cross-binding before all else. */
export const cell = (verifier: Verifier, can: readonly Ability[], without: readonly Guard[]): Checked => {
  const crossed = check(verifier, { can, without, properties: ['P1'] });
  if (crossed.broken !== undefined) return crossed;
  const others = check(verifier, { can, without });
  return { ...others, states: crossed.states + others.states };
};

/** A row of the matrix. */
interface MatrixRow {
  readonly name: string;
  readonly without: readonly Guard[];
}

const matrixRows: readonly MatrixRow[] = [
  { name: 'all guards', without: [] },
  ...guards.map((guard) => ({ name: `without \`${guard}\``, without: [guard] })),
  // What an app that is hooked or kept from the network makes of the rules as they were published.
  { name: 'the published rules alone', without: ['attestation', 'delivery-report', 'swap-date', 'fence'] },
];

/** The matrix: the default guards, then without each of them, then the published rules alone. */
export const matrix = (verifier: Verifier): readonly (readonly string[])[] =>
  matrixRows.map(({ without }) => attackers.map(({ can }) => cell(verifier, can, without).broken ?? 'holds'));

/** docs/binding-matrix.md. */
export const matrixPage = (rows: readonly (readonly string[])[]): string => {
  const [usual = []] = rows;
  const shown = (row: readonly string[], index: number): string =>
    row.map((value, column) => (index > 0 && value !== usual[column] ? `**${value}**` : value)).join(' | ');
  return `# Guards and attackers

Written by \`npm run model-check -- --write\` out of the model that Spin checks (\`packages/binding/model/binding.pml\`); a test compares. A cell names the
first property that breaks, or says that all hold; **bold** is what taking guards away costs. *The published rules alone* have
neither \`attestation\` nor \`delivery-report\`, \`swap-date\` and \`fence\`. See [binding.md](binding.md) for the rules.

| | ${attackers.map((each) => each.name).join(' | ')} |
|---|${attackers.map(() => '---').join('|')}|
${rows.map((row, index) => `| ${matrixRows[index]?.name ?? ''} | ${shown(row, index)} |`).join('\n')}

| attacker | what he can do |
|---|---|
${attackers.map(({ name: who, words, isBeyond }) => `| ${who} | ${words}${isBeyond === true ? '; **beyond the default guards**' : ''} |`).join('\n')}

All attackers know the victim's number and, but for the thief of a SIM, the victim's secrets.

| property | what must never be |
|---|---|
| P1 | a device of the attacker, or a key of his, is bound to the customer's profile |
| P2 | one token leads to two bindings |
| P3 | a binding after 45 s, whatever the clocks and nodes say |
| P4 | a token that came from two numbers stays bound |
| P5 | a fourth token |
| P6 | a word of the client alone makes an SMS seen |
| P7 | a redelivered SMS changes the attempt |
| P9 | a second live binding, or one that ends without consent |
| B04 | a session that was left is bound |
| B07 | a token that came in two physical SMS stays bound |

**Beyond the default guards**: a leaked attestation key is answered by revocation lists and by asking for number verification as well; a false base station beside
malware by number verification; a data proxy by not letting number verification suffice without an SMS (take its set out of the policy), at the price that
iPhones, which can read neither sent items nor codes, then bind through a bound phone or a passkey only.
`;
};

/** What must hold: each attacker by himself, and in full size several in one. */
export const coalitions = (isFull: boolean): readonly (readonly Ability[])[] => [
  ...attackers.filter(({ isBeyond }) => isBeyond !== true).map(({ can }) => can),
  ['social', 'ownSim', 'resend', 'skew'],
  ['hooked', 'send', 'read', 'ownSim', 'farm'],
  ...(isFull
    ? ([
        ['send', 'read', 'ownSim', 'resend', 'leave'],
        ['station', 'link', 'line', 'ownSim', 'skew'],
        ['send', 'read', 'ownSim', 'farm'],
        ['social', 'read', 'ownSim', 'resend', 'skew', 'farm'],
      ] as const)
    : []),
];

const main = (args: readonly string[]): number => {
  const missing = missingTool();
  if (missing !== undefined) {
    console.error(`model-check: ${missing} is missing (apt-get install spin gcc libc6-dev)`);
    return 2;
  }
  if (readFileSync(transitionsFile, 'utf8') !== transitionsText()) {
    console.error('the model has another table than the program: node scripts/binding-model.ts');
    return 1;
  }
  const verifier = buildVerifier();
  let states = 0;
  let failures = 0;
  for (const can of coalitions(args.includes('--full'))) {
    const found = check(verifier, { can });
    states += found.states;
    console.log(`${found.broken ?? 'holds'}  ${found.states} states  ${can.join(', ')}`);
    if (found.broken === undefined) continue;
    failures += 1;
    console.log(found.trail.join('\n'));
  }
  const rows = matrix(verifier);
  const idle = guards.filter(
    (_, index) => rows[index + 1]?.every((value, column) => value === rows[0]?.[column]) !== false,
  );
  for (const guard of idle) console.log(`nobody wins without ${guard}`);
  const page = matrixPage(rows);
  if (args.includes('--write')) writeFileSync(matrixFile, page);
  const isWritten = readFileSync(matrixFile, 'utf8') === page;
  if (!isWritten) console.log('docs/binding-matrix.md is not what the model says: npm run model-check -- --write');
  const isGood = failures === 0 && idle.length === 0 && isWritten;
  console.log(`model-check: P1 P2 P3 P4 P5 P6 P7 P9 ${failures === 0 ? 'hold' : 'are broken'}, ${states} states`);
  return isGood ? 0 : 1;
};

const isEntry = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isEntry) process.exitCode = main(process.argv.slice(2));
