/**
 * Durable writes through the writer thread, against one commit per write on the same disk in the same run. Both fsync before they
 * answer; the ratio is what grouping is worth. `--json` prints one line; `--seconds N` sets the length of each part.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import { openStorage, type Stores } from '../packages/server/src/storage/index.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '2' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const spanMs = Number(values.seconds) * 1000;
const scope = { organisation: 'bank', app: 'retail' };
const now: EpochMs = epochMs(Date.now());
const payload = new Uint8Array(330);

interface Rate {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const rateOf = (latencies: number[], elapsedMs: number): Rate => {
  latencies.sort((left, right) => left - right);
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? 0;
  return { perSecond: (latencies.length / elapsedMs) * 1000, p50Ms: at(0.5), p99Ms: at(0.99) };
};

/** Keeps so many writes under way for the span. */
const measure = async (waiting: number, write: (turn: number) => Promise<void>): Promise<Rate> => {
  const latencies: number[] = [];
  const start = performance.now();
  let turn = 0;
  const keepWriting = async (): Promise<void> => {
    while (performance.now() - start < spanMs) {
      const before = performance.now();
      turn += 1;
      await write(turn);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: waiting }, keepWriting));
  return rateOf(latencies, performance.now() - start);
};

/** The peer: what a gateway that commits each write on its own thread would do. */
const measureSingleCommits = async (folder: string): Promise<Rate> => {
  const database = new DatabaseSync(join(folder, 'single.db'));
  database.exec('pragma journal_mode=wal; pragma synchronous=full; create table if not exists events (payload blob)');
  const insert = database.prepare('insert into events values (?)');
  const rate = await measure(1, async () => {
    insert.run(payload);
  });
  database.close();
  return rate;
};

const appendEvent = (ports: Stores) => async (): Promise<void> => {
  const answer = await ports.outbox.append([{ scope, kind: 'bench', atMs: now, payload }]);
  if (!answer.ok) throw new Error(answer.code);
};

const runTransfer =
  (ports: Stores, label: string) =>
  async (turn: number): Promise<void> => {
    const key = { device: 'd', customer: 'c', route: 'r', key: `${label}-${turn}` };
    const request = { fingerprint: 'f', expiresAtMs: epochMs(now + 3_600_000), retryUnknown: false };
    const begun = await ports.idempotency.begin(scope, key, request, now);
    if (!begun.ok || begun.value.state !== 'fresh') throw new Error('not fresh');
    const outcome = { kept: true, status: 200, content: payload } as const;
    const kept = await ports.idempotency.finish(begun.value.attempt, outcome, now);
    if (!kept.ok) throw new Error(kept.code);
  };

const report = async (folder: string): Promise<Readonly<Record<string, number>>> => {
  const storage = await openStorage({ folder: join(folder, 'state'), upkeepMs: 0 });
  try {
    const single = await measureSingleCommits(folder);
    const alone = await measure(1, appendEvent(storage.ports));
    const grouped = await measure(256, appendEvent(storage.ports));
    const again = await measureSingleCommits(folder);
    const audited = await measure(256, async () => {
      await storage.ports.audit.append(scope, { actor: 'a', action: 'bench', subject: 's', facts: {} }, now);
    });
    const transfers = await measure(256, runTransfer(storage.ports, 'group'));
    const singlePerSecond = (single.perSecond + again.perSecond) / 2;
    return {
      durableAcksPerSecond: Math.round(grouped.perSecond),
      singleCommitsPerSecond: Math.round(singlePerSecond),
      groupVsSingle: Number((grouped.perSecond / singlePerSecond).toFixed(2)),
      p50Milliseconds: Number(grouped.p50Ms.toFixed(3)),
      p99Milliseconds: Number(grouped.p99Ms.toFixed(3)),
      aloneP50Milliseconds: Number(alone.p50Ms.toFixed(3)),
      auditAppendsPerSecond: Math.round(audited.perSecond),
      idempotentPairsPerSecond: Math.round(transfers.perSecond),
    };
  } finally {
    await storage.close();
  }
};

const folder = mkdtempSync(join(values.folder, 'hauberk-bench-'));
try {
  const measured = await report(folder);
  if (values.json) console.log(JSON.stringify(measured));
  else console.table(measured);
} finally {
  rmSync(folder, { recursive: true });
}
