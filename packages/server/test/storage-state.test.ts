/** A state folder: one process, boot numbers, threads, refusals, shutdown. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { MessageChannel, Worker } from 'node:worker_threads';
import { epochMs } from '@hauberk/primitives';
import { accepted, bank, enrolment, refused } from '../contract/harness.ts';
import { connectStorage, openStorage, StateError, StorageFault, transferOf } from '../src/storage/index.ts';
import { requireSafeSqlite } from '../src/storage/node-sqlite.ts';
import { WriterClient } from '../src/storage/writer-client.ts';

const inFolder = (run: (folder: string) => Promise<void>) => async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-state-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const now = epochMs(Date.now());
const request = { fingerprint: 'f', expiresAtMs: epochMs(now + 3_600_000), retryUnknown: false };
const key = { device: 'd', customer: 'c', route: 'r', key: 'k' };
const codeOf = (code: string) => (error: unknown) => error instanceof StateError && error.code === code;

test(
  'every start has a new boot number, and what the last one had begun is unknown to it',
  inFolder(async (folder) => {
    const first = await openStorage({ folder });
    accepted(await first.ports.idempotency.begin(bank, key, request, now));
    await first.close();
    const second = await openStorage({ folder });
    assert.ok(second.boot > first.boot);
    assert.equal(second.epoch, first.epoch);
    assert.equal(second.disowned, 1);
    assert.equal((await second.ports.idempotency.listUnknown(bank, 10)).length, 1);
    assert.equal(accepted(await second.ports.idempotency.begin(bank, key, request, now)).state, 'outcome-unknown');
    await second.close();
  }),
);

/** Opens the folder in another process, which says so and then waits. */
const holdElsewhere = async (folder: string): Promise<ChildProcess> => {
  const index = new URL('../src/storage/index.ts', import.meta.url).href;
  const script = `const { openStorage } = await import(${JSON.stringify(index)});
    await openStorage({ folder: ${JSON.stringify(folder)} }); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => assert.fail('the holder ended'));
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {});
  return child;
};

test(
  'a second process on one state folder is refused while the first lives; one that was killed leaves no lock',
  inFolder(async (folder) => {
    const holder = await holdElsewhere(folder);
    const refusal = await openStorage({ folder }).catch((error: unknown) => error);
    assert.ok(codeOf('state-locked')(refusal));
    assert.match((refusal as StateError).message, new RegExp(`process ${holder.pid}`));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const storage = await openStorage({ folder });
    await assert.rejects(openStorage({ folder }), codeOf('state-locked'), 'nor twice in one process');
    await storage.close();
    await (await openStorage({ folder })).close();
  }),
);

test(
  'of one key begun by four threads at once exactly one is fresh, for a thousand keys',
  inFolder(async (folder) => {
    const storage = await openStorage({ folder });
    const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`);
    const workers = Array.from({ length: 4 }, () => {
      const connection = storage.connectPort();
      return new Worker(new URL('./storage-racer.ts', import.meta.url), {
        workerData: { connection, keys },
        transferList: transferOf(connection),
      });
    });
    const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as string[]));
    for (const index of keys.keys()) {
      const states = answers
        .map((states) => String(states[index]))
        .toSorted((left, right) => left.localeCompare(right));
      assert.deepEqual(states, ['fresh', 'running', 'running', 'running'], `key ${index}`);
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
    await storage.close();
  }),
);

test(
  'a thread that is terminated gives up what it had begun, the process living on',
  inFolder(async (folder) => {
    const storage = await openStorage({ folder });
    const connection = storage.connectPort();
    const worker = new Worker(new URL('./storage-racer.ts', import.meta.url), {
      workerData: { connection, keys: ['k1', 'k2'] },
      transferList: transferOf(connection),
    });
    assert.deepEqual((await once(worker, 'message'))[0], ['fresh', 'fresh']);
    await worker.terminate();
    let unknown = await storage.ports.idempotency.listUnknown(bank, 10);
    while (unknown.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      unknown = await storage.ports.idempotency.listUnknown(bank, 10);
    }
    assert.equal(unknown.length, 2);
    await storage.close();
  }),
);

test(
  'writes beyond the bound are refused as overloaded, those within it are all kept',
  inFolder(async (folder) => {
    const storage = await openStorage({ folder, limits: { maxQueued: 10, maxGroup: 4 } });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => storage.ports.devices.enrol(bank, enrolment(`d${index}`), now)),
    );
    const kept = answers.filter(({ ok }) => ok).length;
    assert.ok(kept >= 10 && kept < 100, `${kept} kept`);
    for (const answer of answers) if (!answer.ok) assert.equal(answer.code, 'storage-overloaded');
    assert.equal((await storage.ports.devices.list(bank, { limit: 200 })).length, kept);
    await storage.close();
  }),
);

