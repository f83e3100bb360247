/** Reports: what waits, what gives way, what is sent again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readReportBatch } from '@hauberk/channel/client';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import type { Call } from '../src/core/call.ts';
import type { CoreContext } from '../src/core/core-context.ts';
import { EndpointList } from '../src/core/endpoint-list.ts';
import type { OpenedReply } from '../src/core/exchange.ts';
import { ReportQueue } from '../src/core/report-queue.ts';

const context = {
  ports: { crypto: nodeAsyncCrypto, clock: { monotonic: () => 0, wall: () => 1_700_000_000_000 } },
} as unknown as CoreContext;

const reply = (status: number): OpenedReply => ({
  status,
  headers: {},
  body: new Uint8Array(0),
  problem: undefined,
  url: '',
});

/** A queue whose batches are kept, each answered by the next status (200 when none is left). */
const openQueue = (...statuses: number[]) => {
  const batches: (readonly { readonly id: string; readonly kind: string }[])[] = [];
  const queue = new ReportQueue(context, async (call: Call) => {
    const batch = readReportBatch(call.body);
    assert.ok(batch.ok);
    batches.push(batch.value);
    return reply(statuses.shift() ?? 200);
  });
  return { queue, batches };
};

describe('report queue', () => {
  it('batches hold at most 256 reports, in order, none twice', async () => {
    const { queue, batches } = openQueue();
    for (let index = 0; index < 300; index += 1) queue.add(`kind-${index}`, {}, {});
    await queue.flush();
    assert.deepEqual(
      batches.map((batch) => batch.length),
      [256, 44],
    );
    assert.deepEqual(
      batches.flat().map(({ kind }) => kind),
      Array.from({ length: 300 }, (_, index) => `kind-${index}`),
    );
  });

  it('a large report does not make its batch larger than the gateway takes', async () => {
    const { queue, batches } = openQueue();
    for (let index = 0; index < 4; index += 1) queue.add('large', { text: 'x'.repeat(30_000) }, {});
    await queue.flush();
    assert.deepEqual(
      batches.map((batch) => batch.length),
      [2, 2],
    );
  });

  it('beyond 512 the oldest of the cheapest class gives way', async () => {
    const { queue, batches } = openQueue();
    queue.add('dear', {}, { loss: 'must-keep' });
    queue.add('cheap', {}, { loss: 'may-drop' });
    for (let index = 0; index < 511; index += 1) queue.add('usual', {}, {});
    assert.equal(queue.size, 512);
    await queue.flush();
    const kinds = batches.flat().map(({ kind }) => kind);
    assert.ok(kinds.includes('dear') && !kinds.includes('cheap'));
  });

  it('an overloaded gateway gets the same reports later, under the same ids', async () => {
    const { queue, batches } = openQueue(503, 429);
    queue.add('kept', {}, {});
    await queue.flush();
    await queue.flush();
    assert.equal(queue.size, 1);
    await queue.flush();
    assert.equal(queue.size, 0);
    assert.equal(new Set(batches.map((batch) => batch[0]?.id)).size, 1);
  });

  it('what is refused for good does not come back', async () => {
    const { queue } = openQueue(400);
    queue.add('malformed', {}, {});
    await queue.flush();
    assert.equal(queue.size, 0);
  });
});

describe('endpoint list', () => {
  it('failover goes round, one step for a failure however many calls saw it, and returns to the preferred origin', () => {
    let now = 0;
    const list = new EndpointList(['a', 'b', 'c'], () => now);
    list.leave('a');
    list.leave('a');
    assert.equal(list.current(), 'b');
    list.leave('b');
    assert.equal(list.current(), 'c');
    now = 60_001;
    assert.equal(list.current(), 'a');
    list.leave('a');
    list.leave('b');
    list.leave('c');
    assert.equal(list.current(), 'a');
  });
});
