/** Records behind requests: bounded, in order, counted when they are lost. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accept, epochMs, refuse, utf8 } from '@hauberk/primitives';
import { WaitingRecords } from '../../src/decision/waiting-records.ts';
import type { Outbox, OutboxEntry } from '../../src/storage/outbox.ts';

const entry = (name: string): OutboxEntry => ({
  scope: { organisation: 'bank', app: 'app' },
  kind: 'decision.record',
  atMs: epochMs(1),
  payload: utf8(name),
});

const nameOf = ({ payload }: OutboxEntry): string => Buffer.from(payload).toString();

describe('records that wait', () => {
  test('all are written in their order, those that come while others are written too', async () => {
    const written: string[] = [];
    let records: WaitingRecords;
    const outbox: Pick<Outbox, 'append'> = {
      append: async (entries) => {
        written.push(...entries.map(nameOf));
        if (written.length === 2) records.keep(entry('c'));
        return accept(1);
      },
    };
    records = new WaitingRecords(outbox, 100, (error) => assert.fail(String(error)));
    records.keep(entry('a'));
    records.keep(entry('b'));
    await records.close();
    assert.deepEqual(written, ['a', 'b', 'c']);
    assert.equal(records.waiting, 0);
  });

  test('what is written is what was kept, whatever lies around its bytes and whoever it is of', async () => {
    const written: OutboxEntry[] = [];
    const outbox: Pick<Outbox, 'append'> = {
      append: async (entries) => {
        written.push(...entries);
        return accept(1);
      },
    };
    const records = new WaitingRecords(outbox, 5000, (error) => assert.fail(String(error)));
    const given = Array.from({ length: 1300 }, (_, index): OutboxEntry => {
      const around = utf8(`<<${'x'.repeat(index % 50)}>>`);
      const scope = { organisation: 'bank', app: `app-${index % 3}` };
      return { ...entry(''), scope, payload: around.subarray(2, around.length - 2) };
    });
    for (const each of given) assert.ok(records.keep(each));
    await records.flush();
    const told = (all: readonly OutboxEntry[]) => all.map(({ scope, payload }) => [scope.app, payload.length]);
    assert.deepEqual(told(written), told(given));
    assert.ok(written.every((each) => nameOf(each) === 'x'.repeat(each.payload.length)));
    await records.close();
  });

  test('without room a record is dropped and counted; nobody waits', async () => {
    const records = new WaitingRecords({ append: async () => accept(1) }, 2, (error) => assert.fail(String(error)));
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => records.keep(entry(name))),
      [true, true, false],
    );
    assert.equal(records.dropped, 1);
    await records.close();
  });

  test('a disk that refuses or fails loses records, counted and told', async () => {
    const faults: unknown[] = [];
    let calls = 0;
    const outbox: Pick<Outbox, 'append'> = {
      append: async () => {
        calls += 1;
        if (calls === 1) return refuse('storage-full');
        throw new Error('gone');
      },
    };
    const records = new WaitingRecords(outbox, 10, (error) => faults.push(error));
    records.keep(entry('a'));
    await records.flush();
    records.keep(entry('b'));
    await records.flush();
    assert.deepEqual([records.dropped, faults.length], [2, 2]);
  });
});
