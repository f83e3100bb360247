/** The order of sequence numbers: used once, never further apart than the replay window is sure to take. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClientSession, guaranteedWidth, maxSequence, type TrustedConfig } from '@hauberk/channel/client';
import fc from 'fast-check';
import { ServerClock } from '../src/core/clock.ts';
import { Session, type TakenSlot } from '../src/core/session.ts';

const start = 1_700_000_000_000;

const openSession = (monotonic: () => number = () => 0, lifeMs = 900_000, wall: () => number = () => 0): Session =>
  new Session(
    { core: { expiresAtMs: start + lifeMs } } as unknown as ClientSession,
    {} as TrustedConfig,
    new ServerClock({ monotonic, wall }, start),
  );

describe('session', () => {
  it('sequence numbers begin at 1 and rise by one in the order of asking', async () => {
    const session = openSession();
    const slots = await Promise.all([session.takeSlot(), session.takeSlot(), session.takeSlot()]);
    assert.deepEqual(
      slots.map(({ sequence }) => sequence),
      [1, 2, 3],
    );
  });

  it('whatever is asked and settled in whatever order, none repeats and none is beyond the window', async () => {
    const steps = fc.array(fc.oneof(fc.constant('take' as const), fc.nat(400)), { minLength: 200, maxLength: 500 });
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const session = openSession();
        const open: TakenSlot[] = [];
        const seen: number[] = [];
        const took = (slot: TakenSlot): void => {
          const oldest = Math.min(slot.sequence, ...open.map(({ sequence }) => sequence));
          assert.ok(slot.sequence - oldest < guaranteedWidth);
          open.push(slot);
          seen.push(slot.sequence);
        };
        for (const step of script) {
          if (step === 'take') void session.takeSlot().then(took);
          else open.splice(step % Math.max(open.length, 1), 1)[0]?.settle();
          await Promise.resolve();
          await Promise.resolve();
        }
        assert.equal(new Set(seen).size, seen.length);
        assert.deepEqual(
          seen,
          seen.toSorted((left, right) => left - right),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('the 114th request waits for the oldest, and settling twice admits one only', async () => {
    const session = openSession();
    const slots = await Promise.all(Array.from({ length: guaranteedWidth }, () => session.takeSlot()));
    const admitted: number[] = [];
    for (let more = 0; more < 3; more += 1) void session.takeSlot().then(({ sequence }) => admitted.push(sequence));
    await new Promise(setImmediate);
    assert.deepEqual(admitted, []);
    slots[0]?.settle();
    slots[0]?.settle();
    await new Promise(setImmediate);
    assert.deepEqual(admitted, [114]);
  });

  it('`created` is server time carried on by the monotonic clock', async () => {
    let elapsed = 0;
    const session = openSession(() => elapsed);
    elapsed = 61_500;
    assert.equal((await session.takeSlot()).created, Math.floor((start + 61_500) / 1000));
  });

  it('a session is not used when the device may have slept through its end, whatever the monotonic clock says', async () => {
    let wall = 0;
    const session = openSession(
      () => 0,
      60_000,
      () => wall,
    );
    wall = 3_600_000;
    assert.ok(!session.isUsable());
    assert.equal((await session.takeSlot()).created, start / 1000);
  });

  it('a session is not used at the end of its sequence numbers', async () => {
    const session = openSession();
    for (let taken = 1; taken < maxSequence - 1; taken += 1) (await session.takeSlot()).settle();
    assert.ok(session.isUsable());
    assert.equal((await session.takeSlot()).sequence, maxSequence - 1);
    assert.ok(!session.isUsable());
  });

  it('a session is not used in its last five seconds', () => {
    let elapsed = 0;
    const session = openSession(() => elapsed, 60_000);
    elapsed = 54_999;
    assert.ok(session.isUsable());
    elapsed = 55_000;
    assert.ok(!session.isUsable());
  });
});
