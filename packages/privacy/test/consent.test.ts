/** The ledger finds every flipped bit; the decision gives the reason. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { type EpochMs, epochMs, fromUtf8, utf8 } from '@hauberk/primitives';
import { mutant, randomOf } from '@hauberk/primitives/mutate';
import {
  appendConsent,
  type ConsentEvent,
  type ConsentPurpose,
  consentOf,
  emptyLedger,
  exportConsent,
  instantText,
  type LedgerHead,
  mayCollect,
  verifyLedger,
} from '../src/index.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const sha256 = (input: Uint8Array) => new Uint8Array(createHash('sha256').update(input).digest());
const signer = {
  keyId: 'consent-1',
  sha256,
  sign: (message: Uint8Array) =>
    new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
};
const verifier = {
  sha256,
  verify: (keyId: string, message: Uint8Array, signature: Uint8Array) =>
    keyId === 'consent-1' && verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature),
};
const noticeHash = 'n'.repeat(43);
const location: ConsentPurpose = {
  purpose: 'find-branch',
  items: ['precise-location'],
  method: 'explicit',
  recipients: ['maps.example'],
  retentionDays: 1,
};
const event = (state: ConsentEvent['state'], at: number, changes: Partial<ConsentEvent> = {}): ConsentEvent => ({
  schema: 'hauberk-consent-1',
  recordId: 'record-1',
  principal: 'p-7f3a',
  controller: 'bank.example',
  notice: { id: 'notice-3', hash: noticeHash, language: 'zh-CN' },
  sdkListHash: 's'.repeat(43),
  jurisdiction: 'CN',
  channel: 'mini-program',
  state,
  purposes: [location],
  at: epochMs(at),
  expiresAt: null,
  ...changes,
});
const ledgerOf = (events: readonly ConsentEvent[]): { readonly text: string; readonly head: LedgerHead } => {
  let head = emptyLedger;
  let text = '';
  for (const next of events) {
    const added = appendConsent(head, next, signer);
    assert.ok(added.ok);
    text += `${added.value.line}\n`;
    head = added.value.head;
  }
  return { text, head };
};
const sample = [event('given', 1000), event('withdrawn', 2000)];

test('a ledger is read back as it was written', () => {
  const { text, head } = ledgerOf(sample);
  assert.deepEqual(verifyLedger(text, verifier, head), { ok: true, value: { events: sample, head } });
  assert.deepEqual(verifyLedger('', verifier), { ok: true, value: { events: [], head: emptyLedger } });
});

test('every flipped bit is found', () => {
  const { text } = ledgerOf(sample);
  const bytes = utf8(text);
  const unseen: number[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const changed = fromUtf8(bytes);
    if (changed !== undefined && verifyLedger(changed, verifier).ok) unseen.push(bit);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  assert.deepEqual(unseen, []);
  assert.ok(bytes.length > 1000 && verifyLedger(text, verifier).ok);
});

test('mutated ledgers never throw, and only whole beginnings of the ledger are believed', () => {
  const { text } = ledgerOf(sample);
  const beginnings = new Set(['', text.slice(0, text.indexOf('\n') + 1), text]);
  const random = randomOf(27_560);
  const fragments = ['\n', '{', '}', '"', '[', ',', '\ud800', '"at":', 'null', '9e999', '__proto__', '\\u0041'];
  const codes = new Set<string>();
  for (let run = 0; run < 5000; run += 1) {
    const changed = mutant(random, [text], fragments);
    const read = verifyLedger(changed, verifier);
    codes.add(read.ok ? 'ok' : read.code);
    if (read.ok) assert.ok(beginnings.has(changed), changed);
  }
  assert.ok(codes.has('consent.malformed') && codes.has('consent.signature'), [...codes].join());
});

test('lines that are missing, swapped, doubled or foreign are found; a missing tail only against a head', () => {
  const { text, head } = ledgerOf([...sample, event('given', 3000)]);
  const [first = '', second = '', third = ''] = text.split('\n');
  const codeOf = (lines: readonly string[], expected?: LedgerHead) => {
    const read = verifyLedger(lines.map((line) => `${line}\n`).join(''), verifier, expected);
    return read.ok ? 'ok' : read.code;
  };
  assert.equal(codeOf([first, third]), 'consent.chain');
  assert.equal(codeOf([second, first, third]), 'consent.chain');
  assert.equal(codeOf([first, first]), 'consent.chain');
  assert.equal(codeOf([first, second]), 'ok');
  assert.equal(codeOf([first, second], head), 'consent.head');
  assert.equal(codeOf([first, second, `${third} `]), 'consent.malformed');
  assert.equal(codeOf([first.replace('consent-1', 'consent-2')]), 'consent.malformed');
  assert.equal(codeOf([first.replace('"key":"consent-1"', '"key":"consent-2"')]), 'consent.signature');
});

test('a ledger whose clock runs backwards, and an event of another form, are refused', () => {
  const read = verifyLedger(ledgerOf([event('given', 2000), event('withdrawn', 1000)]).text, verifier);
  assert.equal(read.ok ? 'ok' : read.code, 'consent.backwards');
  for (const wrong of [
    { notice: { id: 'n', hash: 'short', language: 'zh' } },
    { purposes: [] },
    { more: 1 },
    { at: -1 },
  ]) {
    const added = appendConsent(emptyLedger, event('given', 1, wrong as Partial<ConsentEvent>), signer);
    assert.equal(added.ok ? 'ok' : added.code, 'consent.malformed');
  }
});

test('the decision gives the reason', () => {
  const context = { now: epochMs(5000), noticeHash };
  const ask = (
    events: readonly ConsentEvent[],
    item = 'precise-location',
    scene = 'branch-finder',
    now: EpochMs = context.now,
  ) => mayCollect(item, scene, consentOf(events, 'p-7f3a'), { ...context, now }).reason;
  const given = event('given', 1000);
  assert.equal(ask([]), 'before-consent');
  assert.equal(ask([given]), 'granted');
  assert.equal(ask([given], 'coarse-location'), 'not-granted');
  assert.equal(ask([given], 'contacts'), 'beyond-scene');
  assert.equal(ask([given], 'shoe-size'), 'unknown-item');
  assert.equal(ask([given], 'contacts', 'toString'), 'unknown-scene');
  assert.equal(ask([given, event('withdrawn', 2000)]), 'withdrawn');
  assert.equal(ask([event('refused', 1000)]), 'refused');
  assert.equal(ask([event('refused', 1000), event('given', 2000)]), 'granted');
  assert.equal(ask([event('given', 1000, { principal: 'p-other' })]), 'before-consent');
  assert.equal(ask([event('given', 1000, { expiresAt: epochMs(5000) })]), 'expired');
  assert.equal(
    ask([event('given', 1000, { notice: { id: 'n', hash: 'o'.repeat(43), language: 'zh' } })]),
    'notice-changed',
  );
  assert.equal(ask([event('given', 1000, { purposes: [{ ...location, method: 'general' }] })]), 'not-explicit');
  assert.equal(ask([], 'device-profile', 'operation'), 'necessary');
  assert.deepEqual(mayCollect('contacts', 'branch-finder', consentOf([given], 'p-7f3a'), context).clauses, [
    'order-191:4.1',
    'gbt-41391:6.1',
    'gdpr:5(1)(c)',
  ]);
});

test('the export says what was decided, and its instants agree with the platform', () => {
  const graph = (exportConsent(sample) as { '@graph': Record<string, unknown>[] })['@graph'];
  assert.deepEqual(
    graph.map((entry) => entry['dpv:hasConsentStatus']),
    ['dpv:ConsentGiven', 'dpv:ConsentWithdrawn'],
  );
  assert.equal(graph[0]?.['dct:created'], '1970-01-01T00:00:01.000Z');
  for (let at = 0; at < 253_402_300_800_000; at += 86_400_000 * 29 + 12_345_678)
    assert.equal(instantText(at), new Date(at).toISOString());
});
