/** Lists of numbers from their publisher to the gateway: signed, never older than what stands, taken over whole or not at all. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { publishersIn, readFeed, signFeed, withHead } from '../src/binding/signed-feed.ts';
import { importFeed } from '../src/commands/binding-feed.ts';
import { codeOf, ok } from './binding-kit.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-feeds-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text?: string): string => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};
const now = epochMs(Date.parse('2026-11-21T00:00:00Z'));
const pair = (type: 'ec' | 'ed25519') => {
  const { publicKey, privateKey } =
    type === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return {
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};
const [ours, theirs] = [pair('ec'), pair('ed25519')];
const publishers = publishersIn(file('publishers.pem', `${ours.publicPem}${theirs.publicPem}`));
const list = 'as-of,2026-11-20T00:00:00Z,count,1\n+919811111111';

test('a list counts when a publisher signed it, as this list and as it is', () => {
  for (const { privatePem } of [ours, theirs]) {
    const signed = signFeed(list, 'revoked', privatePem);
    assert.equal(ok(readFeed(Buffer.from(signed), 'revoked', publishers, now)).entries.size, 1);
    const bent = [
      list,
      signed.replace('+919811111111', '+919811111112'),
      signed.replace('2026-11-20', '2026-11-21'),
      signed.replace(/signature,./, 'signature,_'),
      `${signed.trimEnd()}A\n`,
      signFeed(list, 'revoked', pair('ec').privatePem),
      // Signed as the other list.
      signFeed(list, 'risk', privatePem),
    ];
    for (const text of bent)
      assert.equal(codeOf(readFeed(Buffer.from(text), 'revoked', publishers, now)), 'feed.signature', text);
  }
  assert.equal(
    ok(readFeed(Buffer.from(list), 'revoked', [], now)).entries.size,
    1,
    'where nobody is named, none is asked for',
  );
  assert.throws(() => publishersIn(file('empty.pem', 'nothing')), /no public key/);
});

test('an older list never takes the place of a newer one, and none comes from the future', () => {
  const present = ok(readFeed(Buffer.from(list), 'revoked', [], now));
  const dated = (date: string) => Buffer.from(list.replace('2026-11-20', date));
  assert.equal(codeOf(readFeed(dated('2026-11-19'), 'revoked', [], now, present)), 'feed.rollback');
  assert.equal(codeOf(readFeed(dated('2026-11-22'), 'revoked', [], now, present)), 'feed.future');
  assert.equal(codeOf(readFeed(dated('2026-11-20'), 'revoked', [], now, present)), 'accepted');
});

test('no octets make a reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isSigned) => {
      const text = isSigned ? Buffer.concat([Buffer.from(list), bytes, Buffer.from('\nsignature,AAAA')]) : bytes;
      const read = readFeed(text, 'revoked', publishers, now);
      assert.ok(!read.ok);
    }),
    { numRuns: 300 },
  );
});

test('plain lists as authorities hand them out become one with a head', () => {
  const plain = 'MOBILE NUMBER\r\n9811111111\n09822222222\n919833333333\n+91 98444-44444\n';
  const head = { asOf: '2026-11-20T00:00:00Z', countryCode: '91' };
  const read = ok(readFeed(Buffer.from(withHead(plain, head)), 'revoked', [], now));
  assert.deepEqual([...read.entries.keys()], ['+919811111111', '+919822222222', '+919833333333', '+919844444444']);
  const bands = ok(readFeed(Buffer.from(withHead('9811111111;Very High\n9822222222;medium', head)), 'risk', [], now));
  assert.deepEqual([...bands.entries.values()], ['very-high', 'medium']);
  assert.equal(codeOf(readFeed(Buffer.from(withHead('9811111111\nhello', head)), 'revoked', [], now)), 'feed.entry');
});

test('the command writes a list that the gateway reads, signs it, and leaves what stands when it refuses', () => {
  const to = join(folder, 'revoked.csv');
  const plain = file('mnrl.csv', '9811111111\n9822222222\n');
  const key = file('key.pem', ours.privatePem);
  const publisher = join(folder, 'publishers.pem');
  const asOf = { 'as-of': '2026-11-20T00:00:00Z', 'country-code': '91' };
  const { json, text } = importFeed(['import', plain], { list: 'revoked', to, key, ...asOf });
  assert.equal((json as { readonly entries: number }).entries, 2);
  assert.match(text, /2 numbers as of 2026-11-20/);
  const kept = readFileSync(to, 'utf8');
  assert.equal(ok(readFeed(Buffer.from(kept), 'revoked', publishers, now)).entries.size, 2);
  // What came signed is taken over as it is.
  const copy = join(folder, 'copy.csv');
  importFeed(['import', to], { list: 'revoked', to: copy, publisher });
  assert.equal(readFileSync(copy, 'utf8'), kept);
  const older = file('older.csv', list.replace('2026-11-20', '2026-11-01'));
  assert.throws(() => importFeed(['import', older], { list: 'revoked', to }), /feed\.rollback.*as it was/);
  assert.throws(() => importFeed(['import', older], { list: 'revoked', to: copy, publisher }), /feed\.signature/);
  assert.throws(() => importFeed(['import', plain], { list: 'revoked', to }), /feed\.no-date/);
  assert.equal(readFileSync(to, 'utf8'), kept);
  for (const values of [{ list: 'other', to }, { list: 'revoked' }])
    assert.throws(() => importFeed(['import', plain], values), /UsageError|--/);
});
