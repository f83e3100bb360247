/** Who a device is taken for: order of evidence, intervals of aliases, twins in place of doubtful merges, merges and splits that can be undone. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { aliasSays, holdAt, newAlias, seeAlias, sourceConfidence } from '../src/identity/alias-map.ts';
import {
  type AliasRecord,
  aliasRowId,
  collisionClassOf,
  type IdentityRecord,
  identityBounds,
  isAliasSource,
  newIdentity,
  type Observation,
  type SourceRecord,
} from '../src/identity/identity-words.ts';
import {
  type ChangeBy,
  canonicalIdentity,
  type IdentityChange,
  mergeIdentities,
  splitIdentity,
  undoChange,
} from '../src/identity/merge.ts';
import { type AttributeVerdict, type Known, resolveIdentity } from '../src/identity/resolve.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const nobody: AttributeVerdict = { kind: 'none' };

const sight = (rest: Partial<Observation>): Observation => ({
  atMs: start,
  aliases: [],
  attributes: {},
  collision: 'distinct',
  ...rest,
});
const alias = (digest: string, source = 'vendor') => ({ source, digest });

/** A record in memory: resolves and remembers. */
class Book {
  readonly identities = new Map<string, IdentityRecord>();
  readonly aliases = new Map<string, AliasRecord>();
  readonly sources = new Map<string, SourceRecord>();
  #next = 0;

  resolve(observation: Observation, link = nobody) {
    this.#next += 1;
    const known: Known = {
      aliases: this.aliases,
      sources: this.sources,
      identities: new Map(
        [...this.identities.keys()].map((id) => [
          id,
          canonicalIdentity(id, (each) => this.identities.get(each)) as IdentityRecord,
        ]),
      ),
      link,
      fresh: observation.device ?? `fresh-${this.#next}`,
    };
    const resolution = resolveIdentity(observation, known);
    this.identities.set(resolution.identity.id, resolution.identity);
    for (const each of resolution.aliases) this.aliases.set(aliasRowId(each), each);
    for (const [name, source] of resolution.sources) this.sources.set(name, source);
    return resolution;
  }

  aliasesOf(id: string): AliasRecord[] {
    return [...this.aliases.values()].filter((each) =>
      (this.identities.get(id) as IdentityRecord).aliases.includes(aliasRowId(each)),
    );
  }

  write({ identities, aliases }: IdentityChange): void {
    for (const each of identities) this.identities.set(each.id, each);
    for (const each of aliases) this.aliases.set(aliasRowId(each), each);
  }

  get(id: string): IdentityRecord {
    return this.identities.get(id) as IdentityRecord;
  }
}

const by = (event: string, atMs = start + 10 * day): ChangeBy => ({
  event,
  actor: 'ann',
  reason: 'looked at it',
  atMs,
});

test('identity: a key is certain, then the token, then aliases, then attributes; otherwise it is somebody new', () => {
  const book = new Book();
  const enrolled = book.resolve(sight({ device: 'dev-1', aliases: [alias('a')] }));
  assert.deepEqual([enrolled.identity.id, enrolled.by, enrolled.confidence, enrolled.isNew], ['dev-1', 'key', 1, true]);
  assert.equal(book.resolve(sight({ device: 'dev-1' })).by, 'key');
  const token = book.resolve(sight({ token: 'dev-1', aliases: [alias('b')] }));
  assert.deepEqual([token.identity.id, token.by], ['dev-1', 'token']);
  const seen = book.resolve(sight({ aliases: [alias('b')] }));
  assert.deepEqual([seen.identity.id, seen.by, seen.isNew], ['dev-1', 'alias', false]);
  assert.ok(seen.confidence > 0.7 && seen.confidence < 1);
  const linked = book.resolve(sight({ attributes: { model: '1' } }), { kind: 'same', identity: 'dev-1', bits: 30 });
  assert.deepEqual([linked.identity.id, linked.by], ['dev-1', 'link']);
  const fresh = book.resolve(sight({ aliases: [alias('z')] }));
  assert.deepEqual([fresh.by, fresh.isNew, fresh.confidence, fresh.twin], ['new', true, 0, undefined]);
  assert.equal(book.resolve(sight({ token: 'forged' })).by, 'new');
});

