/** Reports of accesses, chains and effects: what is written is read, and whatever is not exactly that is refused with its code. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf } from '@hauberk/primitives/mutate';
import { fuzzAccessReports } from '../fuzz/access-report.ts';
import {
  type AccessReport,
  type AccessRow,
  type ChainFrame,
  isAccessReportKind,
  isAccessRow,
  maxAccessCount,
  maxAccessRows,
  maxChainFrames,
  readAccessReport,
  readStack,
  writeAccessReport,
} from '../src/client.ts';
import { sensitiveApis } from '../src/index.ts';

const row: AccessRow = {
  api: 'web:navigator.geolocation.getCurrentPosition',
  chain: '0123456789abcdef',
  owner: 'app',
  scene: 'branch-finder',
  isForeground: true,
  count: 1,
  firstAtMs: 1000,
  lastAtMs: 1000,
  realm: 'page',
  outcome: 'observed',
};
const frame: ChainFrame = { kind: 'js', script: 'https://bank.example/app.js', name: 'f', line: 1, column: 2 };
const chain = { chain: row.chain, owner: '@ads/web', ownerVersion: '2.0.0', frames: [frame] };
const effect = {
  directive: 'dir_1',
  version: 3,
  chain: row.chain,
  applied: true,
  stopped: 0,
  firstStoppedAtMs: 5,
  lastStoppedAtMs: 5,
} as const;

const codeOf = (kind: string, body: unknown, version = 1): string => {
  const read = readAccessReport(kind, version, body);
  return read.ok ? 'accepted' : read.code;
};

test('what is written is read, each kind', () => {
  const reports: readonly AccessReport[] = [
    { kind: 'privacy.accesses', accesses: [row, { ...row, destination: '[2001:db8::1]:8443' }] },
    { kind: 'privacy.chain', chain },
    { kind: 'privacy.effect', effect },
  ];
  for (const report of reports) {
    const written = writeAccessReport(report);
    assert.ok(written.ok);
    const sent: unknown = JSON.parse(JSON.stringify(written.value.body));
    assert.deepEqual(readAccessReport(written.value.kind, written.value.kindVersion, sent), {
      ok: true,
      value: report,
    });
  }
});

test('every sensitive function and every owner that a chain can have is reportable', () => {
  for (const { id } of sensitiveApis) assert.ok(isAccessRow({ ...row, api: id }), id);
  for (const owner of ['app', 'unknown', '@scope/name', 'cdn.ads.example', 'lodash.merge'])
    assert.ok(isAccessRow({ ...row, owner }), owner);
});

test('the frames of a real stack are reportable', () => {
  const read = readStack(new Error().stack?.replace(/^Error: /, 'Error') ?? '');
  assert.ok(read.ok);
  assert.ok(writeAccessReport({ kind: 'privacy.chain', chain: { ...chain, frames: read.value } }).ok);
});

test('each member of a row is judged, and there is room for no other', () => {
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    api: ['', 'geolocation', 'web:', 'web:a b', 'web:<b>', 7, `web:${'x'.repeat(200)}`],
    chain: ['', '0123456789ABCDEF', '0123456789abcde', '0123456789abcdef0', null],
    owner: ['', '<img>', 'a b', '\u001b[2J', 'é', 'x'.repeat(129)],
    scene: ['', 'Branch', 'a_b', '-a', 'x'.repeat(65)],
    isForeground: [0, 'true', null],
    count: [0, -1, 1.5, '1', maxAccessCount + 1, Number.NaN],
    firstAtMs: [-1, 1001, '1000', null],
    lastAtMs: [999, 2 ** 53],
    realm: ['', 'moon', 1, 'constructor'],
    outcome: ['stopped', '', undefined],
    destination: ['', 'https://a.example', 'a.example/', 'A.example', 'a.example:0', 'a b', null],
    argument: ['+86 138', undefined],
  };
  for (const [name, values] of Object.entries(wrong))
    for (const value of values)
      assert.equal(isAccessRow({ ...row, [name]: value }), false, `${name} ${JSON.stringify(value)}`);
  for (const name of Object.keys(row)) {
    const { [name as 'api']: _, ...rest } = row;
    assert.equal(isAccessRow(rest), false, `without ${name}`);
  }
});

test('one bad row refuses the whole report, and bounds are met exactly', () => {
  const rows = (count: number): { accesses: readonly AccessRow[] } => ({
    accesses: Array.from({ length: count }, () => row),
  });
  assert.equal(codeOf('privacy.accesses', rows(maxAccessRows)), 'accepted');
  assert.equal(codeOf('privacy.accesses', rows(maxAccessRows + 1)), 'access-report.too-many');
  assert.equal(codeOf('privacy.accesses', rows(0)), 'access-report.malformed');
  assert.equal(codeOf('privacy.accesses', { accesses: [row, { ...row, count: 0 }] }), 'access-report.malformed');
  const frames = (count: number): unknown => ({ ...chain, frames: Array.from({ length: count }, () => frame) });
  assert.equal(codeOf('privacy.chain', frames(maxChainFrames)), 'accepted');
  assert.equal(codeOf('privacy.chain', frames(maxChainFrames + 1)), 'access-report.too-many');
  assert.equal(codeOf('privacy.chain', frames(0)), 'access-report.malformed');
  const long = { ...frame, name: 'n'.repeat(4096) };
  assert.equal(codeOf('privacy.chain', { ...chain, frames: Array.from({ length: 15 }, () => long) }), 'accepted');
  assert.equal(
    codeOf('privacy.chain', { ...chain, frames: Array.from({ length: 16 }, () => long) }),
    'access-report.too-long',
  );
});

test('frames hold no text that a page or a terminal would obey', () => {
  for (const name of ['\u001b[31m', 'a\nb', '\u202efdp.exe', 'a\u2028b', '\ud800', '\u0000', '\u200b'])
    assert.equal(codeOf('privacy.chain', { ...chain, frames: [{ ...frame, name }] }), 'access-report.malformed', name);
  // Marks are text that whoever shows it must escape: a function may be called so.
  assert.equal(codeOf('privacy.chain', { ...chain, frames: [{ ...frame, name: '<b>' }] }), 'accepted');
});

test('other kinds, other versions and other effects are refused', () => {
  assert.equal(codeOf('privacy.accesses', { accesses: [row] }, 2), 'access-report.version');
  assert.equal(codeOf('privacy.unheard-of', {}), 'access-report.kind');
  assert.equal(codeOf('constructor', {}), 'access-report.kind');
  assert.equal(isAccessReportKind('toString'), false);
  assert.equal(codeOf('privacy.effect', effect), 'accepted');
  assert.equal(codeOf('privacy.effect', { ...effect, applied: false }), 'access-report.malformed');
  assert.equal(codeOf('privacy.effect', { ...effect, lastStoppedAtMs: 4 }), 'access-report.malformed');
  assert.equal(writeAccessReport({ kind: 'privacy.accesses', accesses: [] }).ok, false);
});

test('mutants never crash the readers, and none that is accepted breaks a promise', () => {
  const seed = Number(process.env['HAUBERK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const count = process.env['HAUBERK_FULL'] === '1' ? 1_000_000 : 4000;
  console.log(`fuzz access-report: ${count} runs, HAUBERK_SEED=${seed}`);
  const tally = fuzzAccessReports(count, randomOf(seed));
  for (const code of ['accepted', 'access-report.malformed', 'access-report.too-many', 'access-report.version'])
    assert.ok((tally[code] ?? 0) > 0, `${code} was never met: ${JSON.stringify(tally)}`);
});
