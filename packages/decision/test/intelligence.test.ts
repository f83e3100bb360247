import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  bundleOf,
  clusterObjects,
  entityKey,
  entityObject,
  IndicatorBook,
  instantOf,
  matchesPattern,
  readBundle,
  readEnvelope,
  readIndicator,
  readPattern,
  readStixObject,
  type SeenAtOnce,
  type SharedCluster,
  type StixObject,
  stixTime,
} from '@hauberk/decision';
import type { JsonValue } from '@hauberk/primitives';
import fc from 'fast-check';

const digests = { sha1: (input: Uint8Array) => new Uint8Array(createHash('sha1').update(input).digest()) };
const now = Date.UTC(2026, 10, 21, 12);
const day = 86_400_000;

const indicator = (pattern: string, more: Readonly<Record<string, JsonValue>> = {}): StixObject => ({
  type: 'indicator',
  spec_version: '2.1',
  id: `indicator--${randomUUID()}`,
  created: stixTime(now - day),
  modified: stixTime(now - day),
  pattern,
  pattern_type: 'stix',
  valid_from: stixTime(now - day),
  confidence: 80,
  ...more,
});

const cluster: SharedCluster = {
  id: 'c1',
  score: 0.93,
  firstMs: now - 5 * day,
  lastMs: now,
  count: 41,
  entities: [
    { kind: 'device', digest: 'ab'.repeat(32), scheme: 'bank-a:bank-b:2026' },
    { kind: 'phone', digest: 'cd'.repeat(32), scheme: 'bank-a:bank-b:2026' },
  ],
  evidence: ['network', 'power'],
};
const sharer = { id: '0123456789abcdef0123456789abcdef', name: 'Bank A', sinceMs: now - 400 * day };
const share = { sharer, tlp: 'amber', nowMs: now, lifeMs: 30 * day } as const;

describe('instants', () => {
  it('are those of Date, and come back as they were', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (at) => {
        assert.equal(stixTime(at), new Date(at).toISOString());
        assert.equal(instantOf(stixTime(at)), at);
      }),
    );
  });

  it('are refused where the calendar has none', () => {
    for (const text of [
      '2026-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01 00:00:00Z',
      '2026-01-01T00:00:00',
      '2026-01-01T00:00:00+01:00',
      '',
    ])
      assert.equal(instantOf(text), undefined, text);
    assert.equal(instantOf('2028-02-29T00:00:00Z'), Date.UTC(2028, 1, 29));
  });
});

