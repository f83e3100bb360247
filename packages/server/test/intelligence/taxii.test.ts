/** TAXII 2.1 end to end: our server on a socket, our client against it, what comes of it for decisions. */
import assert from 'node:assert/strict';
import { createSecretKey, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type StixObject, stixTime } from '@hauberk/decision';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import { IntelligenceDesk, type KeptCollection } from '../../src/intelligence/intelligence-desk.ts';
import { pollSource } from '../../src/intelligence/taxii-client.ts';
import { listenTaxii, type TaxiiListener } from '../../src/intelligence/taxii-listener.ts';
import { microsText, readMicros, taxiiMediaType } from '../../src/intelligence/taxii-protocol.ts';
import { type TaxiiCaller, TaxiiServer } from '../../src/intelligence/taxii-server.ts';
import { TaxiiShelf } from '../../src/intelligence/taxii-shelf.ts';
import { partnerDigest, WorkerIntelligence } from '../../src/intelligence/worker-intelligence.ts';
import { type OpenStorage, openStorage } from '../../src/storage/index.ts';

const scope = { organisation: 'bank', app: '*' };
const clock = (): EpochMs => epochMs(Date.now());
const collection: KeptCollection = {
  id: randomUUID(),
  title: 'Shared',
  description: 'What banks tell each other',
  alias: 'shared',
  applies: true,
};
const callers: Readonly<Record<string, TaxiiCaller>> = {
  'Basic reader': { name: 'reader', canRead: true, canWrite: false },
  'Basic writer': { name: 'writer', canRead: true, canWrite: true },
  'Basic nobody': { name: 'nobody', canRead: false, canWrite: false },
};