test('a client refuses beyond its own bound without asking the writer', async () => {
  const { port1, port2 } = new MessageChannel();
  const client = new WriterClient(port1, 2);
  const input = { consumer: 'c', position: 1 };
  const pending = [client.submit('outbox.acknowledge', input), client.submit('outbox.acknowledge', input)];
  assert.equal(refused(await client.submit('outbox.acknowledge', input)), 'storage-overloaded');
  port2.close();
  // The writer went away with two writes under way: their fate is unknown, which is a fault and not a refusal.
  for (const write of await Promise.allSettled(pending)) {
    assert.ok(write.status === 'rejected' && write.reason instanceof StorageFault);
  }
  assert.equal(refused(await client.submit('outbox.acknowledge', input)), 'storage-closed');
});

test(
  'closing waits for what was submitted, then refuses; nothing accepted is lost',
  inFolder(async (folder) => {
    const storage = await openStorage({ folder });
    const other = connectStorage(storage.connectPort());
    const pending = Array.from({ length: 500 }, (_, index) =>
      (index % 2 === 0 ? storage : other).ports.devices.enrol(bank, enrolment(`d${index}`), now),
    );
    await other.close();
    await storage.close();
    const answers = await Promise.all(pending);
    assert.ok(answers.every(({ ok }) => ok));
    assert.equal(refused(await storage.ports.devices.enrol(bank, enrolment('late'), now)), 'storage-closed');
    const again = await openStorage({ folder });
    assert.equal((await again.ports.devices.list(bank, { limit: 1000 })).length, 500);
    await again.close();
  }),
);

test(
  'a write that is no write fails alone',
  inFolder(async (folder) => {
    const storage = await openStorage({ folder });
    const good = storage.ports.devices.enrol(bank, enrolment('good'), now);
    const bad = storage.ports.devices.enrol(bank, { ...enrolment('bad'), tier: 'x' as never }, now);
    await assert.rejects(bad, /changed nothing/);
    accepted(await good);
    assert.equal((await storage.ports.devices.list(bank, { limit: 10 })).length, 1);
    await storage.close();
  }),
);

test(
  'files of a state folder are readable by their owner only',
  inFolder(async (folder) => {
    const nested = join(folder, 'state');
    const storage = await openStorage({ folder: nested });
    for (const name of ['.', 'record.db', 'record.db-wal', 'keys', 'keys/master.key', 'keys/keyring.json']) {
      assert.equal(statSync(join(nested, name)).mode & 0o077, 0, name);
    }
    await storage.close();
  }),
);

test(
  'no secret of the keyring is in the record',
  inFolder(async (folder) => {
    const storage = await openStorage({ folder });
    const device = accepted(await storage.ports.devices.enrol(bank, enrolment('a'), now)).device.id;
    const begun = accepted(await storage.ports.idempotency.begin(bank, { ...key, device }, request, now));
    assert.ok(begun.state === 'fresh');
    const content = new TextEncoder().encode('the balance is 4711 and nobody else may read it');
    accepted(await storage.ports.idempotency.finish(begun.attempt, { kept: true, status: 200, content }, now));
    const secrets = storage.keys.snapshot().map(({ sealed }) => sealed.export());
    await storage.close();
    const record = readFileSync(join(folder, 'record.db'));
    assert.ok(secrets.length >= 10);
    for (const secret of [...secrets, content]) assert.equal(record.includes(Buffer.from(secret)), false);
  }),
);

test(
  'a record from before marks were kept in their key alone is brought over, and its decisions are still found',
  inFolder(async (folder) => {
    await (await openStorage({ folder })).close();
    const database = new DatabaseSync(join(folder, 'record.db'));
    database.exec(`drop table decision_marks; delete from kysely_migration where name = '0012-decision-marks';
      create table decision_marks (organisation text not null, app text not null, mark text not null, at_ms integer not null, id text not null,
        primary key (organisation, app, mark, at_ms, id)) strict`);
    const decided = database.prepare(
      `insert into decisions (organisation, app, id, at_ms, position, scene, outcome, points, policy, reasons, entities)
       values (?, ?, ?, ?, ?, 'transfer', 'deny', 1, '', '["mule"]', '["payee:p"]')`,
    );
    const mark = database.prepare('insert into decision_marks values (?, ?, ?, ?, ?)');
    for (let at = 1; at <= 20; at += 1) {
      decided.run(bank.organisation, bank.app, `d${at}`, at, at);
      for (const each of ['r:mule', 'e:payee:p']) mark.run(bank.organisation, bank.app, each, at, `d${at}`);
    }
    database.close();
    const storage = await openStorage({ folder });
    const store = storage.ports.decisions;
    for (const asked of [{ reason: 'mule' }, { entity: 'payee:p' }]) {
      const found = await store.query(bank, { ...asked, limit: 15 });
      assert.deepEqual(
        found.map(({ id }) => id),
        Array.from({ length: 15 }, (_, index) => `d${20 - index}`),
      );
    }
    accepted(await store.forget({ beforeMs: 11, most: 100 }, 100));
    assert.equal((await store.query(bank, { reason: 'mule', limit: 100 })).length, 10);
    await storage.close();
    const after = new DatabaseSync(join(folder, 'record.db'), { readOnly: true });
    const { sql } = after.prepare("select sql from sqlite_schema where name = 'decision_marks'").get() ?? {};
    after.close();
    assert.match(String(sql), /without rowid/);
  }),
);