describe('objects', () => {
  it('what is told of a cluster holds the rules, one by one and as a bundle', () => {
    for (const isRevoked of [false, true]) {
      const objects = clusterObjects(digests, cluster, { ...share, isRevoked });
      for (const object of objects) {
        const read = readStixObject(object);
        assert.ok(read.ok, `${object.type}: ${read.ok ? '' : `${read.code} ${read.detail}`}`);
      }
      const read = readBundle(JSON.stringify(bundleOf(randomUUID(), objects)));
      assert.ok(read.ok && read.value.refused.length === 0);
      assert.equal(read.ok && read.value.objects.length, objects.length);
      // Every reference inside the bundle can be followed there.
      const ids = new Set(objects.map(({ id }) => id));
      for (const object of objects)
        for (const [name, value] of Object.entries(object))
          if (/_refs?$/.test(name))
            for (const id of [value].flat()) assert.ok(ids.has(id as string), `${object.type}.${name}`);
    }
  });

  it('what is told again is a newer version of the same', () => {
    const [first, again] = [now, now + day].map((nowMs) => clusterObjects(digests, cluster, { ...share, nowMs }));
    assert.deepEqual(
      first?.map(({ id }) => id),
      again?.map(({ id }) => id),
    );
  });

  it('the same entity under the same key is the same object, under another key another one', () => {
    const [entity] = cluster.entities;
    assert.ok(entity !== undefined);
    assert.equal(entityObject(digests, entity).id, entityObject(digests, { ...entity }).id);
    assert.notEqual(entityObject(digests, entity).id, entityObject(digests, { ...entity, scheme: 'other' }).id);
  });

  const broken: readonly (readonly [string, string, Readonly<Record<string, JsonValue>>])[] = [
    ['another type than its id', 'stix.id', { id: `malware--${randomUUID()}` }],
    ['no id', 'stix.id', { id: 'indicator--1' }],
    ['2.0', 'stix.member', { spec_version: '2.0' }],
    ['no pattern', 'stix.missing', { pattern: undefined as unknown as JsonValue }],
    ['a pattern that is a number', 'stix.member', { pattern: 3 }],
    ['an empty list', 'stix.member', { labels: [] }],
    ['a member with capitals', 'stix.member', { Name2: 'x' }],
    ['confidence over 100', 'stix.member', { confidence: 101 }],
    ['modified before created', 'stix.order', { modified: stixTime(now - 2 * day) }],
    ['valid no longer than it begins', 'stix.order', { valid_until: stixTime(now - day) }],
    ['created to the second', 'stix.member', { created: '2026-01-01T00:00:00Z' }],
    ['an author that is no identity', 'stix.member', { created_by_ref: `malware--${randomUUID()}` }],
    ['a reference that names nothing', 'stix.member', { external_references: [{ source_name: 'x' }] }],
    [
      'an extension without its kind',
      'stix.extension',
      { extensions: { [`extension-definition--${randomUUID()}`]: {} } },
    ],
    ['null', 'stix.member', { name: null }],
  ];
  for (const [name, code, change] of broken)
    it(`refuses ${name}`, () => {
      const object = JSON.parse(JSON.stringify({ ...indicator("[domain-name:value = 'a.example']"), ...change }));
      const read = readStixObject(object);
      assert.equal(read.ok ? 'accepted' : read.code, code);
    });

  it('refuses a type that no extension brings, and one object spoils none of the others', () => {
    const strange = { type: 'made-up', id: `made-up--${randomUUID()}`, spec_version: '2.1' };
    const good = indicator("[domain-name:value = 'a.example']");
    const read = readEnvelope(JSON.stringify({ more: true, next: 'n', objects: [strange, good] }));
    assert.ok(read.ok && read.value.hasMore && read.value.next === 'n');
    assert.deepEqual(read.ok && read.value.refused.map(({ code }) => code), ['stix.extension']);
    assert.equal(read.ok && read.value.objects.length, 1);
  });

  it('whatever text comes, there is an answer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        readBundle(text);
        readEnvelope(text);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        readStixObject(value as JsonValue);
        readStixObject({ ...indicator('x'), extensions: value as JsonValue, objects: value as JsonValue });
      }),
    );
  });
});

