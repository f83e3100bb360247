/** The consent ledger of the record: signed lines in order, whatever comes at once, checked offline to the last bit. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { epochMs, toBase64Url } from '@hauberk/primitives';
import { verifyLedger } from '@hauberk/privacy';
import { openFileKeys } from '../src/keys/file-keys.ts';
import {
  type ConsentShell,
  consentLines,
  ledgerKeys,
  ledgerVerifier,
  maxConsentBytes,
  recordConsent,
} from '../src/privacy/consent-record.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';
import { bank, privacyConfig, start } from './privacy-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-consent-'));
after(() => rmSync(folder, { recursive: true }));
const keys = openFileKeys(join(folder, 'keys'), epochMs(start));
const { stores } = memoryStorage().connect();
const shell: ConsentShell = {
  store: stores.privacy,
  keys,
  config: privacyConfig({ controller: 'bank' }),
  maxBehind: 9,
};
const points = ledgerKeys(keys, epochMs(start));
const now = epochMs(start);

const told = (changes: object = {}): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      recordId: 'r1',
      notice: { id: 'notice-1', hash: 'n'.repeat(43), language: 'en' },
      sdkListHash: 's'.repeat(43),
      channel: 'app',
      state: 'given',
      purposes: [
        { purpose: 'find-branch', items: ['precise-location'], method: 'explicit', recipients: [], retentionDays: 30 },
      ],
      expiresAt: null,
      ...changes,
    }),
  );
const record = async (body: Uint8Array, device = 'd') => recordConsent(shell, bank, device, body, now);

let subject = '';
before(async () => {
  for (const at of [start - 3000, start - 5000, start + 9000]) {
    const kept = await record(told({ at }));
    assert.ok(kept.ok);
    ({ subject } = kept.value);
  }
});

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const verify = (text: string, ...args: readonly string[]) => {
  const file = join(folder, 'ledger');
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'privacy', 'verify', file, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};
const trusted = points.flatMap((point) => ['--key', toBase64Url(point)]);

test('events are kept in the order in which they came, never before one another and never in the future', async () => {
  const { events, text } = await consentLines(stores.privacy, bank, subject);
  assert.deepEqual(
    events.map(({ at }) => at),
    [start - 3000, start - 3000, start],
  );
  assert.ok(events.every(({ principal, controller }) => principal === subject && controller === 'bank'));
  assert.ok(verifyLedger(text, ledgerVerifier(points)).ok);
});

test('many at once make one chain', async () => {
  const kept = await Promise.all(Array.from({ length: 6 }, () => record(told(), 'many')));
  assert.ok(kept.every(({ ok }) => ok));
  const [one] = kept;
  assert.ok(one?.ok);
  const { text, events } = await consentLines(stores.privacy, bank, one.value.subject);
  assert.equal(events.length, 6);
  assert.ok(verifyLedger(text, ledgerVerifier(points)).ok);
});

test('what an app cannot say is refused: who, for whom, unknown words, too much', async () => {
  const codes = [];
  for (const body of [
    told({ principal: 'somebody' }),
    told({ controller: 'other' }),
    told({ schema: 'hauberk-consent-1' }),
    told({ state: 'maybe' }),
    told({ purposes: [] }),
    Buffer.from('{"a":1,"a":2}'),
    Buffer.from('[]'),
    Buffer.alloc(maxConsentBytes + 1, 32),
  ]) {
    const kept = await record(body, 'refused');
    codes.push(kept.ok ? 'accepted' : kept.code);
  }
  assert.deepEqual([...new Set(codes)], ['consent.malformed']);
});

test('the command finds every flipped bit, and a missing end when it knows where the ledger stood', async () => {
  const { text } = await consentLines(stores.privacy, bank, subject);
  assert.deepEqual([verify(text, ...trusted).status, verify(text).status], [0, 2]);
  const verifier = ledgerVerifier(points);
  const whole = Buffer.from(text);
  // Every byte by the same code that the command runs; by the command itself, one.
  for (let index = 0; index < whole.length; index += 1) {
    const bent = Buffer.from(whole);
    bent[index] = (bent[index] ?? 0) ^ (1 << (index % 8));
    assert.equal(verifyLedger(bent.toString('latin1'), verifier).ok, false, `byte ${index}`);
  }
  const bent = Buffer.from(whole);
  bent[100] = (bent[100] ?? 0) ^ 1;
  assert.equal(verify(bent.toString('latin1'), ...trusted).status, 1);
  const [ledger] = await stores.privacy.load(bank, [{ kind: 'ledger', id: subject }]);
  const head = ['--head', `${ledger?.value?.count}:${ledger?.value?.hash}`];
  const cut = text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1);
  assert.deepEqual([verify(text, ...trusted, ...head).status, verify(cut, ...trusted).status], [0, 0]);
  const missing = verify(cut, ...trusted, ...head, '--json');
  assert.deepEqual([missing.status, JSON.parse(missing.stdout)], [1, { ok: false, code: 'consent.head' }]);
});

test('a foreign key is not believed', async () => {
  const { text } = await consentLines(stores.privacy, bank, subject);
  const other = openFileKeys(join(folder, 'others'), epochMs(start));
  const [point] = ledgerKeys(other, now);
  assert.match(verify(text, '--key', toBase64Url(point ?? new Uint8Array())).stdout, /consent\.signature at line 1/);
});