test(
  'a record that a newer program wrote is refused',
  inFolder(async (folder) => {
    await (await openStorage({ folder })).close();
    const database = new DatabaseSync(join(folder, 'record.db'));
    database.exec("insert into kysely_migration values ('9999-later', '2030-01-01T00:00:00.000Z')");
    database.close();
    await assert.rejects(openStorage({ folder }), codeOf('state-newer-than-program'));
    await assert.rejects(openStorage({ folder }), codeOf('state-newer-than-program'), 'and the lock was let go');
  }),
);

test(
  'a file that is no record is refused, not taken for an empty record',
  inFolder(async (folder) => {
    await (await openStorage({ folder })).close();
    writeFileSync(join(folder, 'record.db'), 'this is not a database, but it is long enough to be taken for one');
    await assert.rejects(openStorage({ folder }), codeOf('state-unreadable'));
  }),
);

const versions: readonly [string, boolean][] = [
  ['3.51.3', true],
  ['3.53.4', true],
  ['4.0.0', true],
  ['3.51.2', false],
  ['3.50.9', false],
  ['2.99.99', false],
  ['', false],
];
for (const [version, isSafe] of versions) {
  test(`SQLite ${version === '' ? 'of no version' : version} is ${isSafe ? 'taken' : 'refused'}`, () => {
    if (isSafe) requireSafeSqlite(version);
    else assert.throws(() => requireSafeSqlite(version), codeOf('sqlite-too-old'));
  });
}

test(
  'upkeep drops what has expired and nothing else',
  inFolder(async (folder) => {
    const storage = await openStorage({ folder, upkeepMs: 0 });
    const { ports } = storage;
    const device = accepted(await ports.devices.enrol(bank, enrolment('a'), now)).device.id;
    for (const name of ['done', 'unknown', 'running']) {
      const begun = accepted(await ports.idempotency.begin(bank, { ...key, device, key: name }, request, now));
      assert.ok(begun.state === 'fresh');
      const outcome = { kept: false, status: 200, digest: new Uint8Array() } as const;
      if (name === 'done') await ports.idempotency.finish(begun.attempt, outcome, now);
      if (name === 'unknown') await ports.idempotency.markUnknown(begun.attempt, now);
    }
    const opening = { device, credentialHash: 'h', customer: 'c', grants: [], expiresAtMs: request.expiresAtMs };
    accepted(await ports.logins.open(bank, opening, now));
    accepted(await ports.challenges.consume(bank, await ports.challenges.issue(bank, now), now));
    const rowCounts = (): unknown[] => {
      const reader = new DatabaseSync(join(folder, 'record.db'), { readOnly: true });
      const tables = ['idempotency', 'logins', 'login_credentials', 'spent_challenges', 'devices'];
      const counts = tables.map((table) => reader.prepare(`select count(*) as n from ${table}`).get()?.['n']);
      reader.close();
      return counts;
    };
    await storage.upkeep(now);
    assert.deepEqual(rowCounts(), [3, 1, 1, 1, 1]);
    await storage.upkeep(epochMs(now + 3 * 86_400_000));
    assert.deepEqual(rowCounts(), [2, 0, 0, 0, 1], 'running and unknown stay');
    await storage.upkeep(epochMs(now + 100 * 86_400_000));
    assert.deepEqual(rowCounts(), [1, 0, 0, 0, 1], 'unknown goes in the end');
    await storage.close();
  }),
);

const hasStrace = spawnSync('strace', ['-V']).status === 0;
if (hasStrace) {
  test(
    'every acknowledged write is behind an fsync of its own group',
    inFolder(async (folder) => {
      const trace = join(folder, 'trace');
      const index = new URL('../src/storage/index.ts', import.meta.url).href;
      const script = `const { openStorage } = await import(${JSON.stringify(index)});
        const storage = await openStorage({ folder: ${JSON.stringify(join(folder, 'state'))}, upkeepMs: 0 });
        const { writeSync } = await import('node:fs');
        for (let position = 1; position <= 20; position += 1) {
          writeSync(1, 'submit\\n');
          const entry = { scope: { organisation: 'o', app: 'a' }, kind: 'k', atMs: 1, payload: new Uint8Array(8) };
          const answer = await storage.ports.outbox.append([entry]);
          if (!answer.ok) throw new Error(answer.code);
          writeSync(1, 'acknowledged\\n');
        }
        process.exit(0);`;
      const calls = ['-f', '-y', '-e', 'trace=fsync,fdatasync,write', '-o', trace];
      const child = spawn('strace', [...calls, process.execPath, '--input-type=module', '-e', script], {
        stdio: 'ignore',
      });
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      let synced = false;
      let acknowledged = 0;
      for (const line of readFileSync(trace, 'utf8').split('\n')) {
        if (line.includes('"submit')) synced = false;
        else if (/f(data)?sync\(.*record\.db-wal/.test(line)) synced = true;
        else if (line.includes('"acknowledged')) {
          assert.ok(synced, `write ${acknowledged + 1} was acknowledged before an fsync of the WAL`);
          acknowledged += 1;
        }
      }
      assert.equal(acknowledged, 20);
    }),
  );
}
