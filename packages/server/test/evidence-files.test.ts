/** The files that evidence is judged by: read when they change, kept when they break, refused at the start when there is no trust in them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { accept, epochMs, refuse } from '@hauberk/primitives';
import fc from 'fast-check';
import { fileApprovedBuilds, readApprovedBuilds } from '../src/device/approved-builds.ts';
import { fileRevocations, readAnchors } from '../src/device/trust-files.ts';
import { watchedFile } from '../src/device/watched-file.ts';
import { selfSigned } from './self-signed.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-evidence-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const start = 1_800_000_000_000;
const at = (second: number) => epochMs(start + second * 1000);

/** Writes a file with a time of change of its own, so that no clock decides what counts as changed. */
const write = (name: string, text: string, second: number): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  utimesSync(path, (start + second * 1000) / 1000, (start + second * 1000) / 1000);
  return path;
};

const attestation = {
  roots: {},
  maxRevocationHours: 24,
  staleRevocations: 'refuse',
  unlocked: 'refused',
} as const;

test('a file is looked at once a second; a broken one leaves what was read before, and is told once', () => {
  const told: string[] = [];
  const path = write('number', '1', 0);
  const parse = (bytes: Buffer) => (/^\d+$/.test(String(bytes)) ? accept(Number(bytes)) : refuse('no-number'));
  const file = watchedFile(path, parse, (_path, reason) => told.push(reason));
  assert.equal(file.read(at(0)), 1);
  write('number', '2', 1);
  assert.equal(file.read(epochMs(start + 999)), 1);
  assert.equal(file.read(at(1)), 2);
  write('number', 'x', 2);
  assert.deepEqual([file.read(at(2)), file.read(at(3)), told], [2, 2, ['no-number']]);
  rmSync(path);
  assert.deepEqual([file.read(at(4)), file.read(at(5)), told], [2, 2, ['no-number', 'ENOENT']]);
  write('number', '3', 6);
  assert.equal(file.read(at(6)), 3);
});

test('a clock that is set back does not stop the looking', () => {
  const path = write('back', 'a', 0);
  const file = watchedFile(
    path,
    (bytes) => accept(String(bytes)),
    () => undefined,
  );
  assert.equal(file.read(at(1000)), 'a');
  write('back', 'b', 1);
  assert.equal(file.read(at(10)), 'b');
});

test('approved builds: what is not exactly in the form approves nothing', () => {
  const android = { packages: ['example.bank'], signers: ['0a'.repeat(32)], builds: ['7'] };
  const good = { apps: { mobile: { android, apple: { appId: 'TEAM.example.bank' } } } };
  const read = readApprovedBuilds(JSON.stringify(good));
  assert.ok(read.ok);
  assert.deepEqual(read.value.get('mobile')?.android, {
    packages: new Set(['example.bank']),
    digests: new Set(['0a'.repeat(32)]),
    builds: new Set(['7']),
  });
  assert.equal(read.value.get('mobile')?.apple?.builds, undefined, 'any build');
  for (const bent of [
    { ...good, more: 1 },
    { apps: { mobile: { android: { ...android, signers: [] } } } },
    { apps: { mobile: { android: { ...android, signers: ['0A'.repeat(32)] } } } },
    { apps: { mobile: { android: { ...android, packages: 'example.bank' } } } },
    { apps: { mobile: { ios: {} } } },
    [],
  ])
    assert.equal(readApprovedBuilds(JSON.stringify(bent)).ok, false, JSON.stringify(bent));
  fc.assert(fc.property(fc.string(), (text) => assert.equal(readApprovedBuilds(text).ok, false)));
  assert.equal(fileApprovedBuilds(undefined, () => undefined).of('mobile', at(0)), undefined);
});

test('a list of revocations is as old as it says, else as its file', () => {
  const entries = { '0b1f': { status: 'REVOKED' } };
  const told = write('told.json', JSON.stringify({ takenAt: '2026-01-02T03:04:05Z', entries }), 0);
  const silent = write('silent.json', JSON.stringify({ entries }), 7);
  const listOf = (androidRevocations: string) =>
    fileRevocations({ ...attestation, androidRevocations } as never, () => undefined)(at(8)).android;
  assert.equal(listOf(told)?.takenAt, Date.parse('2026-01-02T03:04:05Z'));
  assert.equal(listOf(silent)?.takenAt, at(7));
  assert.equal(listOf(silent)?.statuses.get('b1f'), 'REVOKED');
  assert.equal(listOf(write('bad.json', '{"entries":{"xyz":{"status":"REVOKED"}}}', 0)), undefined);
});

test('roots that cannot be read end the start: less trust than was asked for is none', () => {
  const pem = write('root.pem', selfSigned('maker').certificate, 0);
  const anchors = readAnchors({ roots: { android: pem, apple: pem } });
  assert.equal(anchors.androidKeys?.length, 1);
  assert.notDeepEqual(anchors.androidKeys, anchors.appAttest, 'a key for Android, a certificate for Apple');
  assert.throws(() => readAnchors({ roots: { android: join(folder, 'nowhere.pem') } }), /ENOENT/);
  assert.throws(() => readAnchors({ roots: { huks: write('empty.pem', 'nothing', 0) } }), /no certificate/);
});
