/** Bindings in PostgreSQL: the contract of the store, races between connections and processes, and a database that dies in between. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { endpoint } from '@hauberk/channel/client';
import { bindingStoreContract } from '../contract/binding-store.ts';
import type { OpenedStorage } from '../contract/harness.ts';
import { chainHash } from '../src/audit/audit-log.ts';
import type { BindingStore } from '../src/binding/binding-store.ts';
import type { PostgresConfig } from '../src/config/storage-config.ts';
import { parseConfig } from '../src/index.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';
import { type PostgresBindings, postgresBindings } from '../src/storage/postgres/postgres-binding-store.ts';
import { StateError, StorageFault, StorageUnavailable } from '../src/storage/storage-refusal.ts';
import type { Stores } from '../src/storage/stores.ts';
import { ask, bind, codeOf, ok, openBank, scope, VirtualClock } from './binding-kit.ts';
import { call, enrol, openSession } from './channel-device.ts';
import { type EchoGateway, startEchoGateway } from './echo-gateway.ts';
import { noPostgres, type PostgresCluster, startCluster } from './postgres-cluster.ts';
import { selfSigned } from './self-signed.ts';

let cluster: PostgresCluster;
let schemas = 0;
const opened: PostgresBindings[] = [];

/** A place of its own in the cluster. */
const place = (over: Partial<PostgresConfig> = {}): PostgresConfig => {
  schemas += 1;
  return { ...cluster.config, schema: `s${schemas}`, ...over };
};

const open = (config: PostgresConfig): PostgresBindings => {
  const bindings = postgresBindings(config);
  opened.push(bindings);
  return bindings;
};

const started = async (config: PostgresConfig = place()): Promise<PostgresBindings> => {
  const bindings = open(config);
  await bindings.start();
  return bindings;
};

const now = new VirtualClock().wallMs;
const tokenKey = (id: string) => ({ kind: 'token', id }) as const;

/** Claims a token that must be free. */
const claim = async (store: BindingStore, id: string, attempt = 'a') =>
  store.commit(
    scope,
    {
      fence: await store.fence(),
      read: [{ key: tokenKey(id), version: 0 }],
      puts: [{ ...tokenKey(id), value: { attempt } }],
      audit: [{ actor: 'binding', action: 'binding.issued', subject: JSON.stringify(id), facts: {} }],
    },
    now,
  );

const claimedBy = async (store: BindingStore, id: string) =>
  ((await store.load(scope, [tokenKey(id)]))[0]?.value as { attempt: string } | undefined)?.attempt;

/** The chain of an app holds together from its first entry on. */
const checkChain = async (bindings: PostgresBindings, config: PostgresConfig): Promise<number> => {
  const { size, hash } = await bindings.auditHead(scope);
  const lines = cluster.sql(
    `select entry || '~' || encode(hash, 'hex') from ${config.schema}.binding_audit order by sequence`,
  );
  let previous: Uint8Array = new Uint8Array(32);
  const entries = lines.split('\n').filter((line) => line !== '');
  for (const line of entries) {
    const [entry = '', hex = ''] = line.split('~');
    previous = chainHash(previous, entry);
    assert.equal(Buffer.from(previous).toString('hex'), hex);
  }
  assert.deepEqual([entries.length, Buffer.from(hash).toString('hex')], [size, Buffer.from(previous).toString('hex')]);
  return size;
};

