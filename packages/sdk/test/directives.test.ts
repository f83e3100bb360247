/** Directives in the client: what is believed, what is in force, what stays so without a network. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Directive, directivePayload, type NamedKey, signDocument, context as signing } from '@hauberk/channel';
import type { TrustedConfig } from '@hauberk/channel/client';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { epochMs } from '@hauberk/primitives';
import { bucketInput, bucketOf } from '@hauberk/rollout/client';
import { type DirectiveInForce, openDirectives } from '@hauberk/sdk/directives';
import { createHauberk, fileStorage, type HauberkOptions, memoryStorage } from '@hauberk/sdk/node';
import { createLog, openStorage, parseConfig, startGateway } from '@hauberk/server';
import fc from 'fast-check';
import type { CoreContext } from '../src/core/core-context.ts';
import type { DirectiveOptions } from '../src/core/directive-keeper.ts';
import { EndpointList } from '../src/core/endpoint-list.ts';
import { streamEvents } from '../src/core/event-stream.ts';
import type { ClientStorage } from '../src/core/storage.ts';
import { TransportFault, type TransportReply } from '../src/core/transport.ts';
import { bundleForPage, noChromium, startChromium } from './chromium.ts';

const born = 1_800_000_000_000;
const me = { organisation: 'bank', app: 'retail', service: 'api' };
const pair = nodeCrypto.generateKeyPair('p256', 'sign');
const stranger = nodeCrypto.generateKeyPair('p256', 'sign');
const keys: readonly NamedKey[] = [{ kid: 'd1', publicKey: pair.publicKey }];
const stops = (...chains: readonly string[]) => ({
  stops: chains.map((chain) => ({ chain, action: 'deny' as const })),
});

const directive = (changes: Partial<Directive> = {}): Directive => ({
  signedBy: 'd1',
  id: `d-${changes.kind ?? 'privacy.stop'}-${changes.version ?? 1}`,
  kind: 'privacy.stop',
  kindVersion: 1,
  version: 1,
  scope: { organisation: 'bank', app: 'retail', service: null },
  notBeforeMs: epochMs(born - 1000),
  expiresAtMs: epochMs(born + 3_600_000),
  target: null,
  body: stops('c1'),
  ...changes,
});
const signed = (changes: Partial<Directive> = {}, key = pair): string =>
  signDocument(nodeCrypto, key.privateKey, signing.directive, directivePayload(directive(changes)));

interface World {
  documents: readonly string[];
  revision: number;
  now: number;
  /** Hosts that answer. */
  up: Set<string>;
  keys: readonly NamedKey[];
  /** Keys that a fetched config names. */
  newerKeys: readonly NamedKey[] | undefined;
  deviceId: string | undefined;
  readonly asked: string[];
  readonly reports: { readonly kind: string; readonly body: Readonly<Record<string, unknown>> }[];
}

const newWorld = (): World => ({
  documents: [],
  revision: 1,
  now: born,
  up: new Set(['gateway.example', 'cdn.example']),
  keys,
  newerKeys: undefined,
  deviceId: undefined,
  asked: [],
  reports: [],
});

const replyOf = (text: string): TransportReply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: new Response(text).body as ReadableStream<Uint8Array>,
});

