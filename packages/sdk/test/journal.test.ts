/** What the journal decides: how long an entry lives, what becomes of it, what gives way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readReportBatch } from '@hauberk/channel/client';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { openJournal } from '@hauberk/sdk/journal';
import { type ClientStorage, memoryStorage } from '@hauberk/sdk/node';
import fc from 'fast-check';
import type { Call } from '../src/core/call.ts';
import { ServerClock } from '../src/core/clock.ts';
import type { CoreContext } from '../src/core/core-context.ts';
import type { OpenedReply } from '../src/core/exchange.ts';
import { type HauberkCode, HauberkError } from '../src/core/hauberk-error.ts';
import type { JournalOptions } from '../src/core/journal-options.ts';
import type { JournalHost } from '../src/core/journal-port.ts';
import { type RequestRecord, remainingMs } from '../src/core/journal-record.ts';
import { withEntry } from '../src/core/journal-room.ts';
import { JournalVault } from '../src/core/journal-vault.ts';
import { judgeFailure, judgeReply } from '../src/core/journal-verdict.ts';
import type { HostPorts } from '../src/core/options.ts';
import { ReportQueue } from '../src/core/report-queue.ts';
import type { StoredEntry } from '../src/core/storage.ts';

const minute = 60_000;
const serverAt = (ms: number): ServerClock => new ServerClock({ monotonic: () => 0, wall: () => 0 }, ms);

describe('the life of an entry', () => {
  const queued = (queuedServerMs: number | null) =>
    ({ queuedWallMs: 10 * minute, queuedServerMs, lifeMs: 15 * minute }) as RequestRecord;
  for (const [name, record, wall, server, left] of [
    ['by the wall clock while nothing better is known', queued(null), 20 * minute, undefined, 5 * minute],
    [
      'by authenticated time where both ends have it, whatever the wall clock says',
      queued(1000 * minute),
      0,
      1010 * minute,
      5 * minute,
    ],
    [
      'by the wall clock until authenticated time is known again',
      queued(1000 * minute),
      20 * minute,
      undefined,
      5 * minute,
    ],
    ['a wall clock set back ends what has no authenticated time', queued(null), 5 * minute, undefined, 0],
    [
      'a wall clock set back does not end what will be judged by authenticated time',
      queued(1000 * minute),
      5 * minute,
      undefined,
      15 * minute,
    ],
    ['a wall clock a little behind prolongs nothing', queued(null), 9.5 * minute, undefined, 15 * minute],
  ] as const)
    it(name, () => {
      assert.equal(remainingMs(record, wall, server === undefined ? undefined : serverAt(server)), left);
    });
});

const trace = (method: string, isRepeatable: boolean, mayHaveRun: boolean) => ({
  call: { isRepeatable, target: { method, path: '/', query: '?' } },
  mayHaveRun,
});
const keyed = (mayHaveRun: boolean) => trace('POST', true, mayHaveRun);
const unkeyed = (mayHaveRun: boolean) => trace('POST', false, mayHaveRun);

const replyOf = (status: number, code?: string, execution: 'none' | 'unknown' = 'none'): OpenedReply => ({
  status,
  headers: {},
  body: new Uint8Array(0),
  problem: code === undefined ? undefined : { code, execution, traceId: undefined, members: {} },
  url: '',
});

describe('the verdict on a reply', () => {
  for (const [name, known, reply, expected] of [
    ['2xx is sent', keyed(true), replyOf(201), 'end sent'],
    ['4xx of the service is failed', keyed(true), replyOf(422), 'end failed'],
    ['5xx of the service on something that changes is unknown', keyed(true), replyOf(500), 'end unknown'],
    ['5xx of the service on a read is failed', trace('GET', true, true), replyOf(500), 'end failed'],
    ['step-up needs the user', keyed(false), replyOf(403, 'step-up-required'), 'user step-up'],
    ['an ended login needs the user', keyed(false), replyOf(401, 'login-required'), 'user login'],
    ['a running twin is asked for again', keyed(true), replyOf(409, 'conflict'), 'again'],
    ['overload passes', unkeyed(false), replyOf(503, 'overloaded'), 'again'],
    ['a service that broke is asked again with a key', keyed(true), replyOf(502, 'upstream', 'unknown'), 'again'],
    [
      'a service that broke is not asked again without',
      unkeyed(true),
      replyOf(502, 'upstream', 'unknown'),
      'end unknown',
    ],
    ['a refusal is failed', keyed(false), replyOf(403, 'forbidden'), 'end failed'],
    ['a refusal after an attempt that may have run is unknown', keyed(true), replyOf(403, 'forbidden'), 'end unknown'],
    [
      'an outcome that the gateway does not know is unknown',
      keyed(false),
      replyOf(409, 'outcome-unknown'),
      'end unknown',
    ],
    ['an outcome that was not kept is sent', keyed(true), replyOf(409, 'outcome-not-kept'), 'end sent'],
  ] as const)
    it(name, async () => {
      const verdict = await judgeReply(known, reply);
      const shown =
        verdict.next === 'end' ? `end ${verdict.state}` : verdict.next === 'user' ? `user ${verdict.reason}` : 'again';
      assert.equal(shown, expected);
    });

  it('no failure of something that may have run and changes something is ever called failed or expired', () => {
    const codes: readonly HauberkCode[] = [
      'transport',
      'timeout',
      'unbound',
      'reply-cut',
      'handshake-refused',
      'step-up-declined',
      'unsupported',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.boolean(), (code, isRepeatable) => {
        const error = new HauberkError(code, { phase: 'wait', execution: 'unknown' });
        const verdict = judgeFailure(trace('POST', isRepeatable, true), error);
        assert.ok(verdict.next === 'again' ? isRepeatable : verdict.next === 'end' && verdict.state === 'unknown');
      }),
    );
  });
});

const entry = (id: string, rank: StoredEntry['rank'], size: number): StoredEntry => ({
  id,
  order: 1,
  rank,
  revision: 1,
  sealed: 'x'.repeat(size),
  lease: null,
});

describe('the room in the journal', () => {
  const bounds = { maxRequests: 2, maxSize: 100 };
  const held = [entry('cheap', 'should-keep', 40), entry('dear', 'must-keep', 40)];
  it('what should be kept gives way to a request, what must be kept does not', () => {
    const room = withEntry(held, entry('pay', 'request', 60), bounds);
    assert.deepEqual(
      room?.entries.map(({ id }) => id),
      ['dear', 'pay'],
    );
    assert.equal(withEntry(held, entry('pay', 'request', 61), bounds), undefined);
  });
  it('what should be kept drives nothing out', () => {
    assert.equal(withEntry(held, entry('late', 'should-keep', 30), bounds), undefined);
  });
  it('requests are counted', () => {
    const two = [entry('a', 'request', 1), entry('b', 'request', 1)];
    assert.equal(withEntry(two, entry('c', 'request', 1), bounds), undefined);
    assert.ok(withEntry(two, entry('r', 'must-keep', 1), bounds));
  });
});

const portsOn = (storage: ClientStorage): HostPorts =>
  ({
    crypto: nodeAsyncCrypto,
    storage,
    clock: { monotonic: () => performance.now(), wall: () => 1_700_000_000_000 },
  }) as unknown as HostPorts;

describe('an entry at rest', () => {
  const head = { id: 'one', order: 7, rank: 'request', revision: 3 } as const;
  it('opens as it was sealed, under the same key', async () => {
    const storage = memoryStorage();
    const sealed = await new JournalVault(portsOn(storage)).seal(head, { amount: 1 });
    const opened = await new JournalVault(portsOn(storage)).open(sealed);
    assert.deepEqual(opened.content, { amount: 1 });
  });
  for (const [what, change] of [
    ['moved to another place', { order: 8 }],
    ['given another id', { id: 'two' }],
    ['given another revision', { revision: 4 }],
    ['called a report', { rank: 'must-keep' }],
    ['cut', { sealed: 'AAAA' }],
  ] as const)
    it(`does not open when ${what}`, async () => {
      const storage = memoryStorage();
      const vault = new JournalVault(portsOn(storage));
      const sealed = await vault.seal(head, { amount: 1 });
      assert.equal((await vault.open({ ...sealed, ...change })).content, undefined);
    });
  it('of two writers of one revision the second is refused', async () => {
    const vault = new JournalVault(portsOn(memoryStorage()));
    const first = await vault.seal({ ...head, revision: 1 }, {});
    await vault.change(() => [first]);
    const [one, other] = [
      await vault.seal({ ...head, revision: 2 }, { by: 1 }),
      await vault.seal({ ...head, revision: 2 }, { by: 2 }),
    ];
    assert.deepEqual([await vault.replace(one), await vault.replace(other)], [true, false]);
  });
});

/** A journal whose network is a function. */
const journalOn = (storage: ClientStorage, options: JournalOptions, perform: (call: Call) => Promise<OpenedReply>) => {
  const context = {
    ports: portsOn(storage),
    endpoints: { origins: ['https://api.example'] },
    serverClock: undefined,
  } as unknown as CoreContext;
  const host: JournalHost = {
    context,
    connect: async () => undefined,
    read: async (_, init) =>
      ({
        isRepeatable: true,
        signal: init?.signal,
        headers: init?.headers,
        target: { method: 'POST' },
      }) as unknown as Call,
    perform,
  };
  return { journal: openJournal({ retryMs: 1, ...options })(host), context };
};

