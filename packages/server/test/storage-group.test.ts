/** Group commit: one fsync for many, and no write pays for the mistake of another. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { accept } from '@hauberk/primitives';
import { GroupCommitter, type PendingWrite, severityOf } from '../src/storage/group-committer.ts';
import { StorageFault } from '../src/storage/storage-refusal.ts';

/** Writes that name what they do; the committer does not care what a write is. */
const writes = (...names: readonly (string | number)[]): readonly PendingWrite[] =>
  names.map((name) => ({ kind: 'outbox.append', input: { entries: [], name } as never, client: 1 }));

const nameOf = (write: PendingWrite): string | number => (write.input as unknown as { name: string | number }).name;

const sqliteError = (errcode: number): Error => Object.assign(new Error(`sqlite ${errcode}`), { errcode });

const openLedger = (behaviour: Readonly<Record<string, () => never>> = {}) => {
  const database = new DatabaseSync(':memory:');
  database.exec('create table ledger (name integer)');
  const insert = database.prepare('insert into ledger values (?)');
  const seen = { begins: 0, undone: 0 };
  const committer = new GroupCommitter(
    database,
    (write) => {
      const name = nameOf(write);
      insert.run(Number(name) || 0);
      behaviour[String(name)]?.();
      return accept(Number(name));
    },
    {
      beforeCommit: () => {
        seen.begins += 1;
      },
      undone: () => {
        seen.undone += 1;
      },
    },
  );
  const kept = (): unknown[] =>
    database
      .prepare('select name from ledger')
      .all()
      .map(({ name }) => name);
  return { committer, database, seen, kept };
};

const fail = (error: Error) => (): never => {
  throw error;
};

test('a group is one transaction, however many writes it has', () => {
  const { committer, seen, kept } = openLedger();
  const outcomes = committer.commit(writes(1, 2, 3, 4, 5));
  assert.deepEqual(outcomes, [1, 2, 3, 4, 5].map(accept));
  assert.equal(seen.begins, 1);
  assert.deepEqual(kept(), [1, 2, 3, 4, 5]);
});

test('a write that throws changes nothing and takes no neighbour along', () => {
  const { committer, seen, kept } = openLedger({ bad: fail(new RangeError('mine')) });
  const outcomes = committer.commit(writes(1, 'bad', 3));
  assert.deepEqual(outcomes, [accept(1), { error: 'RangeError: mine' }, accept(3)]);
  assert.deepEqual(kept(), [1, 3]);
  assert.equal(seen.undone, 2, 'the group, then the write on its own');
});

test('a constraint of the database is the mistake of one write too', () => {
  const { committer, kept } = openLedger({ bad: fail(sqliteError(1555)) });
  const outcomes = committer.commit(writes(1, 'bad'));
  assert.deepEqual(outcomes[0], accept(1));
  assert.ok('error' in (outcomes[1] ?? {}));
  assert.deepEqual(kept(), [1]);
});

test('a full disk refuses the whole group, keeps none of it, and the next group goes through', () => {
  let isFull = true;
  const { committer, kept, database } = openLedger({
    large: () => {
      if (isFull) throw sqliteError(13);
      return undefined as never;
    },
  });
  const outcomes = committer.commit(writes(1, 'large', 3));
  assert.deepEqual(
    outcomes.map((outcome) => ('code' in outcome ? outcome.code : outcome)),
    ['storage-full', 'storage-full', 'storage-full'],
  );
  assert.deepEqual(kept(), []);
  assert.equal(database.isTransaction, false);
  isFull = false;
  assert.equal(committer.commit(writes(1, 'large', 3)).length, 3);
  assert.deepEqual(kept(), [1, 0, 3]);
});

test('after a failed fsync or a corrupt page nothing is answered any more', () => {
  for (const errcode of [1034, 11, 26, 266]) {
    const { committer } = openLedger({ bad: fail(sqliteError(errcode)) });
    assert.throws(() => committer.commit(writes(1, 'bad')), StorageFault, `errcode ${errcode}`);
  }
});

test('while another program holds the record the whole group is refused, to be tried again', () => {
  const { committer, kept } = openLedger({ held: fail(sqliteError(5)) });
  const outcomes = committer.commit(writes(1, 'held', 3));
  assert.deepEqual(
    outcomes.map((outcome) => ('code' in outcome ? outcome.code : outcome)),
    ['storage-overloaded', 'storage-overloaded', 'storage-overloaded'],
  );
  assert.deepEqual(kept(), []);
});

const severities: readonly [number, ReturnType<typeof severityOf>, string][] = [
  [5, 'busy', 'locked by another program'],
  [517, 'busy', 'a snapshot that cannot be written'],
  [6, 'busy', 'a locked table'],
  [13, 'full', 'disk full'],
  [778, 'full', 'write refused'],
  [4874, 'full', 'no room for the shared memory file'],
  [1034, 'broken', 'fsync failed'],
  [11, 'broken', 'corrupt'],
  [26, 'broken', 'not a database'],
  [14, 'broken', 'cannot open'],
  [19, 'write', 'constraint'],
  [2067, 'write', 'unique constraint'],
  [1, 'write', 'SQL error'],
];
for (const [errcode, severity, meaning] of severities) {
  test(`SQLite code ${errcode} (${meaning}) is judged ${severity}`, () => {
    assert.equal(severityOf(sqliteError(errcode)), severity);
  });
}

test('an error that is not of SQLite is the mistake of one write', () => {
  assert.equal(severityOf(new TypeError('x')), 'write');
  assert.equal(severityOf('text'), 'write');
});