/** A keeper in a world; nothing is streamed and nothing polled unless the options say so. */
const open = (world: World, options: DirectiveOptions = {}, storage: ClientStorage = memoryStorage()) => {
  const clock = { monotonic: () => performance.now(), wall: () => world.now };
  const transport = {
    streamsRequests: false,
    send: async ({ url }: { readonly url: string }): Promise<TransportReply> => {
      world.asked.push(url);
      if (!world.up.has(new URL(url).hostname)) throw new TransportFault('connect', 'down');
      return replyOf(JSON.stringify({ v: 1, revision: world.revision, documents: world.documents }));
    },
  };
  const context = {
    options: me,
    timeoutMs: 5000,
    minTimeoutMs: 5000,
    attempts: 1,
    endpoints: new EndpointList(['https://gateway.example'], clock.monotonic),
    ports: { crypto: nodeAsyncCrypto, storage, transport, clock, suites: [] },
  } as unknown as CoreContext;
  const trusted = (directiveKeys: readonly NamedKey[]): TrustedConfig =>
    ({ config: { directiveKeys } }) as unknown as TrustedConfig;
  const keeper = openDirectives({ stream: false, pollMs: 0, ...options })({
    context,
    config: async () => trusted(world.keys),
    refreshConfig: async () => {
      world.keys = world.newerKeys ?? world.keys;
      return trusted(world.keys);
    },
    now: async () => world.now,
    report: (kind, body) => void world.reports.push({ kind, body }),
  });
  const told: (DirectiveInForce<'privacy.stop'> | undefined)[] = [];
  keeper.subscribe('privacy.stop', (each) => told.push(each));
  const chains = (): readonly string[] => told.at(-1)?.body.stops.map(({ chain }) => chain) ?? [];
  const see = async (...documents: readonly string[]): Promise<readonly string[]> => {
    world.documents = documents;
    await keeper.refresh();
    await settle();
    return chains();
  };
  return { keeper, told, chains, see, storage };
};

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const until = async (isThere: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 600 && !isThere(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 25));
  assert.ok(isThere(), 'never came');
};

describe('what is believed', () => {
  for (const [name, document, code] of [
    ['forged: signed by a stranger under a known name', signed({}, stranger), 'document.signature'],
    ['signed by a key that no config names', signed({ signedBy: 'd9' }), 'document.unknown-key'],
    ['of another organisation', signed({ scope: { ...me, organisation: 'other', service: null } }), 'document.scope'],
    ['of another app', signed({ scope: { ...me, app: 'corporate', service: null } }), 'document.scope'],
    ['of another service', signed({ scope: { ...me, service: 'web' } }), 'document.scope'],
    ['expired', signed({ expiresAtMs: epochMs(born) }), 'document.expired'],
    ['of a kind that nobody knows', signed({ kind: 'toaster.brown' }), 'directive.kind'],
    ['of a version of its kind that is not known', signed({ kindVersion: 2 }), 'directive.kind-version'],
    ['with a body that is none', signed({ body: { stops: 'all' } }), 'directive.body'],
    ['with a target that cannot be read', signed({ target: { perMille: 10 } }), 'directive.target'],
    ['no document', 'nonsense', 'document.malformed'],
  ] as const)
    it(`not: ${name}`, async () => {
      const world = newWorld();
      const { see, keeper } = open(world);
      assert.deepEqual(await see(document), []);
      assert.ok((keeper.status().refused[code] ?? 0) > 0, JSON.stringify(keeper.status()));
      assert.equal(world.reports.filter(({ body }) => body['code'] === code).length, 1, 'reported once');
      assert.deepEqual(await see(document, signed()), ['c1'], 'and it takes nothing else along');
    });

  it('what a refused document says is not repeated unless it was genuine', async () => {
    const world = newWorld();
    const { see } = open(world);
    await see(signed({ kind: 'a-name-of-my-choice' }, stranger));
    assert.doesNotMatch(JSON.stringify(world.reports), /my-choice/);
  });

  it('an older version is refused, also after what it would replace has expired', async () => {
    const world = newWorld();
    const { see, keeper } = open(world);
    const long = signed({ expiresAtMs: epochMs(born + 9_000_000) });
    assert.deepEqual(await see(signed({ version: 2, body: stops('c2') })), ['c2']);
    assert.deepEqual(await see(long), ['c2']);
    assert.equal(keeper.status().refused['document.rollback'], 1);
    world.now = born + 3_600_000;
    assert.deepEqual(await see(long), []);
  });

  it('a key that a newer config names is believed', async () => {
    const world = newWorld();
    world.newerKeys = [...keys, { kid: 'd2', publicKey: stranger.publicKey }];
    const { see } = open(world);
    assert.deepEqual(await see(signed({ signedBy: 'd2' }, stranger)), ['c1']);
  });

  it('a mirror is asked when no origin answers; it cannot make this client deaf', async () => {
    const world = newWorld();
    world.up = new Set(['cdn.example']);
    world.revision = 9_000_000;
    const { see, keeper } = open(world, { mirrors: ['https://cdn.example/retail.json'] });
    assert.deepEqual(await see(signed()), ['c1']);
    assert.equal(keeper.status().revision, 0, 'a number that a mirror made up');
    world.up = new Set(['gateway.example']);
    world.revision = 2;
    world.documents = [signed({ version: 2, body: stops() })];
    keeper.announced('2');
    await until(() => keeper.status().revision === 2);
  });
});

