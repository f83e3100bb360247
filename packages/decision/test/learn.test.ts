/** Learning from events and labels: what is read, what is known when, and what a model finds in a world with three kinds of fraud. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type LearnInput,
  learn,
  planFeatures,
  type RiskEvent,
  RiskMemory,
  readRiskEvent,
  readRiskLabel,
} from '@hauberk/decision';
import fc from 'fast-check';
import { readStrictly } from '../src/event.ts';
import { LabelBook } from '../src/learn/label-book.ts';
import { readQuickly } from '../src/quick-event.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);

const eventAt = (
  id: string,
  atMs: number,
  entities: Readonly<Record<string, string>>,
  amountMinor = 1000,
): RiskEvent => ({
  id,
  type: 'card.payment',
  atMs,
  entities,
  amountMinor,
  attributes: {},
});

test('events: a good line is read, and each bad one has its code', () => {
  const line = {
    id: 'e1',
    type: 'pay',
    atMs: start,
    entities: { card: 'c1' },
    amountMinor: 5,
    attributes: { web: true },
  };
  assert.deepEqual(readRiskEvent(JSON.stringify(line)), { ok: true, value: line });
  const cases: readonly (readonly [object, string])[] = [
    [{ ...line, id: '' }, 'event.id'],
    [{ ...line, type: 7 }, 'event.type'],
    [{ ...line, atMs: 12 }, 'event.time'],
    [{ ...line, atMs: 9e15 }, 'event.time'],
    [{ ...line, entities: { card: 7 } }, 'event.entities'],
    [{ ...line, entities: { 'a b': 'x' } }, 'event.entities'],
    [{ ...line, amountMinor: -1 }, 'event.amount'],
    [{ ...line, amountMinor: 1.5 }, 'event.amount'],
    [{ ...line, attributes: { a: { b: 1 } } }, 'event.attributes'],
    [{ ...line, more: 1 }, 'event.malformed'],
  ];
  for (const [wrong, code] of cases) {
    const read = readRiskEvent(JSON.stringify(wrong));
    assert.equal(read.ok ? 'read' : read.code, code);
  }
  const long = readRiskEvent(`"${'x'.repeat(20_000)}"`);
  assert.equal(long.ok ? 'read' : long.code, 'event.too-long');
  const label = readRiskLabel(JSON.stringify({ eventId: 'e1', fraud: 1, knownAtMs: start }));
  assert.equal(label.ok ? 'read' : label.code, 'event.malformed');
});

test('events: any text is read or refused by code, nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      for (const read of [readRiskEvent(text), readRiskLabel(text)]) if (!read.ok) assert.match(read.code, /^event\./);
    }),
  );
});

test('events: the quick reader takes nothing that the strict one refuses or reads otherwise, and takes the common event', () => {
  const text = fc.constantFrom('', 'a', 'd1', 'a"b', '\\u0041', '\ud800', 'id', '__proto__', 'x'.repeat(300), '\u5ba2');
  const value = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, [], {}, 2 ** 60, -0));
  const names = fc.dictionary(fc.oneof(text, fc.stringMatching(/^[a-z][A-Za-z0-9_.-]{0,8}$/)), value, { maxKeys: 4 });
  const member = fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('id', 'type', 'atMs', 'amountMinor', 'more'), value) },
  );
  const base = {
    id: 'e',
    type: 'login',
    atMs: 1_784_550_000_000,
    entities: { device: 'd' },
    amountMinor: 5,
    attributes: { n: 1.5 },
  };
  const event = fc.record(
    {
      entities: fc.option(names, { nil: base.entities }),
      attributes: fc.option(names, { nil: base.attributes }),
      changed: member,
      without: fc.constantFrom('none', 'none', 'amountMinor', 'attributes', 'id'),
      extra: fc.constantFrom('', '', '"id":"twice",', '"amountMinor":1,', ' \n', '"entities":{},'),
    },
    { noNullPrototype: true },
  );
  let quick = 0;
  fc.assert(
    fc.property(event, ({ entities, attributes, changed, without, extra }) => {
      const made: Record<string, unknown> = { ...base, entities, attributes };
      if (changed !== undefined) made[changed[0]] = changed[1];
      delete made[without];
      const line = JSON.stringify(made).replace('{', `{${extra}`);
      const read = readQuickly(line);
      if (read === undefined) return;
      quick += 1;
      assert.deepEqual(readStrictly(line), { ok: true, value: read }, line);
    }),
    { numRuns: 5000 },
  );
  assert.ok(quick > 200, String(quick));
  for (const twice of ['"device":"d","device":"d"', '"device":"d","device":"e"'])
    assert.equal(readQuickly(JSON.stringify(base).replace('"device":"d"', twice)), undefined);
  assert.deepEqual(readQuickly(JSON.stringify(base)), base);
  const { amountMinor: _, ...without } = base;
  assert.deepEqual(readQuickly(JSON.stringify(without)), { ...base, amountMinor: Number.NaN });
});

test('labels: an event counts as honest after the delay, a fraud from the instant that its label is known', () => {
  const told: string[] = [];
  const book = new LabelBook(7 * day, 60 * day, ({ id }, isFraud, wasHonest) =>
    told.push(`${id} ${isFraud} ${wasHonest}`),
  );
  book.expect('a', start, new Int32Array());
  book.expect('b', start + 1, new Int32Array());
  book.advance(start + 7 * day - 1);
  assert.deepEqual(told, []);
  assert.equal(book.label('b', true), true);
  book.advance(start + 8 * day);
  assert.deepEqual(told, ['b true false', 'a false false']);
  assert.equal(book.label('a', true), true);
  assert.deepEqual(told.at(-1), 'a true true');
  assert.equal(book.label('nobody', true), false);
  book.advance(start + 61 * day);
  assert.equal(book.size, 0);
});

test('features: no event sees itself, and no label is seen before it is known', () => {
  const entities = { card: 'c', shop: 's' };
  const plan = planFeatures([eventAt('x', start, entities)]);
  const memory = new RiskMemory({ plan, labelDelay: 7 * day, capacity: 10, key: new Uint8Array(16) });
  const seen = (event: RiskEvent): Float64Array => {
    const vector = new Float64Array(memory.width);
    memory.advance(event.atMs);
    memory.view(event, memory.rowsOf(event), vector);
    return vector;
  };
  const first = eventAt('1', start, entities);
  const before = seen(first);
  memory.take(first, memory.rowsOf(first));
  assert.notDeepEqual(seen(eventAt('2', start + 1000, entities)), before);
  const later = eventAt('3', start + 3 * day, entities);
  const unknown = seen(later);
  const other = new RiskMemory({ plan, labelDelay: 7 * day, capacity: 10, key: new Uint8Array(16) });
  other.take(first, other.rowsOf(first));
  assert.deepEqual(
    unknown,
    (() => {
      const vector = new Float64Array(other.width);
      other.view(later, other.rowsOf(later), vector);
      return vector;
    })(),
  );
  memory.label('1', true);
  assert.notDeepEqual(seen(later), unknown);
});

/** Shops that turn bad for a while, and cards whose amounts jump: nothing in one event alone tells more than a little. */
const smallWorld = (): Pick<LearnInput, 'events' | 'labels'> => {
  let state = 1;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
  const events: RiskEvent[] = [];
  const labels: { readonly eventId: string; readonly fraud: boolean; readonly knownAtMs: number }[] = [];
  for (let index = 0; index < 24_000; index += 1) {
    const atMs = start + Math.floor((index / 24_000) * 60 * day);
    const [card, shop] = [Math.floor(draw() * 200), Math.floor(draw() * 100)];
    const isBadShop = (shop + Math.floor((atMs - start) / (14 * day))) % 40 === 0;
    const jumps = draw() < 0.005;
    const amount = Math.round((1 + (card % 10)) * 500 * (0.7 + draw() * 0.6) * (jumps ? 6 : 1));
    events.push(eventAt(`e${index}`, atMs, { card: `c${card}`, shop: `s${shop}` }, amount));
    if (isBadShop || jumps) labels.push({ eventId: `e${index}`, fraud: true, knownAtMs: atMs + 2 * day });
  }
  return { events, labels };
};