test('identity: many aliases mean one identity, each from its first sight on; when one moves, the past keeps its meaning', () => {
  const book = new Book();
  book.resolve(sight({ device: 'one', aliases: [alias('x'), alias('y', 'other')] }));
  book.resolve(sight({ device: 'two', aliases: [alias('x')], atMs: start + day }));
  const x = book.aliases.get('vendor:x') as AliasRecord;
  assert.deepEqual(
    [start - 1, start, start + day - 1, start + day, start + 9 * day].map((at) => holdAt(x, at)?.identity),
    [undefined, 'one', 'one', 'two', 'two'],
  );
  const late = seeAlias(x, 'one', start + day / 2, 'key');
  assert.equal(late.holds[0]?.seen, 2);
  assert.equal(seeAlias(x, 'two', start + day / 2, 'key'), x, 'the past is not rewritten');
  const source = book.sources.get('vendor') as SourceRecord;
  assert.deepEqual(source, { agreed: 0, disagreed: 1 });
  assert.ok(sourceConfidence(source) < sourceConfidence({ agreed: 0, disagreed: 0 }));
});

test('identity: an alias that goes to and fro means nobody, and never brings two devices together', () => {
  const book = new Book();
  for (let turn = 0; turn < 6; turn += 1)
    book.resolve(sight({ device: turn % 2 === 0 ? 'one' : 'two', aliases: [alias('x')], atMs: start + turn * day }));
  const x = book.aliases.get('vendor:x') as AliasRecord;
  assert.ok(x.isShared);
  assert.equal(aliasSays(x, { agreed: 9, disagreed: 0 }, start + 7 * day), undefined);
  const lone = book.resolve(sight({ aliases: [alias('x')], atMs: start + 8 * day }));
  assert.deepEqual([lone.by, lone.conflicts], ['new', ['vendor:x']]);
});

test('identity: aliases that mean two identities decide nothing: a new one with a twin edge', () => {
  const book = new Book();
  book.resolve(sight({ device: 'one', aliases: [alias('x')] }));
  book.resolve(sight({ device: 'two', aliases: [alias('y', 'other')] }));
  const torn = book.resolve(sight({ aliases: [alias('x'), alias('y', 'other')], atMs: start + day }));
  assert.deepEqual([torn.by, torn.isNew], ['new', true]);
  assert.ok(torn.twin !== undefined && ['one', 'two'].includes(torn.twin.identity) && torn.twin.bits > 0);
  assert.equal(torn.conflicts.length, 2);
  const doubtful = book.resolve(sight({}), { kind: 'twin', identity: 'two', bits: 4.04 });
  assert.deepEqual([doubtful.isNew, doubtful.twin?.identity, doubtful.twin?.bits], [true, 'two', 4]);
});

test('identity: an alias on a phone of another model has moved; a link that an alias contradicts is none', () => {
  const book = new Book();
  const attributes = { model: 'a', screen: 's', memory: '8' };
  book.resolve(sight({ device: 'one', aliases: [alias('x')], attributes }));
  book.resolve(sight({ device: 'two' }));
  const moved = book.resolve(sight({ aliases: [alias('x')], attributes: { model: 'b', screen: 't', memory: '8' } }));
  assert.deepEqual([moved.by, moved.twin?.identity], ['new', 'one']);
  const book2 = new Book();
  book2.resolve(sight({ device: 'one', aliases: [alias('x')], attributes }));
  book2.resolve(sight({ device: 'two' }));
  const linked = book2.resolve(sight({ aliases: [alias('x')], attributes: { model: 'b', screen: 't' } }), {
    kind: 'same',
    identity: 'two',
    bits: 40,
  });
  assert.deepEqual([linked.by, linked.twin?.identity], ['new', 'two']);
});