describe('what is in force', () => {
  it('subscribers hear of the present and of every change, once each, until they leave', async () => {
    const world = newWorld();
    const { see, told, keeper } = open(world);
    await see(signed());
    await see(signed());
    await see(signed({ version: 2, body: stops('c2') }), signed());
    assert.deepEqual(
      told.map((each) => each?.version),
      [undefined, 1, 2],
    );
    const late: unknown[] = [];
    const leave = keeper.subscribe('privacy.stop', (each) => late.push(each?.version));
    await settle();
    leave();
    await see(signed({ version: 3 }));
    assert.deepEqual(late, [2]);
  });

  it('it ends with its time, without anybody saying so', async () => {
    const world = newWorld();
    const { see, chains } = open(world);
    await see(signed({ expiresAtMs: epochMs(born + 30) }));
    assert.deepEqual(chains(), ['c1']);
    world.now = born + 30;
    await until(() => chains().length === 0);
  });

  it('the closer scope counts, and the kill switch sets a kind aside until it is taken back', async () => {
    const world = newWorld();
    const { see } = open(world);
    const wide = signed({ scope: { organisation: 'bank', app: null, service: null }, version: 7, body: stops('wide') });
    const close = signed({ scope: me, body: stops('close') });
    assert.deepEqual(await see(wide), ['wide']);
    assert.deepEqual(await see(wide, signed({ version: 2 })), ['c1']);
    assert.deepEqual(await see(wide, signed({ version: 2 }), close), ['close']);
    const kill = (version: number, ...kinds: readonly string[]): string =>
      signed({ kind: 'kill', version, body: { kinds }, scope: { organisation: 'bank', app: null, service: null } });
    assert.deepEqual(await see(close, kill(1, 'privacy.stop')), []);
    assert.deepEqual(await see(close, kill(2, 'other')), ['close']);
    assert.deepEqual(await see(close, kill(3, '*')), []);
    assert.deepEqual(await see(close, kill(4)), ['close']);
  });

  it('targets are judged here: version, cohort, share of the devices once the device has an id', async () => {
    const target = (members: object) => ({ versions: [], cohorts: [], perMille: 1000, salt: 's', ...members });
    const bucket = bucketOf(nodeCrypto.sha256(bucketInput('s', 'device-1')));
    const world = newWorld();
    const { see, storage, keeper, chains } = open(world, { appVersion: '2.4.0', cohorts: ['staff'] });
    const targeted = (version: number, members: object): string =>
      signed({ version, body: stops(`v${version}`), target: target(members) });
    assert.deepEqual(await see(targeted(1, { versions: [{ from: '3', below: null }] })), []);
    assert.deepEqual(await see(targeted(1, { versions: [{ from: '2.4', below: '2.5' }] })), ['v1']);
    assert.deepEqual(await see(targeted(2, { cohorts: ['beta'] })), ['v1']);
    assert.deepEqual(await see(targeted(2, { cohorts: ['staff'] })), ['v2']);
    const part = targeted(3, { perMille: bucket + 1 });
    assert.deepEqual(await see(part), ['v2']);
    const keyPair = await nodeAsyncCrypto.generateKeyPair('p256', 'sign');
    await storage.update('identity', () => ({ keyPair, deviceId: 'device-1' }));
    keeper.announced('0');
    await until(() => chains()[0] === 'v3');
    assert.deepEqual(await see(targeted(4, { perMille: bucket })), ['v3']);
  });
});

