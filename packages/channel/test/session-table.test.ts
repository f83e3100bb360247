import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import {
  allocateSlot,
  claimInSlot,
  guaranteedWidth,
  isSlot,
  openSessionTable,
  peekSlot,
  releaseSlot,
  type SessionTable,
  type SlotReference,
  sessionTableBytes,
} from '@hauberk/channel';
import { type EpochSeconds, epochSeconds } from '@hauberk/primitives';
import fc from 'fast-check';
import { seeded } from './fixture/seed.ts';

const bornAt = epochSeconds(1_790_000_000);
const life = 3600;

const freshTable = (counts: readonly number[] = [4]): SessionTable =>
  openSessionTable(new SharedArrayBuffer(sessionTableBytes(counts)), counts, bornAt);

const at = (second: number): EpochSeconds => epochSeconds(bornAt + second);
const take = (table: SessionTable, second: number, tier = 0): SlotReference | undefined =>
  allocateSlot(table, tier, at(second + life), at(second));

const taken = (table: SessionTable, second: number): SlotReference => {
  const slot = take(table, second);
  if (slot === undefined) throw new Error('table full');
  return slot;
};

describe('session table', () => {
  it('a slot never serves two sessions under one generation', () => {
    const table = freshTable([1]);
    const generations = new Set<number>();
    for (let second = 0; second < 1000; second += 10) {
      const reference = taken(table, second);
      assert.ok(!generations.has(reference.generation));
      generations.add(reference.generation);
      assert.equal(claimInSlot(table, reference, 1, at(second)), 'fresh');
      releaseSlot(table, reference, at(second));
      assert.equal(claimInSlot(table, reference, 2, at(second)), 'gone');
    }
  });

  it('a released slot rests, even in the first second of the table', () => {
    for (const second of [0, 1, 500]) {
      const table = freshTable([1]);
      releaseSlot(table, taken(table, second), at(second));
      assert.equal(take(table, second), undefined);
      assert.equal(take(table, second + 1), undefined);
      assert.notEqual(take(table, second + 2), undefined);
    }
  });

  it('a session without a verified request gives way after 30 s, one with stays until it expires', () => {
    const table = freshTable([1]);
    const unverified = taken(table, 0);
    assert.equal(take(table, 29), undefined);
    const live = taken(table, 30);
    assert.equal(peekSlot(table, unverified, 1), 'gone');
    assert.equal(claimInSlot(table, live, 1, at(31)), 'fresh');
    assert.equal(take(table, 30 + life + 1), undefined);
    assert.notEqual(take(table, 30 + life + 2), undefined);
    assert.equal(claimInSlot(table, live, 2, at(30 + life + 2)), 'gone');
  });

  it('a new session begins with an empty window', () => {
    const table = freshTable([1]);
    const first = taken(table, 0);
    for (let sequence = 0; sequence < 2000; sequence += 1) claimInSlot(table, first, sequence, at(0));
    releaseSlot(table, first, at(0));
    const second = taken(table, 10);
    for (let sequence = 0; sequence < guaranteedWidth; sequence += 1)
      assert.equal(claimInSlot(table, second, sequence, at(10)), 'fresh');
  });

  it('a slot whose thread died while laying it out is never handed out again: a sleeper could clear a live window', () => {
    const table = freshTable([2]);
    const stuck = taken(table, 0);
    const claiming = 1;
    Atomics.store(table.words, stuck.slot * 16 + 1, (1 << 3) | claiming);
    for (let second = 0; second < 100_000; second += 50) {
      const next = take(table, second);
      if (next === undefined) continue;
      assert.notEqual(next.slot, stuck.slot);
      releaseSlot(table, next, at(second));
    }
  });

  it('a claim that a reuse of the slot overtook counts for nobody', () => {
    const table = freshTable([1]);
    const first = taken(table, 0);
    const exchange = Atomics.compareExchange.bind(Atomics);
    const overtaken = mock.method(Atomics, 'compareExchange', ((...given: Parameters<typeof exchange>) => {
      overtaken.mock.restore();
      releaseSlot(table, first, at(0));
      assert.notEqual(take(table, 10), undefined);
      return exchange(...given);
    }) as typeof Atomics.compareExchange);
    assert.equal(claimInSlot(table, first, 1, at(10)), 'gone');
    assert.equal(overtaken.mock.callCount() > 0, true);
  });

  it('a release comes too late for a slot that serves another, and says so', () => {
    const table = freshTable([1]);
    const first = taken(table, 0);
    releaseSlot(table, first, at(0));
    const second = taken(table, 10);
    assert.equal(releaseSlot(table, first, at(11)), false);
    assert.equal(claimInSlot(table, second, 1, at(11)), 'fresh');
  });

  it('a tier has its own slots, and one that does not exist has none', () => {
    const table = freshTable([1, 2]);
    assert.equal(taken(table, 0).slot, 0);
    assert.equal(take(table, 0), undefined);
    assert.deepEqual(
      [take(table, 0, 1)?.slot, take(table, 0, 1)?.slot].toSorted((left = 0, right = 0) => left - right),
      [1, 2],
    );
    assert.equal(take(table, 0, 2), undefined);
    assert.deepEqual(
      [-1, 0, 2, 3].map((slot) => isSlot(table, slot)),
      [false, true, true, false],
    );
  });
});