describe('entries on their way', () => {
  const order = { url: '/pay', method: 'POST', body: '1' };

  it('a logout ends what is being sent, and calls it unknown', async () => {
    const told: string[] = [];
    const started = Promise.withResolvers<void>();
    const { journal } = journalOn(
      memoryStorage(),
      { onEntry: ({ state, reason }) => void told.push(`${state} ${reason}`) },
      (call) =>
        new Promise((_, reject) => {
          if (call.journey !== undefined) call.journey.mayHaveRun = true;
          call.signal?.addEventListener('abort', () => reject(call.signal?.reason as Error));
          started.resolve();
        }),
    );
    await journal.owner('alice');
    await journal.enqueue(order);
    await started.promise;
    await journal.logout();
    assert.deepEqual(told, ['unknown logout']);
  });

  it('another owner ends what is being sent without ending the entry: its owner finds it again', async () => {
    const sent: string[] = [];
    const started = Promise.withResolvers<void>();
    const { journal } = journalOn(memoryStorage(), {}, (call) => {
      sent.push('attempt');
      return new Promise((_, reject) => {
        call.signal?.addEventListener('abort', () => reject(call.signal?.reason as Error));
        started.resolve();
      });
    });
    await journal.owner('alice');
    const id = await journal.enqueue(order);
    await started.promise;
    await journal.owner('bob');
    journal.wake();
    assert.deepEqual(await journal.list(), []);
    assert.equal(sent.length, 1);
    await journal.owner(undefined);
    await journal.owner('alice');
    assert.deepEqual(
      (await journal.list()).map((one) => one.id),
      [id],
    );
  });

  it('while the host knows of no network nothing is tried, and what is taken back has not run', async () => {
    let isOnline = false;
    const sent: string[] = [];
    const told: string[] = [];
    const { journal } = journalOn(
      memoryStorage(),
      { isOnline: () => isOnline, onEntry: ({ state }) => void told.push(state) },
      async () => {
        sent.push('attempt');
        return replyOf(201);
      },
    );
    await journal.owner('alice');
    const first = await journal.enqueue(order);
    const second = await journal.enqueue(order);
    journal.wake();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(sent, []);
    assert.equal(await journal.cancel(first), 'cancelled');
    isOnline = true;
    journal.wake();
    while (!told.includes('sent')) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual([sent.length, told], [1, ['cancelled', 'sent']]);
    assert.equal(await journal.cancel(second), undefined);
  });

  it('every attempt carries the same key, whatever failed in between', async () => {
    const keys: unknown[] = [];
    const done = Promise.withResolvers<void>();
    const { journal } = journalOn(memoryStorage(), { onEntry: () => done.resolve() }, async (call) => {
      keys.push(call.headers['idempotency-key']);
      if (keys.length < 4) throw new HauberkError('transport', { phase: 'wait', execution: 'unknown' });
      return replyOf(200);
    });
    await journal.owner('alice');
    await journal.enqueue(order);
    await done.promise;
    assert.equal(keys.length, 4);
    assert.deepEqual([new Set(keys).size, typeof keys[0]], [1, 'string']);
  });

  it('a storage that fails at the mark lets nothing out', async () => {
    let sent = 0;
    const kept = memoryStorage();
    let isFull = false;
    const tried = Promise.withResolvers<void>();
    const failing: ClientStorage = {
      ...kept,
      update: (name, change) => {
        if (isFull) tried.resolve();
        return isFull ? Promise.reject(new Error('disk full')) : kept.update(name, change);
      },
    };
    const { journal } = journalOn(failing, {}, async () => {
      sent += 1;
      return replyOf(200);
    });
    await journal.owner('alice');
    const queued = journal.enqueue(order);
    await queued;
    isFull = sent === 0;
    if (isFull) await tried.promise;
    assert.equal(sent, 0);
    assert.deepEqual(
      (await journal.list()).map(({ state }) => state),
      ['waiting'],
    );
  });
});