describe('over restarts', () => {
  it('what was in force is in force again without a network, and verified again', async () => {
    const world = newWorld();
    const first = open(world);
    assert.deepEqual(await first.see(signed({ version: 2 })), ['c1']);
    first.keeper.stop();
    world.up.clear();
    const second = open(world, {}, first.storage);
    await until(() => second.told.length > 0);
    assert.deepEqual(second.chains(), ['c1']);
    assert.equal(second.keeper.status().revision, 1);
  });

  it('a changed cache is not believed, and its floor holds against an older version from the network', async () => {
    const world = newWorld();
    const { storage, see } = open(world);
    await see(signed({ version: 5 }));
    await storage.update('directives', (held) => ({
      revision: 9,
      floors: held?.floors ?? {},
      documents: [signed({ version: 6, body: stops('mine') }, stranger)],
    }));
    const second = open(world, {}, storage);
    assert.deepEqual(await second.see(signed({ version: 4 })), []);
    assert.equal(second.keeper.status().refused['document.signature'], 1);
    assert.equal(second.keeper.status().refused['document.rollback'], 1);
    assert.deepEqual(await second.see(signed({ version: 5 })), ['c1']);
  });

  it('what expired meanwhile is not in force', async () => {
    const world = newWorld();
    const { storage, see } = open(world);
    await see(signed());
    world.now = born + 3_600_000;
    world.up.clear();
    const second = open(world, {}, storage);
    await until(() => second.told.length > 0);
    assert.deepEqual(second.told, [undefined]);
  });
});

describe('the health of sessions', () => {
  it('one report a session: ended, crashed, or found open at the next start', async () => {
    const world = newWorld();
    const { keeper, storage, see } = open(world, { appVersion: '2.4.0', cohorts: ['staff'] });
    world.revision = 7;
    await see(signed());
    await keeper.health.begin();
    keeper.health.error();
    world.now += 90_000;
    await keeper.health.end();
    await keeper.health.end();
    const expected = { appVersion: '2.4.0', cohorts: ['staff'], revision: 7, seconds: 90, errors: 1, crashed: false };
    assert.deepEqual(world.reports, [{ kind: 'session.health', body: expected }]);
    await keeper.health.begin();
    await keeper.health.crashed();
    assert.equal(world.reports.at(-1)?.body['crashed'], true);
    await keeper.health.begin();
    await open(world, {}, storage).keeper.health.begin();
    assert.equal(world.reports.at(-1)?.body['crashed'], true, 'it was in front of its user');
    const third = open(world, {}, storage).keeper.health;
    await third.begin();
    third.background();
    await settle();
    await open(world, {}, storage).keeper.health.begin();
    assert.equal(world.reports.at(-1)?.body['crashed'], false, 'the system may end what nobody sees');
  });
});