describe('patterns', () => {
  const good = [
    "[ipv4-addr:value = '198.51.100.1/32']",
    "[file:hashes.'SHA-256' = 'aa' AND file:name = 'x']",
    "[a:b = 'x'] AND [a:b = 'y']",
    "([a:b = 'x'] FOLLOWEDBY [a:b = 'y']) WITHIN 300 SECONDS",
    "[a:b NOT IN ('x', 'y')] REPEATS 3 TIMES",
    '[a:b > 5 AND a:c <= 2.5]',
    "[a:b = t'2026-01-01T00:00:00Z'] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'",
    '[EXISTS a:b.c[*].d]',
    "[a:b[0].'x-y' = h'0aff']",
    "[a:b ISSUBSET '198.51.100.0/24'] OR [a:b ISSUPERSET '198.51.100.0/24']",
    "[a:b LIKE 'x%' OR c:d MATCHES '^x']",
    "[a:b = 'it\\'s'] // a remark",
    '[a:b = true]',
    "[a:b NOT = 'x']",
  ];
  for (const text of good)
    it(`reads ${text}`, () => {
      const read = readPattern(text);
      assert.ok(read.ok, read.ok ? '' : `${read.code}: ${read.detail}`);
    });

  const bad = [
    '',
    '[]',
    "[a = 'x']",
    "[a:b = 'x'",
    "a:b = 'x'",
    '[a:b == ]',
    "[a:b = 'x' AND c:d = 'y']",
    "[a:b = 'x'] AND",
    "[a:b = 'x'] WITHIN SECONDS",
    "[a:b = 'x'] WITHIN 0 SECONDS",
    "[a:b = 'x'] REPEATS 1.5 TIMES",
    "[a:b = 'x'] START t'2026-01-02T00:00:00Z' STOP t'2026-01-01T00:00:00Z'",
    '[a:b > true]',
    '[a:b LIKE 5]',
    '[a:b IN ()]',
    "[a:b = t'2026-02-30T00:00:00Z']",
    '[a:b = "x"]',
    "[a:b = 'x\\n']",
    `${'('.repeat(60)}[a:b = 'x']${')'.repeat(60)}`,
    `[a:b = '${'x'.repeat(20_000)}']`,
  ];
  for (const text of bad)
    it(`refuses ${text.slice(0, 60)}`, () => {
      assert.equal(readPattern(text).ok, false);
    });

  it('whatever text comes, there is an answer', () => {
    const word = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      'a:b',
      '=',
      "'x'",
      'AND',
      'OR',
      'NOT',
      'IN',
      '5',
      't',
      '*',
      '.',
      ' ',
    );
    fc.assert(fc.property(fc.array(word, { maxLength: 40 }), (words) => void readPattern(words.join(''))));
    fc.assert(fc.property(fc.string(), (text) => void readPattern(text)));
  });

  const seen = (at: number, ...objects: Readonly<Record<string, JsonValue>>[]): SeenAtOnce => ({
    firstMs: now + at * 1000,
    lastMs: now + at * 1000,
    objects,
  });
  const address = (value: string) => ({ type: 'ipv4-addr', value });
  const file = (name: string, size: number) => ({ type: 'file', name, size, hashes: { 'SHA-256': 'aa' } });

  const cases: readonly (readonly [string, readonly SeenAtOnce[], boolean])[] = [
    ["[ipv4-addr:value = '198.51.100.7']", [seen(0, address('198.51.100.7'))], true],
    ["[ipv4-addr:value ISSUBSET '198.51.100.0/24']", [seen(0, address('198.51.100.7'))], true],
    ["[ipv4-addr:value ISSUBSET '198.51.101.0/24']", [seen(0, address('198.51.100.7'))], false],
    ["[ipv4-addr:value NOT ISSUBSET '198.51.101.0/24']", [seen(0, address('198.51.100.7'))], true],
    ["[file:name NOT = 'a']", [seen(0, address('198.51.100.7'))], false],
    ["[file:hashes.'SHA-256' = 'aa' AND file:size > 5]", [seen(0, file('a', 6))], true],
    ["[file:name = 'a' AND file:size > 5]", [seen(0, file('a', 3), file('b', 9))], false],
    ["[file:name LIKE 'a%z']", [seen(0, file('abcz', 1))], true],
    ["[file:name LIKE 'a_z']", [seen(0, file('abcz', 1))], false],
    ["[file:name = 'a'] AND [file:name = 'a']", [seen(0, file('a', 1))], false],
    ["[file:name = 'a'] AND [file:name = 'a']", [seen(0, file('a', 1)), seen(9, file('a', 1))], true],
    ["[file:name = 'a'] FOLLOWEDBY [file:name = 'b']", [seen(5, file('a', 1)), seen(1, file('b', 1))], false],
    [
      "([file:name = 'a'] FOLLOWEDBY [file:name = 'b']) WITHIN 10 SECONDS",
      [seen(0, file('a', 1)), seen(20, file('b', 1))],
      false,
    ],
    [
      "([file:name = 'a'] FOLLOWEDBY [file:name = 'b']) WITHIN 10 SECONDS",
      [seen(0, file('a', 1)), seen(9, file('b', 1))],
      true,
    ],
    ["[file:name = 'a'] REPEATS 3 TIMES WITHIN 10 SECONDS", [0, 20, 40].map((at) => seen(at, file('a', 1))), false],
    ["[file:name = 'a'] REPEATS 3 TIMES WITHIN 10 SECONDS", [0, 4, 8, 40].map((at) => seen(at, file('a', 1))), true],
  ];
  for (const [text, observations, expected] of cases)
    it(`${text} is ${expected} of ${observations.length}`, () => {
      const pattern = readPattern(text);
      assert.ok(pattern.ok);
      const said = matchesPattern(pattern.value, observations);
      assert.ok(said.ok);
      assert.equal(said.value, expected);
    });

  it('expressions of strangers are not run, and bindings without bound are not counted', () => {
    const one = readPattern("[file:name MATCHES '(a+)+$']");
    assert.ok(one.ok);
    const said = matchesPattern(one.value, [seen(0, file('aaaa!', 1))]);
    assert.equal(said.ok ? '' : said.code, 'pattern.no-matches');
    const many = readPattern('[file:size > 0] AND [file:size > 0] AND [file:size > 0]');
    assert.ok(many.ok);
    const flood = matchesPattern(
      many.value,
      Array.from({ length: 200 }, (_, at) => seen(at, file('a', 1))),
    );
    assert.equal(flood.ok ? '' : flood.code, 'pattern.too-many');
  });
});