test('identity: a merge moves aliases and points; undoing gives back what it moved, and only that', () => {
  const book = new Book();
  book.resolve(sight({ device: 'one', aliases: [alias('x')] }));
  book.resolve(sight({ device: 'two', aliases: [alias('y'), alias('z')] }));
  const merged = mergeIdentities(book.get('one'), book.get('two'), book.aliasesOf('two'), by('e1'));
  assert.ok(merged.ok);
  book.write(merged.value);
  assert.equal(canonicalIdentity('two', (id) => book.identities.get(id))?.id, 'one');
  assert.equal(book.resolve(sight({ aliases: [alias('y')], atMs: start + 11 * day })).identity.id, 'one');
  assert.equal(
    book.resolve(sight({ device: 'two', atMs: start + 11 * day })).identity.id,
    'one',
    'a key of the merged one means the other',
  );
  book.resolve(sight({ token: 'one', aliases: [alias('new')], atMs: start + 12 * day }));
  assert.deepEqual([...book.get('one').aliases].sort(), ['vendor:new', 'vendor:x', 'vendor:y', 'vendor:z']);
  const again = mergeIdentities(book.get('one'), book.get('two'), [], by('e2'));
  assert.equal(again.ok ? '' : again.code, 'identity-merged');

  const [event] = merged.value.events;
  assert.ok(event);
  const undone = undoChange(event, book.get('one'), book.get('two'), book.aliasesOf('one'), by('e3', start + 13 * day));
  assert.ok(undone.ok);
  book.write(undone.value);
  assert.deepEqual(book.get('one').aliases, ['vendor:x', 'vendor:new']);
  assert.deepEqual([...book.get('two').aliases].sort(), ['vendor:y', 'vendor:z']);
  assert.equal(book.get('two').mergedInto, null);
  assert.equal(book.resolve(sight({ aliases: [alias('z')], atMs: start + 14 * day })).identity.id, 'two');
  assert.deepEqual([undone.value.events[0]?.undoes, undone.value.events[1]?.undoneBy], ['e1', 'e3']);
  const twice = undoChange({ ...event, undoneBy: 'e3' }, book.get('one'), book.get('two'), [], by('e4'));
  assert.equal(twice.ok ? '' : twice.code, 'identity-undone');
  assert.deepEqual(book.get('two').events, ['e1', 'e3']);
});

test('identity: a split takes aliases out, undoing brings them home', () => {
  const book = new Book();
  book.resolve(sight({ device: 'one', aliases: [alias('x'), alias('y')] }));
  const taken = book.aliasesOf('one').filter(({ digest }) => digest === 'y');
  const split = splitIdentity(book.get('one'), 'made', taken, by('s1'));
  assert.ok(split.ok);
  book.write(split.value);
  assert.equal(book.resolve(sight({ aliases: [alias('y')], atMs: start + 11 * day })).identity.id, 'made');
  assert.equal(book.resolve(sight({ aliases: [alias('x')], atMs: start + 11 * day })).identity.id, 'one');
  const [event] = split.value.events;
  assert.ok(event);
  const undone = undoChange(
    event,
    book.get('one'),
    book.get('made'),
    book.aliasesOf('made'),
    by('s2', start + 12 * day),
  );
  assert.ok(undone.ok);
  book.write(undone.value);
  assert.equal(book.resolve(sight({ aliases: [alias('y')], atMs: start + 13 * day })).identity.id, 'one');
  assert.equal(book.get('made').mergedInto, 'one');
  const codeOf = (result: ReturnType<typeof splitIdentity>): string => (result.ok ? 'ok' : result.code);
  assert.equal(codeOf(splitIdentity(book.get('one'), 'other', [], by('s3'))), 'identity-alias');
  assert.equal(codeOf(splitIdentity(book.get('made'), 'other', taken, by('s3'))), 'identity-merged');
  assert.equal(
    codeOf(undoChange({ ...event, kind: 'undo' }, book.get('one'), book.get('made'), [], by('s4'))),
    'identity-event',
  );
});