type Command =
  | { readonly kind: 'open' | 'release' | 'reboot' | 'wait' | 'idle'; readonly pick: number }
  | { readonly kind: 'claim'; readonly pick: number; readonly thread: number; readonly back: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      pick: fc.nat(1000),
      thread: fc.nat(2),
      back: fc.integer({ min: -140, max: 40 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('open' as const), pick: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), pick: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), pick: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('idle' as const), pick: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reboot' as const), pick: fc.nat(1000) }) },
);

/** A session as the model knows it: what was accepted under its ticket, ever. */
interface ModelSession {
  readonly boot: number;
  readonly reference: SlotReference;
  readonly accepted: Set<number>;
  newest: number;
  released: boolean;
  readonly expiresAt: number;
  openedAt: number;
}

/** An installation: shared memory seen by three threads, the sessions of all boots, and what must hold. */
class Installation {
  boot = 0;
  second = 0;
  private threads: readonly SessionTable[] = [];
  private readonly sessions: ModelSession[] = [];

  constructor() {
    this.reboot();
  }

  private reboot(): void {
    const counts = [5];
    const memory = new SharedArrayBuffer(sessionTableBytes(counts));
    this.boot += 1;
    this.second += 3;
    this.threads = [0, 1, 2].map(() => openSessionTable(memory, counts, at(this.second)));
  }

  private table(thread: number): SessionTable {
    const table = this.threads[thread];
    if (table === undefined) throw new Error('no such thread');
    return table;
  }

  private open(): void {
    const { second, boot } = this;
    const reference = take(this.table(second % 3), second);
    if (reference === undefined) return;
    const same = this.sessions.some(
      (known) =>
        known.boot === boot &&
        known.reference.slot === reference.slot &&
        known.reference.generation === reference.generation,
    );
    assert.ok(!same, 'a slot reference was handed out twice');
    const expiresAt = second + life;
    this.sessions.push({
      boot,
      reference,
      accepted: new Set(),
      newest: 0,
      released: false,
      expiresAt,
      openedAt: second,
    });
  }

  private claim(session: ModelSession, thread: number, back: number): void {
    const sequence = Math.max(0, session.newest - back);
    // A ticket of an older boot is refused before it comes near a window.
    if (session.boot !== this.boot) return;
    const verdict = claimInSlot(this.table(thread), session.reference, sequence, at(this.second));
    if (verdict === 'fresh') {
      assert.ok(!session.accepted.has(sequence), 'accepted twice');
      assert.ok(!session.released, 'accepted after its end');
      session.accepted.add(sequence);
      session.newest = Math.max(session.newest, sequence);
      return;
    }
    const isSafe =
      !session.released &&
      this.second < session.expiresAt &&
      (session.accepted.size > 0 || this.second < session.openedAt + 30);
    if (isSafe && !session.accepted.has(sequence))
      assert.ok(session.newest - sequence >= guaranteedWidth, `first delivery refused: ${verdict}`);
  }

  run(step: Command): void {
    const session = this.sessions[step.pick % Math.max(1, this.sessions.length)];
    if (step.kind === 'open') this.open();
    else if (step.kind === 'reboot') this.reboot();
    else if (step.kind === 'wait') this.second += step.pick;
    else if (step.kind === 'idle') this.second += life;
    else if (session === undefined) return;
    else if (step.kind === 'claim') this.claim(session, step.thread, step.back);
    else if (session.boot === this.boot) {
      releaseSlot(this.table(0), session.reference, at(this.second));
      session.released = true;
    }
  }
}

describe('session table against a model', () => {
  it('over boots, generations, threads and time: nothing accepted twice, nothing refused within the guaranteed width', () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 20, maxLength: 400 }), (steps) => {
        const installation = new Installation();
        for (const step of steps) installation.run(step);
      }),
      seeded('session table model', 2000),
    );
  });
});
