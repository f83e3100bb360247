/** How a device stands to its customer's binding, as policies and challenges see it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { BoundStates, type LiveBindingOf } from '../../src/decision/bound-states.ts';
import type { Authorised } from '../../src/gateway/protect.ts';

const caller = (deviceId: string, customer?: string): Authorised =>
  ({
    request: { facts: { app: 'app', deviceId } },
    login: customer === undefined ? undefined : { customer },
  }) as unknown as Authorised;

const start = 1_800_000_000_000;

const open = (live: LiveBindingOf) => {
  const clock = { now: start };
  const faults: unknown[] = [];
  const states = new BoundStates(
    live,
    () => epochMs(clock.now),
    (error) => faults.push(error),
  );
  return { clock, faults, states };
};

describe('bound states', () => {
  test('the bound device, another one, and nobody', async () => {
    const { states } = open(async (_app, customer) =>
      customer === 'ada' ? { device: 'phone', boundAtMs: start - 1000 } : undefined,
    );
    assert.deepEqual(await states.of(caller('phone', 'ada')), { state: 'bound', boundAtMs: start - 1000 });
    assert.deepEqual(await states.of(caller('tablet', 'ada')), { state: 'elsewhere', boundAtMs: start - 1000 });
    assert.deepEqual(await states.of(caller('phone', 'bob')), { state: 'unbound', boundAtMs: 0 });
    assert.equal(await states.of(caller('phone')), undefined);
  });

  test('is read once in a moment, and anew when somebody claims to have bound just now', async () => {
    let reads = 0;
    let boundAtMs = 0;
    const { states, clock } = open(async () => {
      reads += 1;
      return boundAtMs === 0 ? undefined : { device: 'phone', boundAtMs };
    });
    await states.of(caller('phone', 'ada'));
    assert.deepEqual(states.of(caller('phone', 'ada')), { state: 'unbound', boundAtMs: 0 });
    assert.equal(reads, 1);
    boundAtMs = start;
    assert.equal(await states.isNew(caller('phone', 'ada')), true);
    assert.equal(await states.isNew(caller('tablet', 'ada')), false);
    clock.now = start + 15 * 60_000;
    assert.equal(await states.isNew(caller('phone', 'ada')), false, 'an old binding answers nothing');
  });

  test('a record that cannot be asked leaves the fact out, and passes no challenge', async () => {
    const { states, faults } = open(async () => {
      throw new Error('gone');
    });
    assert.equal(await states.of(caller('phone', 'ada')), undefined);
    assert.equal(await states.isNew(caller('phone', 'ada')), false);
    assert.equal(faults.length, 2);
  });
});
