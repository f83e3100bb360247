/**
 * From the previous version to this one: a state folder, a backup, three apps' storages and an SDK as the previous version left them
 * (`scripts/upgrade-fixture.ts`), under this source tree's gateway. The policy: docs/upgrade.md.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as presentSdk from '@hauberk/sdk/node';
import type { ReadyProcess } from './support/ready-process.ts';
import {
  askOperator,
  type CoreService,
  startCore,
  startUpgradeGateway,
  upgradeFolder,
} from './support/upgrade-world.ts';

type Sdk = Pick<typeof presentSdk, 'createHauberk' | 'fileStorage'>;
type Client = ReturnType<Sdk['createHauberk']>;

interface About {
  readonly madeAtMs: number;
  readonly devices: Readonly<Record<'alice' | 'bob' | 'carol', string>>;
  readonly authorization: string;
  readonly trust: { readonly configKeys: readonly { readonly kid: string; readonly publicKey: string }[] };
}

const previous = join(upgradeFolder, 'previous');
const about = JSON.parse(readFileSync(join(previous, 'about.json'), 'utf8')) as About;
/** The gateway starts a minute after the previous version stopped, whatever the date is. */
const shiftMs = about.madeAtMs + 60_000 - Date.now();
const program = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-upgrade-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const unpack = (name: string, to: string): string => {
  writeFileSync(to, gunzipSync(readFileSync(join(previous, `${name}.gz`))), { mode: 0o600 });
  return to;
};

/** A copy of what the previous version left. */
const previousState = (name: string): string => {
  const state = join(folder, name);
  mkdirSync(join(state, 'keys'), { recursive: true, mode: 0o700 });
  unpack('state/record.db', join(state, 'record.db'));
  for (const file of ['audit-anchor.json', 'keys/keyring.json', 'keys/master.key']) {
    cpSync(join(previous, 'state', file), join(state, file));
    chmodSync(join(state, file), 0o600);
  }
  return state;
};

const command = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};

/** One value of a record. */
const valueOf = (state: string, sql: string): unknown => {
  const record = new DatabaseSync(join(state, 'record.db'), { readOnly: true });
  try {
    return Object.values(record.prepare(sql).get() ?? {})[0];
  } finally {
    record.close();
  }
};

const previousSdk = async (): Promise<Sdk> =>
  (await import(pathToFileURL(unpack('hauberk-node.mjs', join(folder, 'hauberk-node.mjs'))).href)) as Sdk;

/** An app with the storage that it had under the previous version, or with none. */
const appOf = (sdk: Sdk, gateway: ReadyProcess, who: keyof About['devices'] | 'somebody-new', as: string): Client => {
  const file = join(folder, `${as}.json`);
  if (who !== 'somebody-new') cpSync(join(previous, `${who}.json`), file);
  return sdk.createHauberk(
    {
      organisation: 'upgrade',
      app: 'upgrade-app',
      service: 'core',
      endpoints: [String(gateway.ready['gateway'])],
      trust: { configKeys: about.trust.configKeys, minConfigVersion: 1, buildTimeMs: 0 },
      confirm: () => Promise.resolve(true),
      timeoutMs: 20_000,
    },
    { storage: sdk.fileStorage(file), clock: { monotonic: () => performance.now(), wall: () => Date.now() + shiftMs } },
  );
};

