/** `POST /v1/decisions` and its neighbours over a socket: rights, bounds, repeats, fail modes, what is kept. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { decodeRecord, type Engine } from '@hauberk/decision';
import { noSignals } from '@hauberk/device';
import { epochMs } from '@hauberk/primitives';
import { Validator } from '@seriousme/openapi-schema-validator';
import { builtInRoles } from '../../src/admin/right.ts';
import { undeclared } from '../../src/decision/decision-api-checks.ts';
import { DecisionApiDesk } from '../../src/decision/decision-api-desk.ts';
import { type ApiListener, openDecisionApi } from '../../src/decision/decision-api-listener.ts';
import { decisionApiDocument, decisionApiText } from '../../src/decision/decision-api-openapi.ts';
import { ApiTokens } from '../../src/decision/decision-api-tokens.ts';
import { scenesOf } from '../../src/decision/decision-facts.ts';
import { readLabel, readRecordPayload } from '../../src/decision/record-entry.ts';
import type { OutboxEntry } from '../../src/storage/outbox.ts';
import { type AdminWorld, openAdminWorld } from '../admin/world.ts';
import { engineOf, eventAt, policyDocument } from './decision-kit.ts';

let world: AdminWorld;
let api: ApiListener;
let engine: Engine | undefined;
let desk: DecisionApiDesk;
let isFull = false;
let slowness = 0;
const declared = {
  scenes: scenesOf({
    scenes: { 'our-own-scene': { entities: ['payee'], attributes: { desk: 'text', 'a/b': 'number' } } },
  }),
  othersAllowed: false,
};
const tokens: Record<string, string> = {};
const scope = { organisation: 'bank', app: 'retail' };

before(async () => {
  world = await openAdminWorld();
  tokens['client'] = await world.token('core', [{ app: 'retail', role: 'decision-client' }]);
  tokens['both'] = await world.token('both', [{ app: '*', role: 'decision-client' }]);
  tokens['analyst'] = await world.token('rita', [{ app: 'retail', role: 'risk-analyst' }]);
  const office = world.administration.decisions;
  const drafted = await office.draft(scope, policyDocument(), 'r', 'ada');
  assert.ok(drafted.ok);
  const { version, hash } = drafted.value;
  for (const action of ['shadow', 'live'] as const)
    await office.step(scope, { policy: 'pay', version, hash, action, reason: 'r' }, 'ada');
  await office.keepTexts();
  engine = engineOf(office.book.snapshotOf(scope));
  let clock = 0;
  desk = new DecisionApiDesk({
    engineOf: (app) => (app === 'retail' ? engine : undefined),
    signalsOf: () => noSignals,
    store: world.stores.decisions,
    outbox: world.stores.outbox,
    declared,
    keep: async (entries: readonly OutboxEntry[]) => {
      if (isFull) return 'storage-full';
      const kept = await world.stores.outbox.append(entries);
      return kept.ok ? undefined : kept.code;
    },
    failMode: 'closed',
    deadlineMs: 20,
    run: 3,
    now: () => world.clock.now,
    monotonic: () => (clock += slowness),
    onFault: () => {},
  });
  const apiTokens = new ApiTokens({
    tokens: world.stores.adminTokens,
    keys: world.administration.keys,
    roles: builtInRoles,
    organisation: 'bank',
    apps: ['retail', 'corporate'],
    now: () => world.clock.now,
  });
  const onFault = (error: unknown): void => assert.fail(String(error));
  const parts = { desk, tokens: apiTokens, store: world.stores.decisions, failed: () => 0, onFault };
  const opened = await openDecisionApi({ host: '127.0.0.1', port: 0 }, { worker: 0, reusePort: false }, parts);
  assert.ok(opened !== undefined);
  api = opened;
});
after(async () => {
  await api.close();
  await world.close();
});

interface Asked {
  readonly token?: string | undefined;
  readonly type?: string;
  readonly method?: string;
  readonly app?: string;
}

const ask = async (path: string, body?: string, asked: Asked = {}) => {
  const {
    token = tokens['client'],
    type = 'application/json',
    app,
    method = body === undefined ? 'GET' : 'POST',
  } = asked;
  const reply = await fetch(`http://127.0.0.1:${api.port}${path}`, {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token ?? ''}` }),
      ...(body === undefined ? {} : { 'content-type': type }),
      ...(app === undefined ? {} : { 'hauberk-app': app }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await reply.text();
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { status: reply.status, json: lines[0] ?? {}, lines, headers: reply.headers };
};

const eventText = (n: number, more: object = {}): string => JSON.stringify({ ...eventAt(n), ...more });

test('an event is decided, its record is kept before the answer, and asked again it is the same', async () => {
  const before_ = await world.stores.outbox.head();
  const text = eventText(1, { amountMinor: 900_000 });
  const first = await ask('/v1/decisions', text);
  assert.equal(first.status, 200);
  assert.deepEqual(
    [first.json['outcome'], first.json['reasons'], first.json['isRepeat']],
    ['challenge', ['amount.large'], false],
  );
  const [entry] = await world.stores.outbox.readAfter(before_, 9);
  assert.ok(entry !== undefined);
  const { record, run, amountMinor } = readRecordPayload(entry.payload);
  const decoded = decodeRecord(record);
  assert.ok(decoded.ok);
  assert.deepEqual([decoded.value.id, run, amountMinor], [first.json['id'], 3, 900_000]);
  const again = await ask('/v1/decisions', text);
  assert.deepEqual(again.json, { ...first.json, isRepeat: true });
  assert.equal(await world.stores.outbox.head(), before_ + 2, 'the repeat is a step of the memory, and kept as one');
  await world.administration.decisions.stream.drain();
  const found = await ask(`/v1/decisions/${String(first.json['id'])}`);
  assert.deepEqual([found.status, found.json['outcome'], found.json['entities']], [200, 'challenge', undefined]);
});

test('a repeat that another worker decided is answered from the index', async () => {
  const text = eventText(2, { amountMinor: 900_000 });
  const first = await ask('/v1/decisions', text);
  await world.administration.decisions.stream.drain();
  // Much was forgotten since, as by another worker that never knew it.
  for (let n = 100; n < 100 + 4200; n += 200) {
    const lines = Array.from({ length: 200 }, (_, at) => eventText(n + at)).join('\n');
    assert.equal((await ask('/v1/decisions', lines, { type: 'application/x-ndjson' })).lines.length, 200);
  }
  const event = eventAt(2);
  const others = [
    { amountMinor: 900_001 },
    { amountMinor: null },
    { amountMinor: 900_000, type: 'payment' },
    { amountMinor: 900_000, atMs: event.atMs + 1 },
    { amountMinor: 900_000, entities: { ...event.entities, payee: 'mule' } },
    { amountMinor: 900_000, entities: { device: event.entities['device'] } },
  ];
  for (const other of others) {
    const refused = await ask('/v1/decisions', eventText(2, other));
    assert.deepEqual([refused.status, refused.json['code']], [409, 'api.conflict'], JSON.stringify(other));
  }
  const again = await ask('/v1/decisions', text);
  assert.deepEqual(
    [again.json['outcome'], again.json['reasons'], again.json['isRepeat']],
    [first.json['outcome'], first.json['reasons'], true],
  );
});

test('an id that comes again with anything else is a conflict, counts nothing, and spoils no repeat', async () => {
  const event = { ...eventAt(5), amountMinor: 100, attributes: { rail: 'instant', attempts: 1 } };
  const first = await ask('/v1/decisions', JSON.stringify(event));
  assert.equal(first.json['outcome'], 'allow');
  const head = await world.stores.outbox.head();
  const others: readonly object[] = [
    { amountMinor: 900_000 },
    { type: 'payment', attributes: { attempts: 1 } },
    { atMs: event.atMs + 1 },
    { entities: { ...event.entities, payee: 'mule' } },
    { attributes: { rail: 'wire', attempts: 1 } },
    { attributes: { rail: 'instant' } },
  ];
  for (const other of others) {
    const refused = await ask('/v1/decisions', JSON.stringify({ ...event, ...other }));
    assert.deepEqual(
      [refused.status, refused.json['code'], refused.json['pointer'], refused.json['outcome']],
      [409, 'api.conflict', '/id', undefined],
      JSON.stringify(other),
    );
  }
  assert.equal(await world.stores.outbox.head(), head);
  const turned = JSON.stringify({ ...event, attributes: { attempts: 1, rail: 'instant' } });
  const lines = [JSON.stringify({ ...event, amountMinor: 900_000 }), turned].join('\n');
  const [refused, repeat] = (await ask('/v1/decisions', lines, { type: 'application/x-ndjson' })).lines;
  assert.deepEqual([refused?.['line'], refused?.['code']], [1, 'event.conflict']);
  assert.deepEqual(repeat, { ...first.json, isRepeat: true });
});

test('what no scene declares is refused where it stands, each line for itself', async () => {
  const head = await world.stores.outbox.head();
  const rows: readonly (readonly [object, string, string, RegExp])[] = [
    [{ type: 'trasnfer' }, 'scene', '/type', /did you mean transfer\?/],
    [{ type: 'x'.repeat(256) }, 'scene', '/type', /declared$/],
    [{ attributes: { isSavedPaye: true } }, 'attribute', '/attributes/isSavedPaye', /did you mean isSavedPayee\?/],
    [{ attributes: { merchantAgeDays: 1 } }, 'attribute', '/attributes/merchantAgeDays', /declares no such/],
    [{ attributes: { attempts: '1' } }, 'attribute', '/attributes/attempts', /as number, not text/],
    [{ attributes: { isSavedPayee: 1 } }, 'attribute', '/attributes/isSavedPayee', /as truth, not number/],
    [{ attributes: { rail: true } }, 'attribute', '/attributes/rail', /as text, not truth/],
    [{ attributes: { constructor: 'x' } }, 'attribute', '/attributes/constructor', /declares no such/],
  ];
  for (const [more, code, pointer, detail] of rows) {
    const alone = await ask('/v1/decisions', eventText(80, more));
    assert.deepEqual([alone.status, alone.json['code'], alone.json['pointer']], [400, `api.${code}`, pointer]);
    assert.match(String(alone.json['detail']), detail);
  }
  assert.equal(await world.stores.outbox.head(), head);
  const lines = [...rows.map(([more]) => eventText(80, more)), eventText(80, { attributes: { rail: 'wire' } })];
  const answers = (await ask('/v1/decisions', lines.join('\n'), { type: 'application/x-ndjson' })).lines;
  assert.deepEqual(
    answers.map(({ line, code, pointer, isRepeat }) => isRepeat ?? [line, code, pointer]),
    [...rows.map(([, code, pointer], at) => [at + 1, `event.${code}`, pointer]), false],
  );
});

test('scenes of the configuration count, and others where it allows them', () => {
  const own = { type: 'our-own-scene', attributes: { desk: 'a', 'a/b': 1 } };
  assert.equal(undeclared(own, declared), undefined);
  assert.equal(undeclared({ ...own, attributes: { 'a/b': 'x' } }, declared)?.pointer, '/attributes/a~1b');
  const other = { type: 'nobodys-scene', attributes: { what: 1 } };
  assert.equal(undeclared(other, declared)?.code, 'event.scene');
  assert.equal(undeclared(other, { ...declared, othersAllowed: true }), undefined);
});

test('of many lines each is answered; one that is no event is named and spoils no other', async () => {
  const lines = [eventText(20), '{"id":1}', eventText(21, { atMs: 5 }), eventText(22), '{"id":"a","id":"b"}'];
  const { status, lines: answers } = await ask('/v1/decisions', lines.join('\n'), { type: 'application/x-ndjson' });
  assert.equal(status, 200);
  assert.deepEqual(
    answers.map(({ eventId, code, line }) => eventId ?? [code, line]),
    ['event-20', ['event.id', 2], ['event.time', 3], 'event-22', ['event.malformed', 5]],
  );
  assert.equal((await ask('/v1/decisions', '{"id":1}')).json['code'], 'api.event');
});

test('a label reaches the engine and the record; who says so is the token', async () => {
  await ask('/v1/decisions', eventText(30));
  const before_ = await world.stores.outbox.head();
  const label = { eventId: 'event-30', fraud: true, knownAtMs: world.clock.now };
  assert.deepEqual((await ask('/v1/labels', JSON.stringify(label))).json, { eventId: 'event-30', isKnown: true });
  const unknown = await ask('/v1/labels', JSON.stringify({ ...label, eventId: 'never' }));
  assert.equal(unknown.json['isKnown'], false);
  const [entry] = await world.stores.outbox.readAfter(before_, 9);
  assert.ok(entry !== undefined);
  const kept = readLabel(entry);
  assert.deepEqual(
    [kept?.decision, kept?.fraud, kept?.source],
    [engine?.pseudonym('/event', 'event-30'), true, 'core'],
  );
});

test('rights, methods, forms and bounds are refused with codes', async () => {
  const text = eventText(40);
  const refusals: readonly (readonly [Promise<{ status: number; json: Record<string, unknown> }>, number, string])[] = [
    [ask('/v1/decisions', text, { token: '' }), 401, 'api.login-required'],
    [ask('/v1/decisions', text, { token: 'hbk_x' }), 401, 'api.login-required'],
    [ask('/v1/decisions', text, { token: `hbk_${'0'.repeat(20)}_${'A'.repeat(43)}` }), 401, 'api.login-required'],
    [ask('/v1/decisions', text, { token: tokens['analyst'] }), 403, 'api.right-missing'],
    [ask('/v1/decisions', text, { app: 'corporate' }), 403, 'api.right-missing'],
    [ask('/v1/decisions', text, { token: tokens['both'] }), 403, 'api.right-missing'],
    [ask('/v1/decisions'), 405, 'api.method-not-allowed'],
    [ask('/v1/nothing', text), 404, 'api.not-found'],
    [ask(`/v1/decisions/${'f'.repeat(16)}`), 404, 'api.not-found'],
    [ask('/v1/decisions', text, { type: 'text/plain' }), 415, 'api.unsupported'],
    [ask('/v1/decisions', `${text}\n`.repeat(257), { type: 'application/x-ndjson' }), 413, 'api.too-large'],
    [ask('/v1/decisions', 'x'.repeat(1_048_577)), 413, 'api.too-large'],
  ];
  for (const [asked, status, code] of refusals) {
    const answer = await asked;
    assert.deepEqual([answer.status, answer.json['code']], [status, code]);
  }
  assert.equal((await ask('/v1/decisions', text, { token: tokens['both'], app: 'retail' })).status, 200);
});

test('a revoked token stops counting within seconds', async () => {
  const text = await world.token('short', [{ app: 'retail', role: 'decision-client' }]);
  assert.equal((await ask('/v1/decisions', eventText(50), { token: text })).status, 200);
  const id = text.split('_')[1] ?? '';
  assert.ok((await world.stores.adminTokens.revoke('bank', id, { actor: 'root', now: world.clock.now })).ok);
  world.clock.now = epochMs(world.clock.now + 5001);
  assert.equal((await ask('/v1/decisions', eventText(51), { token: text })).status, 401);
});

test('without an engine, a policy or time, the fail mode of the scene decides, and says so', async () => {
  const held = engine;
  engine = undefined;
  const none = await ask('/v1/decisions', eventText(60));
  assert.deepEqual([none.json['fault'], none.json['policy']], ['decision.fault', null]);
  engine = held;
  const other = await ask('/v1/decisions', eventText(61, { type: 'our-own-scene' }));
  assert.deepEqual([other.json['fault'], other.json['outcome']], ['decision.no-policy', 'deny']);
  slowness = 21;
  const late = await ask('/v1/decisions', eventText(62));
  slowness = 0;
  assert.equal(late.json['fault'], 'decision.late');
});

test('what cannot be kept is not answered', async () => {
  isFull = true;
  const refused = await ask('/v1/decisions', eventText(70));
  isFull = false;
  assert.deepEqual(
    [refused.status, refused.json['code'], refused.headers.get('retry-after')],
    [503, 'api.overloaded', '1'],
  );
});

test('whatever bytes come, an answer comes, and no line is answered twice', async () => {
  let state = 20_261_121;
  const draw = (most: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  const letters = ['"', '{', '}', ':', ',', '\n', '\\', '\u0000', 'é', '9', 'e', '[', 'null'];
  let decided = 0;
  for (let turn = 0; turn < 1500; turn += 1) {
    let text = [eventText(1000 + turn), eventText(1001 + turn)].join('\n');
    for (let change = draw(5); change > 0; change -= 1) {
      const at = draw(text.length);
      text = text.slice(0, at) + (letters[draw(letters.length)] ?? '') + text.slice(at + draw(4));
    }
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const answered = await desk.decide(scope, lines);
    assert.ok(answered.ok);
    assert.equal(answered.answers.length, lines.length);
    decided += answered.answers.filter((answer) => 'outcome' in answer).length;
  }
  assert.ok(decided > 500, String(decided));
});

test('docs/decision-api.json is what the program makes, and is OpenAPI 3.1', async () => {
  assert.equal(readFileSync(new URL('../../../../docs/decision-api.json', import.meta.url), 'utf8'), decisionApiText());
  const told = await new Validator().validate(structuredClone(decisionApiDocument()) as Record<string, unknown>);
  assert.deepEqual([told.valid, told.errors], [true, undefined]);
});