/** `audit verify` of a gateway that was stopped: its own log, and the chain in the database that the log anchors. */
const verifyAfterStop = async (gateway: EchoGateway, config: PostgresConfig): Promise<void> => {
  await gateway.stop();
  const { folder } = gateway;
  const file = join(folder, 'verified.yaml');
  const { apps, organisation, services, upstreams, binding } = gateway.config;
  const { bank, brand, links, secret, credential, vmns } = binding ?? assert.fail();
  const [service] = services;
  const login = service?.routes.find(({ id }) => id === 'login');
  const written = {
    organisation,
    apps: apps.map(({ id }) => ({ id })),
    services: [
      {
        id: 'bank',
        upstream: 'core',
        routes: [{ id: 'login', methods: ['POST'], path: '/login', login: login?.login }],
      },
    ],
    upstreams: { core: { origin: 'http://127.0.0.1:9', factsKey: upstreams['core']?.factsKey } },
    binding: { apps: binding?.apps, bank, brand, links, secret, credential, vmns, policy: { onStaleList: 'accept' } },
    storage: { binding: { postgres: config } },
  };
  writeFileSync(file, JSON.stringify(written));
  const main = new URL('../src/main.ts', import.meta.url).pathname;
  const verify = (): { readonly status: number | null; readonly out: string } => {
    const args = ['audit', 'verify', '--state', join(folder, 'state'), '--config', file, '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
    return { status, out: stdout + stderr };
  };
  const whole = verify();
  assert.equal(whole.status, 0, whole.out);
  assert.match(whole.out, /"bindings":\[\{"app":"app","ok":true,"entries":1,"anchored":1/);
  const table = `${config.schema}.binding_audit`;
  const entry = cluster.sql(`select entry from ${table}`);
  const bent: readonly (readonly [string, string, RegExp])[] = [
    [
      `update ${table} set entry = replace(entry, 'not-attested', 'declined')`,
      `update ${table} set entry = '${entry}'`,
      /entry-hash/,
    ],
    [`update ${table} set at_ms = at_ms + 1`, `update ${table} set at_ms = at_ms - 1`, /entry-columns/],
    [`update ${table} set sequence = 2`, `update ${table} set sequence = 1`, /entry-missing|log-truncated/],
    // A database that was put back to an earlier time agrees with itself; the signed log does not agree with it.
    [
      `begin; create table ${table}_kept as table ${table}; delete from ${table}; update ${config.schema}.binding_audit_heads set size = 0, hash = decode(repeat('00', 32), 'hex'); commit`,
      `insert into ${table} table ${table}_kept`,
      /log-truncated/,
    ],
  ];
  for (const [bend, mend, finding] of bent) {
    cluster.sql(bend);
    const found = verify();
    assert.equal(found.status, 1, found.out);
    assert.match(found.out, finding);
    cluster.sql(mend);
  }
};

const openHarness = async (): Promise<OpenedStorage> => {
  const config = place();
  const [first, second] = [await started(config), open(config)];
  const inMemory = memoryStorage().connect().stores;
  const storesOf = (bindings: PostgresBindings): Stores => ({
    ...inMemory,
    bindings: bindings.store,
    audit: { ...inMemory.audit, readAfter: (...args) => bindings.auditAfter(...args) },
  });
  const table = `${config.schema}.binding_rows`;
  return {
    stores: storesOf(first),
    other: storesOf(second),
    loseOther: async () => second.close(),
    // What the server says when its disk is full.
    fill: async (isFull) => {
      cluster.sql(
        isFull
          ? `create function ${config.schema}.full() returns trigger language plpgsql as $$ begin raise exception 'full' using errcode = '53100'; end $$;
             create trigger full_disk before insert on ${table} execute function ${config.schema}.full()`
          : `drop trigger full_disk on ${table}`,
      );
    },
    close: async () => undefined,
  };
};

/** Between us and the server; what passes is watched. */
const startProxy = async (socketPath: string) => {
  const sockets = new Set<Socket>();
  const rule = { onCommit: 'pass' as 'pass' | 'cut-before' | 'cut-after' | 'silent' };
  const server = createServer((near) => {
    const far = connect(socketPath);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [near, far].map((each) => each.destroy()));
    }
    let isCut = false;
    let isSilent = false;
    near.on('data', (bytes) => {
      const isCommit = bytes.includes('commit\u0000');
      if (isCommit && rule.onCommit === 'cut-before') return near.destroy();
      if (isCommit && rule.onCommit === 'cut-after') isCut = true;
      if (isCommit && rule.onCommit === 'silent') isSilent = true;
      if (!isSilent) far.write(bytes);
      return undefined;
    });
    far.on('data', (bytes) => {
      if (isCut) near.destroy();
      else if (!isSilent) near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: address.port, rule, close };
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
};

describe('bindings in PostgreSQL', { skip: noPostgres }, () => {
  before(() => {
    cluster = startCluster();
  });
  after(async () => {
    await Promise.allSettled(opened.map((bindings) => bindings.close()));
    cluster.remove();
  });

  bindingStoreContract('PostgreSQL', openHarness);

  test('the whole service runs on it: bound once, blocked at the fourth token, audited in one chain', async () => {
    const config = place();
    const bindings = await started(config);
    const bank = openBank(bindings.store);
    await bind(bank);
    for (const phone of ['one', 'one', 'one']) ok(await bank.service.requestToken(ask('bob', phone)));
    assert.equal(codeOf(await bank.service.requestToken(ask('bob', 'one'))), 'binding.device-blocked');
    const actions = (await bindings.auditAfter(scope, 0, 99)).map(({ facts }) => facts['to']);
    assert.deepEqual(actions.slice(0, 4), ['issued', 'seen', 'proven', 'bound']);
    assert.equal(await checkChain(bindings, config), actions.length);
  });

  test('keys of any text are rows of their own: NUL, backslashes, halves of characters', async () => {
    const { store } = await started();
    const ids = ['a\u0000', 'a\\0000', 'a', 'a\\', 'a\ud800', 'a\udc00', 'a\ufffd', 'a\u{1f600}', "a'"];
    for (const id of ids) ok(await claim(store, id, JSON.stringify(id)));
    for (const id of ids) assert.equal(await claimedBy(store, id), JSON.stringify(id));
  });

  test('two connections that read each other’s row and write their own do not both win', async () => {
    const config = place();
    const [one, two] = [(await started(config)).store, open(config).store];
    for (let round = 0; round < 20; round += 1) {
      const [left, right] = [tokenKey(`l${round}`), tokenKey(`r${round}`)];
      const fence = await one.fence();
      const read = [left, right].map((key) => ({ key, version: 0 }));
      const write = (store: BindingStore, key: typeof left) =>
        store.commit(scope, { fence, read, puts: [{ ...key, value: { attempt: key.id } }], audit: [] }, now);
      const codes = (await Promise.all([write(one, left), write(two, right)])).map(codeOf);
      assert.deepEqual(codes.toSorted(), ['accepted', 'binding-conflict']);
    }
  });

  test('two processes claim the same tokens: each has exactly one owner, and every claim is audited once', async () => {
    const config = place();
    const bindings = await started(config);
    const tokens = Array.from({ length: 150 }, (_, index) => `t${index}`);
    const children: ChildProcess[] = [];
    try {
      const run = (name: string) => {
        const order = name === 'p0' ? tokens : tokens.toReversed();
        const script = new URL('./binding-postgres-child.ts', import.meta.url).pathname;
        const child = spawn(process.execPath, [script, JSON.stringify({ config, name, tokens: order })], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        children.push(child);
        return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
      };
      const racers = ['p0', 'p1'].map(run);
      for (const { lines } of racers) assert.equal((await lines.next()).value, 'ready');
      for (const { child } of racers) child.stdin.write('go\n');
      const won = await Promise.all(
        racers.map(async ({ lines }) => JSON.parse(String((await lines.next()).value)) as string[]),
      );
      assert.deepEqual(won.flat().toSorted(), tokens.toSorted());
      for (const [index, ids] of won.entries())
        for (const id of ids) assert.equal(await claimedBy(bindings.store, id), `p${index}`);
      assert.equal(await checkChain(bindings, config), tokens.length);
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });

  test('a start, and a failover to another timeline, void what was decided before', async () => {
    const config = place();
    const { store } = await started(config);
    const old = await store.fence();
    await started(config);
    assert.equal(await store.fence(), old + 1);
    const change = { fence: old, read: [], puts: [], audit: [] };
    assert.equal(codeOf(await store.commit(scope, change, now)), 'binding-fenced');
    // As a promoted standby finds it: the rows of the old timeline, and itself on a new one.
    cluster.sql(`update ${config.schema}.binding_state set timeline = '000000FF'`);
    assert.equal(codeOf(await store.commit(scope, { ...change, fence: old + 1 }, now)), 'binding-fenced');
    assert.equal(await store.fence(), old + 2);
    ok(await store.commit(scope, { ...change, fence: old + 2 }, now));
  });

  test('tables are made once by many that start together; those of a newer program are refused', async () => {
    const config = place();
    await Promise.all([started(config), started(config), started(config)]);
    cluster.sql(`insert into ${config.schema}.binding_migration (name, timestamp) values ('9999-later', '2030')`);
    await assert.rejects(
      started(config),
      (error) => error instanceof StateError && error.code === 'state-newer-than-program',
    );
  });

  test('a database that may forget what it acknowledged is refused', async () => {
    cluster.sql('alter role hauberk set synchronous_commit = off');
    try {
      await assert.rejects(started(), (error) => error instanceof StateError && error.code === 'database-unsafe');
    } finally {
      cluster.sql('alter role hauberk reset synchronous_commit');
    }
  });

  test('calls beyond the bound are refused at once, and the bound is free again afterwards', async () => {
    const config = place();
    await started(config);
    const { store } = open({ ...config, calls: 2, connections: 1 });
    const fence = await store.fence();
    const commits = Array.from({ length: 6 }, (_, index) =>
      store.commit(
        scope,
        { fence, read: [], puts: [{ ...tokenKey(`b${index}`), value: { attempt: 'a' } }], audit: [] },
        now,
      ),
    );
    const codes = (await Promise.all(commits)).map(codeOf);
    assert.deepEqual(codes.toSorted(), ['accepted', 'accepted', ...Array<string>(4).fill('storage-overloaded')]);
    ok(await claim(store, 'later'));
  });

  test('a lock that is never given back is waited for a bounded time, then refused', async () => {
    const config = place({ statementTimeoutMs: 300 });
    const [{ store }, holder] = [await started(config), open(config)];
    cluster.sql(`create function ${config.schema}.hang() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
      create trigger hang before insert on ${config.schema}.binding_rows execute function ${config.schema}.hang()`);
    const codes = (await Promise.all([claim(store, 'x'), claim(holder.store, 'x')])).map(codeOf);
    assert.deepEqual(codes, ['storage-overloaded', 'storage-overloaded']);
    cluster.sql(`drop trigger hang on ${config.schema}.binding_rows`);
    ok(await claim(store, 'x'));
  });

  test('an answer to a commit that was lost is asked for: committed is accepted, undone is refused, and each once', async () => {
    const config = place();
    const direct = await started(config);
    const proxy = await startProxy(join(config.host, `.s.PGSQL.${config.port}`));
    try {
      const { store } = open({ ...config, host: '127.0.0.1', port: proxy.port, statementTimeoutMs: 500 });
      ok(await claim(store, 'plain'));
      proxy.rule.onCommit = 'cut-after';
      ok(await claim(store, 'after', 'mine'));
      assert.equal(await claimedBy(direct.store, 'after'), 'mine');
      proxy.rule.onCommit = 'cut-before';
      assert.equal(codeOf(await claim(store, 'before')), 'storage-closed');
      assert.equal(await claimedBy(direct.store, 'before'), undefined);
      proxy.rule.onCommit = 'silent';
      assert.equal(codeOf(await claim(store, 'silent')), 'storage-closed');
      assert.equal(await claimedBy(direct.store, 'silent'), undefined);
      proxy.rule.onCommit = 'pass';
      ok(await claim(store, 'again'));
      assert.equal(await checkChain(direct, config), 3);
    } finally {
      proxy.close();
    }
  });

  test('kill -9 of a backend in the middle of transactions loses nothing that was acknowledged and keeps nothing that was refused', async () => {
    const config = place();
    const bindings = await started(config);
    const { store } = bindings;
    const fates = new Map<string, string>();
    let isOver = false;
    const worker = async (name: number): Promise<void> => {
      for (let index = 0; !isOver || index < 3; index += 1) {
        const id = `w${name}-${index}`;
        try {
          fates.set(id, codeOf(await claim(store, id)));
        } catch (error) {
          assert.ok(error instanceof StorageFault || error instanceof StorageUnavailable, String(error));
          fates.set(id, error instanceof StorageFault ? 'unknown' : 'never sent');
          await pause(20);
        }
      }
    };
    const workers = Promise.all([0, 1, 2, 3].map(worker));
    const acknowledged = (): number => [...fates.values()].filter((fate) => fate === 'accepted').length;
    try {
      for (let crash = 0; crash < 2; crash += 1) {
        const enough = acknowledged() + 20;
        while (acknowledged() < enough) await pause(10);
        const pid = Number(
          cluster.sql(
            "select pid from pg_stat_activity where application_name = 'hauberk' order by xact_start nulls last limit 1",
          ),
        );
        assert.ok(pid > 1);
        process.kill(pid, 'SIGKILL');
        const recovered = acknowledged() + 10;
        while (acknowledged() < recovered) await pause(10);
      }
    } finally {
      isOver = true;
    }
    await workers;
    assert.ok(
      [...fates.values()].some((fate) => fate !== 'accepted'),
      'the crash was felt',
    );
    for (const [id, fate] of fates) {
      const owner = await claimedBy(store, id);
      if (fate === 'accepted') assert.equal(owner, 'a', id);
      else if (fate !== 'unknown') assert.equal(owner, undefined, `${id} ${fate}`);
    }
    assert.ok((await checkChain(bindings, config)) >= acknowledged());
  });

  test('a whole gateway keeps its bindings there: what a worker thread decided is in the database', async () => {
    const config = place();
    const credential = { kind: 'authorization' };
    const vmns = Array.from({ length: 12 }, (_, index) => `+9190000000${String(index * 7 + 10)}`);
    const bank = createHttpServer((incoming, response) => {
      incoming.resume().on('end', () => response.end('{"number":"+919811111111"}'));
    });
    await once(bank.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(bank.address() as AddressInfo).port}`;
    const section = {
      apps: { app: { android: 51, ios: 51 } },
      brand: 'Demo Bank',
      vmns,
      links: [{ id: 'operator' }],
      secret: 's'.repeat(32),
      credential,
      bank: { url, token: 't'.repeat(16) },
      policy: { onStaleList: 'accept' },
    };
    const login = {
      id: 'login',
      methods: ['POST'],
      path: '/login',
      login: { credential, opens: { credentialPointer: '/from', customerPointer: '/from', lifeSeconds: 600 } },
    };
    const gateway = await startEchoGateway({ routes: [login] }, () => ({
      binding: section,
      storage: { binding: { postgres: config } },
    }));
    try {
      const { running } = gateway;
      const session = await openSession(running.url, running.trust(), await enrol(running.url, running.trust()));
      assert.equal((await call(session, { url: '/login', body: '{}' })).status, 200);
      const reply = await call(session, {
        url: endpoint.bind,
        mode: 'sealed',
        headers: { authorization: 'Bearer upstream' },
        body: JSON.stringify({
          do: 'start',
          number: '+919811111111',
          fingerprint: 'print',
          replaces: false,
          app: 51,
          system: { family: 'android', version: 16, patchLevel: 202_609 },
          evidence: { sim: 'present', airplane: 'off', path: 'cellular', cellularWorks: true, slot: 0 },
        }),
      });
      assert.deepEqual(
        [reply.status, JSON.parse(Buffer.from(reply.body).toString()).code],
        [200, 'binding.not-attested'],
      );
      const entry = JSON.parse(cluster.sql(`select entry from ${config.schema}.binding_audit`)) as { facts: object };
      assert.equal((entry.facts as { code: string }).code, 'binding.not-attested');
      assert.equal(cluster.sql(`select fence from ${config.schema}.binding_state`), '1');
      // Operators look where the gateway writes.
      const seen = running.administration.bindingsOf({ organisation: 'demo', app: 'app' });
      const [attempt] = (await seen?.attempts({}, { after: '', limit: 5 }))?.items ?? [];
      assert.deepEqual([attempt?.state, attempt?.code], ['declined', 'binding.not-attested']);
      await verifyAfterStop(gateway, config);
    } finally {
      await gateway.close();
      bank.closeAllConnections();
      bank.close();
    }
  });

  test('a database that is down is a coded refusal everywhere, and no restart of ours is needed when it is back', async () => {
    const config = place();
    const { store } = await started(config);
    const bank = openBank(store);
    const fence = await store.fence();
    cluster.stop('immediate');
    try {
      await assert.rejects(
        store.fence(),
        (error) => error instanceof StorageUnavailable && error.refusal === 'storage-closed',
      );
      assert.equal(codeOf(await store.commit(scope, { fence, read: [], puts: [], audit: [] }, now)), 'storage-closed');
      assert.equal(codeOf(await store.purge(now, 9)), 'storage-closed');
      assert.equal(codeOf(await bank.service.requestToken(ask('alice'))), 'storage-closed');
      await assert.rejects(
        started(config),
        (error) => error instanceof StateError && error.code === 'database-unusable',
      );
    } finally {
      cluster.start();
    }
    await bind(bank);
  });
});

test('TLS is verified, by address too, and a password from the configuration lets in', {
  skip: noPostgres,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-pg-tls-'));
  const made = selfSigned('127.0.0.1');
  const port = await freePort();
  const secured = startCluster({ ...made, port });
  try {
    secured.sql("alter role hauberk password 'a password of its own'");
    const caFile = join(folder, 'ca.pem');
    const otherFile = join(folder, 'other.pem');
    writeFileSync(caFile, made.certificate);
    writeFileSync(otherFile, selfSigned('127.0.0.1').certificate);
    const config = { ...secured.config, host: '127.0.0.1', port, password: 'a password of its own', tls: { caFile } };
    const good = postgresBindings(config);
    await good.start();
    assert.equal(
      secured.sql(
        "select count(*) from pg_stat_ssl join pg_stat_activity using (pid) where ssl and usename = 'hauberk'",
      ),
      '1',
    );
    await good.close();
    const isUnusable = (error: unknown): boolean => error instanceof StateError && error.code === 'database-unusable';
    const wrong: readonly Partial<PostgresConfig>[] = [
      { tls: { caFile: otherFile } },
      { tls: {} },
      { password: 'x' },
      { tls: 'none' },
    ];
    for (const over of wrong) {
      const bad = postgresBindings({ ...config, ...over });
      await assert.rejects(bad.start(), isUnusable, JSON.stringify(over));
      await bad.close();
    }
  } finally {
    secured.remove();
    rmSync(folder, { recursive: true });
  }
});

test('without the optional driver the start is refused with a hint', () => {
  const store = new URL('../src/storage/postgres/postgres-binding-store.ts', import.meta.url).href;
  const script = `
    const { registerHooks } = await import('node:module');
    registerHooks({
      resolve: (name, context, next) => {
        if (name === 'pg') throw Object.assign(new Error('no such package'), { code: 'ERR_MODULE_NOT_FOUND' });
        return next(name, context);
      },
    });
    const { postgresBindings } = await import(${JSON.stringify(store)});
    const config = { host: '/nowhere', port: 1, tls: 'none', schema: 'a', calls: 1, connections: 1 };
    await postgresBindings(config).start().catch((error) => console.log(error.name, error.code, error.hint));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(stdout, 'StateError database-driver-missing npm install pg\n');
});

const judged = (storage: unknown) =>
  parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'app' }],
      services: [{ id: 'bank', upstream: 'core', routes: [{ path: '/a' }] }],
      upstreams: { core: { origin: 'http://a', factsKey: 'f'.repeat(32) } },
      storage,
    },
    '/etc/hauberk/hauberk.yaml',
  );

test('the section storage: defaults, files beside it, and no plain connection to another machine', () => {
  const read = judged({ binding: { postgres: { host: 'db.bank.example', tls: { caFile: 'ca.pem' } } } });
  assert.ok(read.ok);
  const postgres = read.config.storage?.binding?.postgres;
  assert.deepEqual(postgres?.tls, { caFile: '/etc/hauberk/ca.pem', certificateFile: undefined, keyFile: undefined });
  assert.deepEqual([postgres?.port, postgres?.schema, postgres?.connections], [5432, 'hauberk', 8]);
  for (const host of ['127.0.0.1', '::1', 'localhost', '/run/postgresql'])
    assert.ok(judged({ binding: { postgres: { host, tls: 'none' } } }).ok, host);
  for (const wrong of [
    { host: 'db.bank.example', tls: 'none' },
    { host: '10.0.0.1', tls: 'none' },
    { host: '127.evil.example', tls: 'none' },
    { schema: 'a; drop schema public' },
    { connections: 0 },
  ])
    assert.ok(!judged({ binding: { postgres: wrong } }).ok, JSON.stringify(wrong));
});