describe('reports in the journal', () => {
  it('what an earlier start saw is sent with the time when it happened, under the same id', async () => {
    const storage = memoryStorage();
    const first = journalOn(storage, {}, async () => replyOf(200));
    new ReportQueue(first.context, () => Promise.reject(new Error('no network')), first.journal).add(
      'threat',
      { at: 1 },
      { loss: 'must-keep' },
    );
    while (((await storage.read('journal')) ?? []).length === 0) await new Promise((resolve) => setImmediate(resolve));
    const [kept] = await first.journal.keptReports();
    const later = journalOn(storage, {}, async () => replyOf(200));
    const batches: unknown[] = [];
    const queue = new ReportQueue(
      { ...later.context, serverClock: serverAt(1_800_000_000_000) },
      async (call) => {
        const batch = readReportBatch(call.body);
        assert.ok(batch.ok);
        batches.push(...batch.value);
        return replyOf(202);
      },
      later.journal,
    );
    while (queue.size === 0) await new Promise((resolve) => setImmediate(resolve));
    await queue.flush();
    assert.deepEqual(batches, [kept]);
    assert.equal(kept?.eventAtMs, 1_700_000_000_000);
    while (((await storage.read('journal')) ?? []).length > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('what the gateway refuses for good is told', async () => {
    const lost: string[] = [];
    const { journal, context } = journalOn(
      memoryStorage(),
      { onReportLost: ({ kind, end }) => void lost.push(`${kind} ${end}`) },
      async () => replyOf(200),
    );
    const queue = new ReportQueue(context, async () => replyOf(400), journal);
    queue.add('odd', {}, {});
    await queue.flush();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(lost, ['odd failed']);
  });
});