describe('indicators', () => {
  const book = () => new IndicatorBook({ most: 100, least: 20 });

  it('find addresses in networks, IPv6 and mapped ones too', () => {
    const held = book();
    held.take(indicator("[ipv4-addr:value = '198.51.100.0/24']"), 'partner');
    held.take(indicator("[ipv6-addr:value ISSUBSET '2001:db8::/32']"), 'partner');
    const found = (address: string) => held.matchAddress(address, now).length;
    assert.deepEqual(
      ['198.51.100.9', '::ffff:198.51.100.9', '198.51.101.9', '2001:db8:5::1', '2001:db9::1', 'nonsense'].map(found),
      [1, 1, 0, 1, 0, 0],
    );
  });

  it('find entities that a partner told of', () => {
    const held = book();
    const told = clusterObjects(digests, cluster, share).find(({ type }) => type === 'indicator');
    assert.ok(told !== undefined);
    assert.equal(held.take(told, 'partner'), 'new');
    const { kind, scheme, digest } = cluster.entities[0] as (typeof cluster.entities)[number];
    assert.equal(held.match({ kind: 'entity', key: entityKey(kind, scheme, digest) }, now).length, 1);
    assert.equal(held.match({ kind: 'entity', key: entityKey(kind, 'other', digest) }, now).length, 0);
  });

  it('newest version counts, in whatever order they come; revoked is revoked', () => {
    const first = indicator("[domain-name:value = 'a.example']");
    const revoked = { ...first, modified: stixTime(now), revoked: true };
    const inOrder = book();
    assert.deepEqual(
      [inOrder.take(first, 'p'), inOrder.take(revoked, 'p'), inOrder.take(first, 'p')],
      ['new', 'revoked', 'older'],
    );
    const reversed = book();
    assert.deepEqual([reversed.take(revoked, 'p'), reversed.take(first, 'p')], ['revoked', 'older']);
    for (const held of [inOrder, reversed]) assert.deepEqual(held.match({ kind: 'domain', key: 'a.example' }, now), []);
  });

  it('one source cannot change what another told', () => {
    const held = book();
    const first = indicator("[domain-name:value = 'a.example']");
    held.take(first, 'p');
    assert.equal(held.take({ ...first, modified: stixTime(now), revoked: true }, 'q'), 'older');
    assert.equal(held.match({ kind: 'domain', key: 'a.example' }, now).length, 1);
  });

  it('confidence halves with age, and ends', () => {
    const held = book();
    held.take(indicator("[ipv4-addr:value = '198.51.100.9']"), 'p');
    const at = (days: number) => held.matchAddress('198.51.100.9', now - day + days * day)[0]?.confidence;
    assert.deepEqual([at(0), at(7), at(14), at(15)], [80, 40, 20, undefined]);
    assert.equal(held.sweep(now + 20 * day), 1);
    assert.equal(held.size, 0);
  });

  it('full is told, and bounded', () => {
    const held = new IndicatorBook({ most: 2, least: 0 });
    for (let each = 0; each < 5; each += 1) held.take(indicator(`[domain-name:value = '${each}.example']`), 'p');
    assert.equal(held.size, 2);
    assert.equal(held.full, 3);
  });

  it('what the request path cannot look for is told apart', () => {
    const codes = [
      "[domain-name:value LIKE '%.example']",
      "[domain-name:value = 'a'] FOLLOWEDBY [domain-name:value = 'b']",
      "[process:name = 'x']",
      "[domain-name:value NOT = 'a']",
      'nonsense',
    ].map((pattern) => {
      const read = readIndicator(indicator(pattern));
      return read.ok ? 'accepted' : read.code;
    });
    assert.deepEqual(codes, [...Array.from({ length: 4 }, () => 'indicator.not-in-path'), 'pattern.syntax']);
    const yara = readIndicator(indicator('rule x {}', { pattern_type: 'yara' }));
    assert.equal(yara.ok ? '' : yara.code, 'indicator.language');
  });
});