const spans = {
  train: { from: start + 30 * day, to: start + 45 * day },
  test: { from: start + 47 * day, to: start + 60 * day },
  labelDelay: 2 * day,
  key: new Uint8Array(16),
};

test('learning finds frauds that only windows and late labels tell; order and duplicates of lines change nothing', () => {
  const world = smallWorld();
  const learnt = learn({ ...world, ...spans });
  assert.ok(learnt.ok);
  assert.ok(learnt.value.report.auc > 0.85, String(learnt.value.report.auc));
  assert.ok(learnt.value.report.ece < 0.02, String(learnt.value.report.ece));
  const again = learn({
    ...spans,
    labels: world.labels,
    events: [...world.events.slice(12_000), ...world.events, ...world.events.slice(0, 50)],
  });
  assert.deepEqual(again, learnt);
});

test('learning only scores what is asked for, and streams the rest', () => {
  const world = smallWorld();
  const scoreOnly = new Set(
    world.events
      .filter(({ atMs }) => atMs >= spans.test.from)
      .filter((_, index) => index % 2 === 0)
      .map(({ id }) => id),
  );
  const learnt = learn({ ...world, ...spans, scoreOnly });
  assert.equal(learnt.ok && learnt.value.report.rows.test, scoreOnly.size);
});

test('learning refuses noise, labels from the future, and spans that overlap, each by its code', () => {
  const world = smallWorld();
  const codeOf = (input: LearnInput): string => {
    const learnt = learn(input);
    return learnt.ok ? 'learnt' : learnt.code;
  };
  const noise = world.events
    .filter((_, index) => index % 53 === 0)
    .map(({ id, atMs }) => ({ eventId: id, fraud: true, knownAtMs: atMs + 2 * day }));
  assert.equal(codeOf({ ...world, ...spans, labels: noise }), 'model.no-better-than-noise');
  const [label] = world.labels;
  assert.ok(label);
  assert.equal(
    codeOf({ ...world, ...spans, labels: [{ ...label, knownAtMs: start - day }] }),
    'learn.label-before-event',
  );
  assert.equal(codeOf({ ...world, ...spans, test: spans.train }), 'learn.spans');
  assert.equal(
    codeOf({ ...world, ...spans, test: { from: start + 90 * day, to: start + 91 * day } }),
    'learn.no-events',
  );
  const told = world.events.map((event) => ({
    ...event,
    attributes: { refunded: world.labels.some(({ eventId }) => eventId === event.id) },
  }));
  assert.equal(codeOf({ ...world, ...spans, events: told }), 'model.leaks-labels');
});
