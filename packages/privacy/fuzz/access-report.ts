/**
 * Mutation fuzzer of the bodies of privacy reports. `npm run fuzz -- access-report [--count N] [--seed S]`. It fails on a crash, on a refusal
 * without a known code, on an accepted body that breaks a promise (below), and on an accepted body that the writer does not write again.
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type Random, randomOf } from '@hauberk/primitives/mutate';
import {
  type AccessReportCode,
  accessReportKinds,
  maxAccessCount,
  maxAccessRows,
  maxChainFrames,
  readAccessReport,
  writeAccessReport,
} from '../src/client.ts';

const codes: Readonly<Record<AccessReportCode, true>> = {
  'access-report.kind': true,
  'access-report.version': true,
  'access-report.malformed': true,
  'access-report.too-many': true,
  'access-report.too-long': true,
};

const row = {
  api: 'web:navigator.geolocation.getCurrentPosition',
  chain: '0123456789abcdef',
  owner: '@maps/web',
  scene: 'branch-finder',
  isForeground: true,
  count: 3,
  firstAtMs: 1_700_000_000_000,
  lastAtMs: 1_700_000_001_000,
  realm: 'page',
  outcome: 'observed',
};
const frames = [
  { kind: 'js', script: 'https://bank.example/app.js', name: 'locate', line: 1, column: 200 },
  { kind: 'dex', method: 'Lcom/example/Ads;->start(I)V', offset: 7 },
  { kind: 'macho', image: '0f'.repeat(16), offset: 4096 },
];
const effect = {
  directive: 'dir_01',
  version: 4,
  chain: row.chain,
  applied: true,
  stopped: 2,
  firstStoppedAtMs: 1000,
  lastStoppedAtMs: 2000,
};

const seeds = (): readonly (readonly [kind: string, version: number, body: unknown])[] => [
  ['privacy.accesses', 1, { accesses: [row, { ...row, destination: 'ads.example:8443', isForeground: false }] }],
  ['privacy.accesses', 1, { accesses: Array.from({ length: maxAccessRows }, () => ({ ...row })) }],
  ['privacy.chain', 1, { chain: row.chain, owner: 'ads', ownerVersion: '1.2.3-beta.1', frames }],
  ['privacy.effect', 1, effect],
];

const hostile: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  ' ',
  '<script>alert(1)</script>',
  '\u001b[2J',
  'a\nb',
  '\u202etxt.exe',
  '\ud800',
  '__proto__',
  'constructor',
  'x'.repeat(5000),
  '0123456789ABCDEF',
  [],
  {},
  [[]],
  { kind: 'js' },
  { kind: 'constructor' },
  maxAccessCount + 1,
  Array.from({ length: maxAccessRows + 1 }, () => row),
  Array.from({ length: maxChainFrames + 1 }, () => frames[0]),
  Array.from({ length: 40 }, () => ({ ...frames[0], name: 'n'.repeat(4000) })),
];

type Slots = { [name: string]: unknown };

const below = (random: Random, most: number): number => random() % most;
const isContainer = (value: unknown): value is Slots => typeof value === 'object' && value !== null;

/** Where something is put beside what is there: what JSON can say, so the next index of an array. */
const added = (place: Slots): string => (Array.isArray(place) ? String(place.length) : 'extra');

/** Changes one place somewhere in the body: takes it out, replaces it, or adds something beside it. */
const mutate = (random: Random, body: unknown): unknown => {
  const copy: unknown = structuredClone(body);
  let place = copy;
  let depth = below(random, 4);
  while (isContainer(place)) {
    const names = Object.keys(place);
    const name = names[below(random, names.length)];
    const inner = name === undefined ? undefined : place[name];
    if (depth > 0 && isContainer(inner)) {
      place = inner;
      depth -= 1;
      continue;
    }
    const action = below(random, 4);
    if (action === 0 && name !== undefined && !Array.isArray(place)) delete place[name];
    else if (action === 1) place[added(place)] = hostile[below(random, hostile.length)];
    else if (name !== undefined) place[name] = hostile[below(random, hostile.length)];
    break;
  }
  return copy;
};

const known =
  /^(?:accesses|api|chain|owner|scene|isForeground|count|firstAtMs|lastAtMs|realm|outcome|destination|ownerVersion|frames|kind|script|name|line|column|method|image|offset|directive|version|applied|stopped|firstStoppedAtMs|lastStoppedAtMs|\d+)$/;

/** What every accepted body promises, told in another way than the reader's. */
const brokenPromise = (value: unknown, name = ''): string | undefined => {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? undefined : `number ${value}`;
  if (typeof value === 'string') {
    if (value.length > 4096 || !value.isWellFormed() || /[\p{Cc}\u202a-\u202e]/u.test(value)) return `text ${name}`;
    return /[<>"'&\s]/.test(value) && !['script', 'name', 'method', 'image'].includes(name)
      ? `text ${name}`
      : undefined;
  }
  if (!isContainer(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length > maxAccessRows) return 'too many';
  for (const [member, inner] of entries) {
    if (!known.test(member)) return `member ${member}`;
    const broken = brokenPromise(inner, member);
    if (broken !== undefined) return broken;
  }
  return undefined;
};

const judge = (kind: string, version: number, body: unknown): string => {
  const read = readAccessReport(kind, version, body);
  if (!read.ok) {
    if (!Object.hasOwn(codes, read.code)) throw new Error(`no code: ${read.code}`);
    return read.code;
  }
  const broken = brokenPromise(body);
  if (broken !== undefined) throw new Error(`accepted: ${broken}`);
  const written = writeAccessReport(read.value);
  if (!written.ok || !isDeepStrictEqual(written.value.body, body)) throw new Error('not written again');
  return 'accepted';
};

/** Runs `count` mutants; throws at the first broken promise. */
export const fuzzAccessReports = (count: number, random: Random): Readonly<Record<string, number>> => {
  const tally: Record<string, number> = {};
  const bodies = seeds();
  for (let left = count; left > 0; left -= 1) {
    const [kind, version, body] = bodies[below(random, bodies.length)] ?? ['', 0, undefined];
    const chosen = below(random, 20) === 0 ? `${accessReportKinds[below(random, 3)]}` : kind;
    const mutant = below(random, 10) === 0 ? hostile[below(random, hostile.length)] : mutate(random, body);
    try {
      const code = judge(
        below(random, 50) === 0 ? 'privacy.other' : chosen,
        below(random, 50) === 0 ? 2 : version,
        mutant,
      );
      tally[code] = (tally[code] ?? 0) + 1;
    } catch (cause) {
      throw new Error(`${chosen} broke on ${JSON.stringify(mutant)?.slice(0, 2000)}`, { cause });
    }
  }
  return tally;
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' } } });
  const count = Number(values.count ?? 100_000);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  process.stdout.write(
    `access-report: ${count} mutants, seed ${seed}: ${JSON.stringify(fuzzAccessReports(count, randomOf(seed)))}\n`,
  );
}