test('identity: what nobody has looked at never merges a uniform class, and nobody merges with himself', () => {
  const uniform = newIdentity('ios', sight({ collision: 'uniform' }));
  const plain = newIdentity('android', sight({}));
  const codeOf = (result: ReturnType<typeof mergeIdentities>): string => (result.ok ? 'ok' : result.code);
  assert.equal(codeOf(mergeIdentities(plain, uniform, [], { ...by('e'), isAutomatic: true })), 'identity-uniform');
  assert.equal(codeOf(mergeIdentities(plain, uniform, [], by('e'))), 'ok');
  assert.equal(codeOf(mergeIdentities(plain, plain, [], by('e'))), 'identity-same');
  const many = Array.from({ length: identityBounds.aliases }, (_, index) => `vendor:${index}`);
  const held = seeAlias(newAlias(alias('more')), 'android', start, 'key');
  assert.equal(codeOf(mergeIdentities({ ...uniform, aliases: many }, plain, [held], by('e'))), 'identity-full');
});

test('identity: classes of collision', () => {
  assert.deepEqual(
    [
      ['ios', ''],
      ['ios', 'chrome'],
      ['android', ''],
      ['android', 'chrome'],
      ['mac', 'safari'],
      ['windows', 'chrome'],
      ['windows', 'brave'],
      ['', ''],
    ].map(([platform = '', browser = '']) => collisionClassOf(platform, browser)),
    ['uniform', 'uniform', 'distinct', 'similar', 'uniform', 'similar', 'uniform', 'uniform'],
  );
  assert.ok(isAliasSource('vendor-1') && !isAliasSource('Vendor') && !isAliasSource('a:b') && !isAliasSource(''));
});

test('identity: whatever comes, an alias has at most one holder at an instant, everything stays bounded, and undoing restores who means what', () => {
  const arbitrarySight = fc.record({
    who: fc.nat(3),
    how: fc.constantFrom('device', 'token', 'alias'),
    names: fc.array(fc.nat(5), { maxLength: 3 }),
    gap: fc.integer({ min: -3, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(arbitrarySight, { maxLength: 60 }), fc.nat(2), fc.nat(2), (sights, one, two) => {
      const book = new Book();
      for (let each = 0; each < 3; each += 1) book.resolve(sight({ device: `d${each}` }));
      let atMs = start + day;
      for (const { who, how, names, gap } of sights) {
        atMs = Math.max(start, atMs + gap * day);
        const shown = how === 'device' ? { device: `d${who}` } : how === 'token' ? { token: `d${who}` } : {};
        book.resolve(sight({ ...shown, atMs, aliases: names.map((name) => alias(`n${name}`)) }));
      }
      for (const { holds } of book.aliases.values()) {
        assert.ok(holds.length <= identityBounds.holds);
        for (const [index, hold] of holds.entries()) {
          assert.ok(hold.lastMs >= hold.fromMs);
          if (index < holds.length - 1)
            assert.ok(hold.untilMs !== null && hold.untilMs <= (holds[index + 1]?.fromMs ?? 0));
        }
      }
      if (one === two) return;
      const later = start + 1000 * day;
      const meaning = () => [...book.aliases.values()].map((each) => holdAt(each, later + 9)?.identity);
      const before = meaning();
      const merged = mergeIdentities(
        book.get(`d${one}`),
        book.get(`d${two}`),
        book.aliasesOf(`d${two}`),
        by('m', later),
      );
      assert.ok(merged.ok);
      book.write(merged.value);
      const [event] = merged.value.events;
      assert.ok(event);
      assert.ok(!meaning().includes(`d${two}`));
      const undone = undoChange(
        event,
        book.get(`d${one}`),
        book.get(`d${two}`),
        book.aliasesOf(`d${one}`),
        by('u', later + 1),
      );
      assert.ok(undone.ok);
      book.write(undone.value);
      assert.deepEqual(meaning(), before);
    }),
    { numRuns: 200 },
  );
});
