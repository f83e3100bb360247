import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import { wycheproofRunner } from '@hauberk/crypto/vectors';
import { utf8 } from '@hauberk/primitives';
import type { VectorCounts } from '@hauberk/primitives/vectors';
import { asymmetricSamples } from './asymmetric-samples.ts';
import type { SampleFile } from './sample-file.ts';
import { symmetricSamples } from './symmetric-samples.ts';

const runText = (text: string): Promise<VectorCounts> =>
  wycheproofRunner.run([{ path: 'any-name', bytes: utf8(text) }]);

const runCases = ({ algorithm, group }: SampleFile, tests: readonly object[]): Promise<VectorCounts> => {
  const cases = tests.map((members, index) => ({ tcId: index + 1, comment: '', flags: [], ...members }));
  const schema = 'whatever_schema_v1.json';
  return runText(JSON.stringify({ algorithm, schema, testGroups: [{ ...group, tests: cases }] }));
};

const samples = [...symmetricSamples(), ...asymmetricSamples()];
for (const file of samples) {
  const spoilt = { ...file.valid, ...file.spoil };

  test(`${file.title}: every engine accepts the valid case and refuses the spoilt one`, async () => {
    const cases = [{ ...file.valid, result: 'valid' }];
    if (Object.keys(file.spoil).length > 0) cases.push({ ...spoilt, result: 'invalid' });
    const { failures, unreadable, passed, skipped } = await runCases(file, cases);
    assert.deepEqual([failures, unreadable], [[], []]);
    assert.deepEqual([passed, skipped], [file.engines * cases.length, 0]);
  });

  test(`${file.title}: a corpus that says the opposite is contradicted`, async () => {
    const accepted = await runCases(file, [{ ...file.valid, result: 'invalid' }]);
    assert.ok(accepted.failed > 0 && accepted.failures.length === accepted.failed, 'valid case called invalid');
    if (Object.keys(file.spoil).length === 0) return;
    const refused = await runCases(file, [{ ...spoilt, result: 'valid' }]);
    assert.ok(refused.failed > 0, 'spoilt case called valid');
  });
}

const [aesGcm] = samples;
assert.ok(aesGcm !== undefined);

test('acceptable passes for engines that accept and for engines that refuse', async () => {
  const { failures, passed } = await runCases(aesGcm, [
    { ...aesGcm.valid, result: 'acceptable' },
    { ...aesGcm.valid, ...aesGcm.spoil, result: 'acceptable' },
  ]);
  assert.deepEqual([failures, passed], [[], 10]);
});

test('a valid nonce of 128 bits is skipped by the three providers of HB/1 and run by the engines beneath', async () => {
  const valid = { key: '00'.repeat(32), iv: '00'.repeat(16), aad: '', msg: '', ct: '' };
  const engine = createCipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(16));
  engine.final();
  const tag = engine.getAuthTag().toString('hex');
  const { failures, passed, skipped } = await runCases(aesGcm, [{ ...valid, tag, result: 'valid' }]);
  assert.deepEqual([failures, passed, skipped], [[], 2, 3]);
});

test('an algorithm that no engine has is skipped, case by case', async () => {
  const sm4 = { ...aesGcm, algorithm: 'SM4-GCM', group: { ...aesGcm.group, keySize: 128 } };
  const { passed, failed, skipped } = await runCases(sm4, [{ result: 'valid' }, { result: 'invalid' }]);
  assert.deepEqual([passed, failed, skipped], [0, 0, 2]);
  const unknown = { ...aesGcm, group: { type: 'PrimalityTest' } };
  assert.equal((await runCases(unknown, [{ result: 'valid' }])).skipped, 1);
});

test('a group of an unknown schema is skipped though it has no type', async () => {
  const group = { tests: [{ tcId: 1, result: 'valid' }] };
  const { skipped, unreadable } = await runText(JSON.stringify({ schema: 'to_come_schema.json', testGroups: [group] }));
  assert.deepEqual([skipped, unreadable], [1, []]);
});

test('encapsulation draws its own randomness: good keys are skipped, bad ones must be refused', async () => {
  const kem = samples.find(({ title }) => title === 'MLKEMTest');
  assert.ok(kem !== undefined);
  const encapsulation = { ...kem, group: { ...kem.group, type: 'MLKEMEncapsTest' } };
  const good = { ...kem.valid, m: '00'.repeat(32) };
  // Coefficients of 4095 are not below the modulus (FIPS 203 section 7.2).
  const bad = { ...good, ek: 'ff'.repeat(1184), result: 'invalid' };
  const counts = await runCases(encapsulation, [{ ...good, result: 'valid' }, bad]);
  assert.deepEqual([counts.failures, counts.passed, counts.skipped], [[], 1, 1]);
  assert.equal((await runCases(encapsulation, [{ ...good, result: 'invalid' }])).failed, 1);
});

const spoiltKeys: readonly (readonly [string, object])[] = [
  ['no y', { public: { kty: 'EC', crv: 'P-256', x: 'AAAA' } }],
  ['no members', { public: {} }],
  ['another kind of key', { public: { kty: 'OKP', crv: 'P-256' } }],
];
for (const [title, spoil] of spoiltKeys)
  test(`a peer in JWK form with ${title} is a refused key, not an unreadable file`, async () => {
    const file = samples.find((sample) => sample.title === 'EcdhWebcryptoTest secp256r1');
    assert.ok(file !== undefined);
    const { failures, unreadable, passed } = await runCases(file, [{ ...file.valid, ...spoil, result: 'invalid' }]);
    assert.deepEqual([failures, unreadable, passed], [[], [], file.engines]);
  });

const unreadable: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['broken JSON', '{"algorithm":'],
  ['an array', '[]'],
  ['a file without groups', '{"algorithm":"AES-GCM"}'],
  ['a file without algorithm and schema', '{"testGroups":[]}'],
  ['a group without tests', '{"algorithm":"AES-GCM","testGroups":[{"type":"AeadTest","keySize":256,"tagSize":128}]}'],
];
for (const [title, text] of unreadable)
  test(`${title} is unreadable, not passed`, async () => {
    const counts = await runText(text);
    assert.equal(counts.unreadable.length, 1);
    assert.equal(counts.passed + counts.failed + counts.skipped, 0);
  });

test('a case with a member that is not hexadecimal, or an unknown result, makes its file unreadable', async () => {
  for (const members of [{ key: 'xyz', result: 'valid' }, { result: 'perhaps' }, {}]) {
    const counts = await runCases(aesGcm, [{ ...aesGcm.valid, ...members }]);
    assert.deepEqual([counts.unreadable.length, counts.passed], [1, 0]);
  }
});