const indicator = (pattern: string, more: object = {}): StixObject =>
  ({
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${randomUUID()}`,
    created: stixTime(Date.now() - 1000),
    modified: stixTime(Date.now() - 1000),
    pattern,
    pattern_type: 'stix',
    valid_from: stixTime(Date.now() - 1000),
    confidence: 90,
    ...more,
  }) as StixObject;

describe('TAXII 2.1', () => {
  let folder: string;
  let storage: OpenStorage;
  let shelf: TaxiiShelf;
  let desk: IntelligenceDesk;
  let listener: TaxiiListener;
  let lookup: WorkerIntelligence;

  const openAll = async (): Promise<void> => {
    storage = await openStorage({ folder, upkeepMs: 0 });
    const store = storage.ports.decisions;
    shelf = new TaxiiShelf({ store, scope, now: clock, most: 2000 });
    lookup = new WorkerIntelligence({ most: 1000, least: 20, partners: [] });
    desk = new IntelligenceDesk({
      store,
      scope,
      shelf,
      collections: [collection],
      sources: [],
      most: 1000,
      least: 20,
      post: (text) => lookup.update(text),
      now: clock,
      onFault: (error) => assert.fail(String(error)),
    });
    await desk.open();
    const taxii = new TaxiiServer({
      title: 'Bank',
      collections: [collection],
      shelf,
      authenticate: (header) => Promise.resolve(callers[header ?? '']),
      onAdded: (_collection, objects, by) => desk.take(collection, objects, by),
      now: clock,
    });
    listener = await listenTaxii(taxii, {
      host: '127.0.0.1',
      port: 0,
      tls: undefined,
      onFault: (error) => assert.fail(String(error)),
    });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hauberk-taxii-'));
    await openAll();
  });

  after(async () => {
    await listener.close();
    desk.close();
    await storage.close();
    await rm(folder, { recursive: true });
  });

  const call = (
    path: string,
    as = 'writer',
    {
      headers = {},
      ...options
    }: Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) =>
    fetch(`${listener.url}${path}`, {
      ...options,
      headers: { accept: taxiiMediaType, authorization: `Basic ${as}`, ...headers },
    });
  const told = async (path: string, as?: string) => (await (await call(path, as)).json()) as Record<string, never>;
  const objectsPath = `/api/collections/${collection.id}/objects/`;
  const post = (objects: readonly unknown[], as = 'writer', type = taxiiMediaType) =>
    call(objectsPath, as, { method: 'POST', body: JSON.stringify({ objects }), headers: { 'content-type': type } });

  const eventually = async (isTrue: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 200 && !isTrue(); turn += 1) await sleep(25);
    assert.ok(isTrue());
  };

  it('instants are told to the microsecond', () => {
    const at = 1_790_000_000_123_456;
    assert.equal(readMicros(microsText(at)), at);
    assert.equal(readMicros('2026-11-21T00:00:00Z'), Date.UTC(2026, 10, 21) * 1000);
  });

  it('discovery, root, collections', async () => {
    assert.deepEqual((await told('/taxii2/'))['api_roots'], ['/api/']);
    assert.deepEqual((await told('/api/'))['versions'], [taxiiMediaType]);
    const [only] = (await told('/api/collections/', 'reader'))['collections'] as unknown as Record<string, unknown>[];
    assert.equal(only?.['id'], collection.id);
    assert.equal(only?.['can_write'], false);
    assert.equal((await told('/api/collections/shared/'))['id'], collection.id);
    const reply = await call('/taxii2');
    assert.equal(reply.headers.get('content-type'), taxiiMediaType);
  });

  const refusals: readonly (readonly [string, number, () => Promise<Response>])[] = [
    ['no credentials', 401, () => fetch(`${listener.url}/taxii2/`)],
    ['another media type', 406, () => call('/taxii2/', 'reader', { headers: { accept: 'text/html' } })],
    ['TAXII 2.0', 406, () => call('/taxii2/', 'reader', { headers: { accept: 'application/vnd.oasis.taxii+json' } })],
    ['a body of another type', 415, () => post([], 'writer', 'application/json')],
    [
      'a body that is no envelope',
      422,
      () => call(objectsPath, 'writer', { method: 'POST', body: '{', headers: { 'content-type': taxiiMediaType } }),
    ],
    ['a reader that writes', 403, () => post([], 'reader')],
    ['a collection for those without rights', 404, () => call(objectsPath, 'nobody')],
    ['an unknown collection', 404, () => call(`/api/collections/${randomUUID()}/objects/`)],
    ['an unknown object', 404, () => call(`${objectsPath}indicator--${randomUUID()}/`)],
    ['a filter that is none', 400, () => call(`${objectsPath}?match[tlp]=red`)],
    ['an instant that is none', 400, () => call(`${objectsPath}?added_after=yesterday`)],
    ['another method', 405, () => call(objectsPath, 'writer', { method: 'PUT' })],
    ['a path of its own', 404, () => call('/api/collections/%zz/objects/')],
    ['a status of somebody else', 404, () => call(`/api/status/${randomUUID()}/`)],
    [
      'a body without end',
      413,
      () =>
        call(objectsPath, 'writer', {
          method: 'POST',
          body: 'x'.repeat(5 * 1024 * 1024),
          headers: { 'content-type': taxiiMediaType },
        }).catch(() => new Response(null, { status: 413 })),
    ],
  ];
  for (const [name, status, ask] of refusals)
    it(`refuses ${name}`, async () => {
      assert.equal((await ask()).status, status);
    });

  it('what is added is there, in order, page by page, and what holds no rule is told', async () => {
    const objects = Array.from({ length: 7 }, (_, index) => indicator(`[domain-name:value = 'd${index}.example']`));
    const added = await post([...objects, { type: 'indicator', id: 'nonsense' }]);
    assert.equal(added.status, 202);
    const status = (await added.json()) as Record<string, unknown>;
    assert.deepEqual([status['success_count'], status['failure_count']], [7, 1]);
    assert.deepEqual(await told(`/api/status/${String(status['id'])}/`), status);
    const ids: string[] = [];
    let next = '';
    for (let page = 0; page < 4; page += 1) {
      const reply = await call(`${objectsPath}?limit=3${next}`);
      const envelope = (await reply.json()) as { objects: StixObject[]; more: boolean; next?: string };
      ids.push(...envelope.objects.map(({ id }) => id));
      assert.ok(readMicros(reply.headers.get('x-taxii-date-added-last') ?? '') !== undefined);
      if (!envelope.more) break;
      next = `&next=${envelope.next}`;
    }
    assert.deepEqual(
      ids,
      objects.map(({ id }) => id),
    );
    const manifest = (await told(`/api/collections/shared/manifest/?limit=100`))['objects'] as unknown as {
      date_added: string;
    }[];
    const third = manifest[2]?.date_added ?? '';
    const later = (await told(`${objectsPath}?added_after=${third}`))['objects'] as unknown as StixObject[];
    assert.deepEqual(
      later.map(({ id }) => id),
      objects.slice(3).map(({ id }) => id),
    );
  });

  it('versions: the last one unless others are asked, each added once, and taken away', async () => {
    const first = indicator("[domain-name:value = 'v.example']");
    const second = { ...first, modified: stixTime(Date.now()), confidence: 40 };
    await post([first]);
    await post([second, first]);
    const versionsOf = async (query: string) =>
      ((await told(`${objectsPath}${first.id}/?${query}`))['objects'] as unknown as StixObject[]).map(
        (each) => each['modified'],
      );
    assert.deepEqual(await versionsOf(''), [second.modified]);
    assert.deepEqual(await versionsOf('match[version]=first'), [first['modified']]);
    assert.deepEqual(await versionsOf('match[version]=all'), [first['modified'], second.modified]);
    assert.deepEqual(await versionsOf(`match[version]=${first['modified'] as string}`), [first['modified']]);
    assert.deepEqual((await told(`${objectsPath}${first.id}/versions/`))['versions'], [
      second.modified,
      first['modified'],
    ]);
    assert.equal((await call(`${objectsPath}${first.id}/`, 'reader', { method: 'DELETE' })).status, 403);
    assert.equal((await call(`${objectsPath}${first.id}/`, 'writer', { method: 'DELETE' })).status, 200);
    assert.equal((await call(`${objectsPath}${first.id}/`)).status, 404);
  });

  it('an indicator counts soon after it came, a revoked one no longer; a restart changes nothing', async () => {
    const known = indicator("[ipv4-addr:value = '198.51.100.0/24']");
    const signals = () => lookup.signals('198.51.100.9', {}, clock());
    assert.deepEqual(signals(), []);
    await post([known]);
    await eventually(() => signals().length === 1);
    assert.equal(signals()[0]?.code, 'intelligence.address');
    await listener.close();
    desk.close();
    await storage.close();
    await openAll();
    assert.equal(signals().length, 1);
    const at = Date.now();
    await post([{ ...known, modified: stixTime(at), revoked: true }]);
    await eventually(() => signals().length === 0);
    await post([known]);
    await sleep(700);
    assert.deepEqual(signals(), []);
  });

  it('our client takes what our server tells, once, and what is revoked there is over here within a poll', async () => {
    const source = {
      name: 'partner',
      url: `${listener.url}/api/collections/${collection.id}/`,
      authorization: 'Basic reader',
    };
    const here = new WorkerIntelligence({ most: 1000, least: 20, partners: [] });
    const own: KeptCollection = { ...collection, id: randomUUID(), alias: 'from-partner' };
    const second = new IntelligenceDesk({
      store: storage.ports.decisions,
      scope,
      shelf: new TaxiiShelf({ store: storage.ports.decisions, scope, now: clock, most: 2000 }),
      collections: [own],
      sources: [{ ...source, collection: own.id, pollMs: 200 }],
      most: 1000,
      least: 20,
      post: (text) => here.update(text),
      now: clock,
      onFault: (error) => assert.fail(String(error)),
    });
    const known = indicator("[ipv4-addr:value = '203.0.113.7']");
    await post([known]);
    await second.open();
    await eventually(() => here.signals('203.0.113.7', {}, clock()).length === 1);
    await post([{ ...known, modified: stixTime(Date.now()), revoked: true }]);
    await eventually(() => here.signals('203.0.113.7', {}, clock()).length === 0);
    assert.equal(second.figures().sources[0]?.state, 'ok');
    second.close();
    const polled = await pollSource(source, undefined);
    assert.ok(polled.ok && polled.value.pages.length > 0);
    const again = await pollSource(source, polled.ok ? polled.value.cursor : undefined);
    assert.ok(again.ok);
    assert.equal(again.ok && again.value.pages.flatMap(({ objects }) => objects).length, 0);
  });

  it('a hostile partner: no redirect, no endless pages, no giant, no other language', async () => {
    const replies: Readonly<Record<string, () => readonly [number, Record<string, string>, string]>> = {
      redirect: () => [302, { location: 'http://127.0.0.1:1/' }, ''],
      endless: () => [200, { 'content-type': taxiiMediaType }, JSON.stringify({ more: true, next: '5' })],
      giant: () => [200, { 'content-type': taxiiMediaType }, ' '.repeat(5 * 1024 * 1024)],
      html: () => [200, { 'content-type': 'text/html' }, '<p>'],
      broken: () => [200, { 'content-type': taxiiMediaType }, '{"objects":'],
      locked: () => [401, {}, ''],
    };
    const partner = createServer(({ url = '' }, response) => {
      const [status, headers, body] = replies[url.split('/')[1] ?? '']?.() ?? [404, {}, ''];
      response.writeHead(status, headers).end(body);
    });
    await new Promise<void>((resolve) => partner.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(partner.address() as AddressInfo).port}`;
    const codeOf = async (name: string) => {
      const polled = await pollSource({ name, url: `${origin}/${name}/`, authorization: undefined }, undefined);
      return polled.ok ? 'came' : polled.code;
    };
    assert.deepEqual(await Promise.all(Object.keys(replies).map(codeOf)), [
      'poll.unreachable',
      'poll.endless',
      'poll.too-long',
      'poll.media-type',
      'poll.unreadable',
      'poll.refused',
    ]);
    partner.close();
    assert.equal(await codeOf('gone'), 'poll.unreachable');
  });

  it('entities are found by the key that is shared with a partner, and by no other', () => {
    const partner = { name: 'bank-b', key: createSecretKey(Buffer.alloc(32, 7)) };
    const digest = partnerDigest(partner, 'phone', '+8613800138000');
    const object = indicator(
      `[hauberk-entity:entity_kind = 'phone' AND hauberk-entity:digest_scheme = 'bank-b' AND hauberk-entity:digest IN ('${digest}')]`,
    );
    const found = (key: number, entities: Record<string, string>) =>
      new WorkerIntelligence(
        { most: 10, least: 20, partners: [{ name: 'bank-b', key: createSecretKey(Buffer.alloc(32, key)) }] },
        { generation: 1, indicators: [{ source: 'bank-b', object }] },
      ).signals('192.0.2.1', entities, clock()).length;
    assert.equal(found(7, { phone: '+8613800138000' }), 1);
    assert.equal(found(8, { phone: '+8613800138000' }), 0);
    assert.equal(found(7, { account: '+8613800138000' }), 0);
  });
});
