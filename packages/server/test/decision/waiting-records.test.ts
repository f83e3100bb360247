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
