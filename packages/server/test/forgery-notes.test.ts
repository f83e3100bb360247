/** A hello by another key is noted once an hour, and the memory of it is bounded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { forgeryNotes } from '../src/device/forgery-notes.ts';

const at = (minute: number) => epochMs(1_800_000_000_000 + minute * 60_000);
const scope = { organisation: 'demo', app: 'app' };

const open = () => {
  const noted: string[] = [];
  const faults: unknown[] = [];
  const note = forgeryNotes(
    {
      note: async (_scope, device) => {
        if (device === 'broken') throw new Error('the record is closed');
        noted.push(device);
        return { ok: true, value: true };
      },
    },
    (error) => faults.push(error),
  );
  return { note, noted, faults };
};

test('one device is noted once an hour, each device for itself', () => {
  const { note, noted } = open();
  for (const minute of [0, 1, 59, 60, 61]) note(scope, 'a', at(minute));
  note(scope, 'b', at(61));
  assert.deepEqual(noted, ['a', 'a', 'b']);
});

test('a flood of names is forgotten oldest first, and a record that fails is told of', async () => {
  const { note, noted, faults } = open();
  for (let index = 0; index < 5000; index += 1) note(scope, `d${index}`, at(0));
  note(scope, 'd4999', at(1));
  note(scope, 'd0', at(1));
  assert.deepEqual([noted.length, noted.at(-1)], [5001, 'd0']);
  note(scope, 'broken', at(1));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(faults.length, 1);
});