describe('with a whole gateway', () => {
  const start = async (folder: string, port = 0) => {
    const upstream = createServer((_incoming, response) => void response.end('{}'));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const loaded = parseConfig(
      {
        organisation: 'bank',
        apps: [{ id: 'retail' }],
        state: 'state',
        workers: 2,
        listen: { port },
        services: [{ id: 'api', upstream: 'core', routes: [{ path: '/api/{rest*}', mode: 'sealed' }] }],
        upstreams: {
          core: { origin: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, factsKey: 'f'.repeat(40) },
        },
        sessions: { tiers: [{ name: 'software', sessions: 256 }], devices: 64, strikes: 4096 },
        log: { access: 'none' },
        overload: { queueTargetMs: 0 },
      },
      join(folder, 'made.yaml'),
    );
    assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
    const { config } = loaded;
    const log = createLog('error', () => undefined);
    const running = await startGateway({
      config,
      storage: await openStorage({ folder: config.state }),
      version: '0',
      log,
    });
    const close = async (): Promise<void> => {
      await running.stop();
      upstream.close();
    };
    const options: HauberkOptions = {
      ...me,
      endpoints: [running.url],
      trust: { configKeys: running.trust().configKeys, minConfigVersion: 1, buildTimeMs: 0 },
      timeoutMs: 10_000,
    };
    const publish = async (chain: string): Promise<void> => {
      const plan = {
        kind: 'privacy.stop' as const,
        kindVersion: 1,
        service: null,
        body: stops(chain),
        audience: { versions: [], cohorts: [] },
        stages: [1000],
        guard: null,
        lifeMs: 3_600_000,
        reason: '',
      };
      const by = { draft: 'ann', approve: 'ben' };
      const done = await running.directives.publish({ organisation: 'bank', app: 'retail' }, plan, by);
      assert.ok(done.ok);
    };
    return { running, options, publish, close };
  };
  const follow = (options: HauberkOptions, storage: ClientStorage, more: DirectiveOptions) => {
    const client = createHauberk({ ...options, directives: openDirectives(more) }, { storage });
    const seen: string[] = [];
    client.directives.subscribe('privacy.stop', (each) => seen.push(each?.body.stops[0]?.chain ?? 'nothing'));
    return { client, seen };
  };

  it('pushed over the stream, announced in the next reply, in force after an offline restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hauberk-directives-'));
    const storage = fileStorage(join(folder, 'device.json'));
    const { options, publish, close } = await start(folder);
    try {
      const streaming = follow(options, memoryStorage(), { pollMs: 0 });
      const asking = follow(options, storage, { stream: false, pollMs: 0 });
      await until(() => streaming.client.directives.status().isConnected && asking.seen.length > 0);
      await publish('one');
      await until(() => streaming.seen.at(-1) === 'one');
      assert.deepEqual(asking.seen, ['nothing'], 'nobody told it yet');
      assert.equal((await asking.client.fetch('/api/anything')).status, 200);
      await until(() => asking.seen.at(-1) === 'one');
      await publish('two');
      await until(() => streaming.seen.at(-1) === 'two');
      await asking.client.fetch('/api/anything');
      await until(() => asking.seen.at(-1) === 'two');
      streaming.client.directives.stop();
      asking.client.directives.stop();
    } finally {
      await close();
    }
    const offline = follow(options, fileStorage(join(folder, 'device.json')), { pollMs: 0 });
    await until(() => offline.seen.length > 0);
    assert.deepEqual(offline.seen, ['two']);
    offline.client.directives.stop();
    rmSync(folder, { recursive: true });
  });

  it('a rollout whose devices crash halts itself, and they get back what they had', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hauberk-directives-'));
    const { running, options, publish, close } = await start(folder);
    const scope = { organisation: 'bank', app: 'retail' };
    const { directives } = running;
    try {
      await publish('before');
      const drafted = await directives.draft(
        scope,
        {
          kind: 'privacy.stop',
          kindVersion: 1,
          service: null,
          body: stops('harmful'),
          audience: { versions: [{ from: '2', below: null }], cohorts: [] },
          stages: [500, 1000],
          guard: { falseHaltPerMille: 10, crashesPerMillion: null, errorsPerMillion: null },
          lifeMs: 3_600_000,
          reason: '',
        },
        'ann',
      );
      assert.ok(drafted.ok);
      const { id } = drafted.value.rollout;
      assert.ok((await directives.approve(scope, id, 'ben')).ok);
      assert.ok((await directives.stage(scope, id, 'ann')).ok);
      const phones = Array.from({ length: 32 }, () =>
        follow(options, memoryStorage(), { appVersion: '2.0', stream: false, pollMs: 0 }),
      );
      const isHarmed = ({ seen }: (typeof phones)[number]): boolean => seen.at(-1) === 'harmful';
      for (const phone of phones) {
        await phone.client.connect();
        await phone.client.directives.refresh();
        await until(() => phone.seen.length > 0 && phone.seen.at(-1) !== 'nothing');
        // Which phones are in the stage is drawn by their ids; the app of those goes down.
        for (let session = 0; session < 2; session += 1) {
          await phone.client.directives.health.begin();
          if (isHarmed(phone)) await phone.client.directives.health.crashed();
          else await phone.client.directives.health.end();
        }
        await phone.client.flushReports();
      }
      const harmed = phones.filter(isHarmed);
      assert.ok(harmed.length > 5 && harmed.length < 27, `${harmed.length} of 32`);
      let state = '';
      for (let tries = 0; tries < 400 && state !== 'halted'; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        state = (await directives.find(scope, id))?.rollout.state ?? '';
      }
      assert.equal(state, 'halted');
      for (const phone of harmed) {
        await phone.client.fetch('/api/anything');
        await until(() => phone.seen.at(-1) === 'before');
      }
      for (const { client } of phones) client.directives.stop();
    } finally {
      await close();
      rmSync(folder, { recursive: true });
    }
  });

  it('in a page: pushed, announced, and in force after the page was loaded again without a network', {
    skip: noChromium,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hauberk-directives-'));
    const { running, options, publish, close } = await start(folder);
    const browser = await startChromium();
    try {
      const visitor = await browser.newContext();
      // The page itself comes from nowhere: only what the SDK does needs the gateway.
      const html = { contentType: 'text/html', body: '<!doctype html><title>app</title>' };
      await visitor.route(`${running.url}/page`, (route) => route.fulfill(html));
      const script = await bundleForPage('directives.ts');
      const load = async (stream: boolean) => {
        const page = await visitor.newPage();
        await page.goto(`${running.url}/page`);
        await page.addScriptTag({ content: script });
        const call = <Answer>(name: string, ...input: readonly unknown[]): Promise<Answer> =>
          page.evaluate(
            ([exported, given]) =>
              (globalThis as unknown as { suite: Record<string, (...values: readonly unknown[]) => unknown> }).suite[
                exported
              ]?.(...given),
            [name, input] as const,
          ) as Promise<Answer>;
        await call('follow', options, stream);
        const sees = async (chain: string): Promise<void> => {
          let seen: readonly string[] = [];
          for (let tries = 0; tries < 400 && seen.at(-1) !== chain; tries += 1) {
            await new Promise((resolve) => setTimeout(resolve, 25));
            seen = await call<readonly string[]>('whatWasSeen');
          }
          assert.equal(seen.at(-1), chain);
        };
        return { page, call, sees };
      };
      const streaming = await load(true);
      for (let tries = 0; tries < 400 && !(await streaming.call<boolean>('connected')); tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 25));
      await publish('one');
      await streaming.sees('one');
      await streaming.page.close();
      const asking = await load(false);
      await asking.sees('one');
      await publish('two');
      assert.equal(await asking.call('request'), 200);
      await asking.sees('two');
      await asking.page.close();
      await close();
      await (await load(true)).sees('two');
    } finally {
      await browser.close();
      await close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('event streams', () => {
  it('are read alike however their bytes are cut', async () => {
    const text =
      ': hello\n\nid: 1\nevent: directives\ndata: {"a":"ü€𝄞"}\n\n:\n\r\ndata:two\r\ndata: lines\r\n\r\nevent: none\n\ndata: cut';
    const bytes = new TextEncoder().encode(text);
    const expected = [
      { event: 'directives', data: '{"a":"ü€𝄞"}' },
      { event: 'message', data: 'two\nlines' },
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const stream = new ReadableStream<Uint8Array>({
          start: (controller) => {
            for (const [index, place] of places.slice(1).entries())
              controller.enqueue(bytes.slice(places[index], place));
            controller.close();
          },
        });
        const events = [];
        for await (const event of streamEvents(stream, () => undefined)) events.push(event);
        assert.deepEqual(events, expected);
      }),
      { numRuns: 200 },
    );
  });

  it('that never end an event are given up', async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(120)),
    });
    await assert.rejects(async () => {
      for await (const _event of streamEvents(endless, () => undefined)) assert.fail();
    }, RangeError);
  });
});