const post = (client: Client, path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  client.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const logIn = async (client: Client, user: string): Promise<string> => {
  const reply = await post(client, '/api/login', { user, password: 'new' });
  assert.equal(reply.status, 200);
  return `Bearer ${((await reply.json()) as { readonly authorization: string }).authorization}`;
};

const pay = async (client: Client, authorization: string, user: string, reference: string, path = '') => {
  const headers = { authorization, 'idempotency-key': `key-${reference}` };
  const reply = await post(client, `/api/transfers${path}`, { from: `${user}-1`, reference }, headers);
  return { status: reply.status, json: (await reply.json()) as Readonly<Record<string, unknown>> };
};

describe('upgrade from the previous version', () => {
  const state = previousState('state');
  const before_ = {
    epoch: valueOf(state, 'select epoch from state'),
    boot: Number(valueOf(state, 'select boot from state')),
    entries: Number(valueOf(state, 'select count(*) from audit_entries')),
  };
  let core: CoreService;
  let gateway: ReadyProcess;
  let oldSdk: Sdk;
  before(async () => {
    const untouched = command('audit', 'verify', '--state', state);
    assert.equal(untouched.status, 0, untouched.stdout + untouched.stderr);
    core = await startCore();
    gateway = await startUpgradeGateway(join(previous, 'hauberk.yaml'), state, core.url, shiftMs);
    oldSdk = await previousSdk();
  });
  after(() => core.close());

  for (const [name, sdkOf] of [
    ['the previous SDK', () => oldSdk],
    ['this SDK', () => presentSdk],
  ] as const) {
    const as = (who: string): string => `${who}-${name.replaceAll(' ', '-')}`;
    test(`${name} goes on as the device that it was, in the login that it had`, async () => {
      const alice = appOf(sdkOf(), gateway, 'alice', as('alice'));
      const { authorization } = about;
      const own = await alice.fetch('/api/accounts/alice-1', { headers: { authorization } });
      assert.deepEqual(await own.json(), { url: '/api/accounts/alice-1', customer: 'alice' });
      assert.equal(alice.status().deviceId, about.devices.alice);
      const foreign = await alice.fetch('/api/accounts/bob-1', { headers: { authorization } });
      assert.equal(foreign.status, 403);
      assert.equal((await alice.fetch('/api/rates')).status, 200);
    });
    test(`${name} gets the outcomes that were kept, and nothing is booked again`, async () => {
      const alice = appOf(sdkOf(), gateway, 'alice', as('alice-again'));
      const booked = core.bookings.length;
      const paid = await pay(alice, about.authorization, 'alice', 'paid-1');
      assert.deepEqual([paid.status, paid.json['transferId']], [200, 't-paid-1']);
      const approved = await pay(alice, about.authorization, 'alice', 'approved-1', '/approved');
      assert.deepEqual([approved.status, approved.json['transferId']], [200, 't-approved-1']);
      const lost = await pay(alice, about.authorization, 'alice', 'lost-1');
      assert.deepEqual([lost.status, lost.json['code']], [409, 'outcome-unknown']);
      assert.equal(core.bookings.length, booked);
    });
    for (const who of ['alice', 'somebody-new'] as const)
      test(`${name} logs ${who} in and pays once`, async () => {
        const app = appOf(sdkOf(), gateway, who, as(`${who}-pays`));
        const authorization = await logIn(app, 'alice');
        for (const path of ['', '/approved']) {
          const reference = `${as(who)}${path}`;
          assert.equal((await pay(app, authorization, 'alice', reference, path)).status, 200);
          assert.equal((await pay(app, authorization, 'alice', reference, path)).status, 200);
          assert.equal(core.bookings.filter((booking) => booking.reference === reference).length, 1);
        }
      });
    for (const who of ['bob', 'carol'] as const)
      test(`${name}: what was taken from ${who}'s device stays taken`, async () => {
        const app = appOf(sdkOf(), gateway, who, as(who));
        // A refused device may enrol anew; it is then another one, without login.
        const headers = { authorization: `Bearer ${who}-recorded` };
        const reply = await app.fetch(`/api/accounts/${who}-1`, { headers }).catch((error: unknown) => error);
        assert.ok(!(reply instanceof Response) || reply.status === 401 || reply.status === 403, String(reply));
      });
  }

  test('operators see the devices and the unknown outcome', async () => {
    for (const [who, expected] of [
      ['alice', 'enrolled'],
      ['bob', 'revoked'],
      ['carol', 'suspended'],
    ] as const) {
      const device = (await askOperator(gateway, `/devices/${about.devices[who]}`)) as { readonly state: string };
      assert.equal(device.state, expected, who);
    }
    const { items: outcomes } = (await askOperator(gateway, '/unknown-outcomes')) as {
      readonly items: readonly { readonly device: string }[];
    };
    assert.deepEqual(
      outcomes.map(({ device }) => device),
      [about.devices.alice],
    );
  });

  test('the keys that apps pin are the same, the epoch stays, the boot number rises, and the audit log goes on whole', async () => {
    const { configKeys } = gateway.ready['trust'] as About['trust'];
    assert.deepEqual(configKeys, about.trust.configKeys);
    assert.equal((await gateway.end('SIGTERM')).code, 0, gateway.errors());
    assert.equal(before_.epoch, 2);
    assert.equal(valueOf(state, 'select epoch from state'), before_.epoch);
    assert.ok(Number(valueOf(state, 'select boot from state')) > before_.boot);
    const verified = command('audit', 'verify', '--json', '--state', state);
    assert.equal(verified.status, 0, verified.stdout);
    assert.ok((JSON.parse(verified.stdout) as { readonly entries: number }).entries > before_.entries);
  });

  test("the previous version's backup is restored, in a new epoch, and verifies", () => {
    const fresh = join(folder, 'restored');
    mkdirSync(join(fresh, 'keys'), { recursive: true, mode: 0o700 });
    cpSync(join(state, 'keys/master.key'), join(fresh, 'keys/master.key'));
    const restored = command('restore', '--json', '--in', unpack('backup', join(folder, 'backup')), '--state', fresh);
    assert.equal(restored.status, 0, restored.stderr);
    assert.equal((JSON.parse(restored.stdout) as { readonly epoch: number }).epoch, 3);
    assert.equal(valueOf(fresh, `select state from devices where id = '${about.devices.bob}'`), 'revoked');
    assert.equal(command('audit', 'verify', '--state', fresh).status, 0);
  });
});

describe('downgrade', () => {
  const hinted = /start the newer program, or restore a backup that this one made/;

  test('no command of this version touches a record of a later one', () => {
    const state = previousState('later-record');
    const record = new DatabaseSync(join(state, 'record.db'));
    record.prepare("insert into kysely_migration (name, timestamp) values ('9999-later', '')").run();
    record.close();
    const environment = { ...process.env, HAUBERK__state: state, HAUBERK__listen__port: '0' };
    const config = join(previous, 'hauberk.yaml');
    const served = spawnSync(process.execPath, [program, 'serve', '--config', config], {
      encoding: 'utf8',
      env: environment,
    });
    assert.equal(served.status, 1);
    assert.match(served.stderr, /state-newer-than-program/);
    assert.match(served.stderr, hinted);
    const backup = unpack('backup', join(folder, 'backup-for-later'));
    const restored = command('restore', '--in', backup, '--state', state);
    assert.deepEqual([restored.status, /state-newer-than-program/.test(restored.stderr)], [1, true], restored.stderr);
    assert.equal(valueOf(state, "select count(*) from kysely_migration where name = '9999-later'"), 1);
  });

  for (const [what, change] of [
    ['another version', (text: string) => text.replace('"v": 1', '"v": 2')],
    ['a purpose that is not known', (text: string) => text.replace('"purpose": "facts"', '"purpose": "later"')],
  ] as const)
    test(`a keyring of ${what} is a later program's, not a damaged one`, () => {
      const state = previousState(`later-keys-${what.length}`);
      const file = join(state, 'keys/keyring.json');
      const text = readFileSync(file, 'utf8');
      assert.notEqual(change(text), text);
      writeFileSync(file, change(text));
      const { status, stderr } = command('audit', 'verify', '--state', state);
      assert.equal(status, 1);
      assert.match(stderr, /state-newer-than-program/);
      assert.match(stderr, hinted);
    });

  test('the previous version refuses what this one migrated, unless both write the same tables', async () => {
    const { migrateRecord } = (await import(
      pathToFileURL(unpack('migrations.mjs', join(folder, 'migrations.mjs'))).href
    )) as typeof import('../packages/server/src/storage/migrations.ts');
    const names = (state: string): readonly string[] => {
      const record = new DatabaseSync(join(state, 'record.db'), { readOnly: true });
      const rows = record.prepare('select name from kysely_migration order by name').all();
      record.close();
      return rows.map(({ name }) => String(name));
    };
    const upgraded = join(folder, 'state');
    const added = names(upgraded).filter((name) => !names(previousState('untouched')).includes(name));
    const record = new DatabaseSync(join(upgraded, 'record.db'));
    try {
      if (added.length === 0) await migrateRecord(record);
      else await assert.rejects(migrateRecord(record), { code: 'state-newer-than-program' });
      record.prepare("insert into kysely_migration (name, timestamp) values ('9999-later', '')").run();
      await assert.rejects(migrateRecord(record), { code: 'state-newer-than-program' });
    } finally {
      record.close();
    }
  });
});
