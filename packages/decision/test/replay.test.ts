/** Replay and rebuild: after a restart every record comes out as the same bytes, and the windows tell the same facts again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  decodeRecord,
  type EngineMemory,
  encodeRecord,
  joinOwners,
  Rebuild,
  reevaluate,
  summariseRecord,
} from '@hauberk/decision';
import fc from 'fast-check';
import type { Taken } from './support/engine-worker.ts';
import {
  key,
  mainPolicy,
  newEngine,
  newMemory,
  policiesOf,
  schema,
  schemaHash,
  stepsOf,
} from './support/small-bank.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
/** Decisions of the full run: one step in twenty is a label. */
const steps = isFull ? 212_000 : 6000;
const seed = Number(process.env['HAUBERK_SEED'] ?? 77);

/** Decides all steps and writes each record behind its length. */
const writeDecisions = (file: string): number => {
  const engine = newEngine();
  const out = openSync(file, 'w');
  let decisions = 0;
  for (const step of stepsOf(seed, steps)) {
    if (step.kind === 'label') {
      engine.label(step);
      continue;
    }
    const { record } = engine.decide(step.event, step.context);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(record.length);
    writeSync(out, head);
    writeSync(out, record);
    decisions += 1;
  }
  closeSync(out);
  return decisions;
};

test(`replay: another process evaluates every record to the same bytes and rebuilds every vector (seed ${seed})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-replay-'));
  try {
    const file = join(folder, 'records');
    const decisions = writeDecisions(file);
    if (isFull) assert.ok(decisions >= 200_000, String(decisions));
    const child = fileURLToPath(new URL('support/replay-child.ts', import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, [child, file, String(seed), String(steps)], {
      encoding: 'utf8',
    });
    assert.notEqual(stdout, '', stderr);
    const told = JSON.parse(stdout);
    assert.deepEqual(
      { ...told, first: told.first },
      { decisions, same: decisions, rebuilt: decisions, labels: steps - decisions, first: '', isWhole: true },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const decideInThread = (memory: EngineMemory, seed: number, count: number): Promise<readonly Taken[]> =>
  new Promise((resolve, reject) => {
    const workerData = { memory, token: joinOwners(memory.owners), seed, count };
    const worker = new Worker(new URL('support/engine-worker.ts', import.meta.url), { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
  });

test('rebuild: what threads decided at once over one memory happened in one order, and comes out the same in it', async () => {
  const memory = newMemory();
  const seeds = [11, 12, 13];
  const count = isFull ? 20_000 : 1500;
  const all = await Promise.all(seeds.map((each) => decideInThread(memory, each, count)));
  const steps = all.flatMap((taken, thread) => {
    const own = [...stepsOf(seeds[thread] as number, count)];
    return taken.map(({ order, step, record }) => ({ order, record, thread, step: own[step] }));
  });
  steps.sort((left, right) => left.order - right.order);
  assert.deepEqual(
    steps.map(({ order }) => order),
    steps.map((_, at) => at + 1),
  );
  const turns = steps.filter(({ thread }, at) => at > 0 && steps[at - 1]?.thread !== thread).length;
  assert.ok(turns >= 2, 'threads took turns');
  const rebuild = new Rebuild({ schema, key, memory: newMemory() });
  for (const { step, order, record } of steps) {
    if (step?.kind === 'label') assert.ok(rebuild.label(step, order));
    else if (step !== undefined && record !== undefined)
      assert.deepEqual(rebuild.event(step.event, record), { state: 'same' }, `step ${order}`);
  }
});

const someRecords = (count: number): readonly Uint8Array[] => {
  const engine = newEngine();
  const records: Uint8Array[] = [];
  for (const step of stepsOf(3, count))
    if (step.kind === 'event') records.push(engine.decide(step.event, step.context).record);
    else engine.label(step);
  return records;
};

const [entry] = policiesOf([{ document: mainPolicy }]);

test('replay: a change of policy, schema or record is seen, and what another policy asks beyond the record is named', () => {
  const records = someRecords(600);
  const strict = {
    ...mainPolicy,
    rules: [
      ...mainPolicy.rules,
      { id: 'more', when: 'account.count30d > 0', outcome: 'deny', reason: 'more' },
      { id: 'listed', when: 'account.id in list("mules")', outcome: 'deny', reason: 'listed' },
    ],
  };
  const [other] = policiesOf([{ document: strict }]);
  assert.ok(entry !== undefined && other !== undefined);
  const [record] = records;
  assert.ok(record);
  const codeOf = (result: ReturnType<typeof reevaluate>) => (result.ok ? 'read' : result.code);
  assert.equal(codeOf(reevaluate(record, schema, schemaHash, other)), 'record.other-policy');
  assert.equal(codeOf(reevaluate(record, schema, schemaHash, undefined)), 'record.other-policy');
  assert.equal(codeOf(reevaluate(record, schema, 'f'.repeat(64), entry)), 'record.other-schema');
  const tried = reevaluate(record, schema, schemaHash, other, true);
  assert.ok(tried.ok);
  assert.equal(tried.value.isSame, false);
  assert.deepEqual(tried.value.notRecorded, ['account.count30d', 'account.id in mules']);
  const loose = { ...mainPolicy, thresholds: [], rules: mainPolicy.rules.slice(0, 3) };
  const [mild] = policiesOf([{ document: loose }]);
  const changed = records.filter((each) => {
    const again = reevaluate(each, schema, schemaHash, mild, true);
    assert.ok(again.ok && again.value.notRecorded.length === 0);
    return again.value.verdict.outcome !== again.value.record.outcome;
  });
  assert.ok(changed.length > 20 && changed.length < records.length, String(changed.length));
});

test('rebuild: an event that is missing, changed or swapped does not pass as the same', () => {
  const engine = newEngine();
  const decided = [...stepsOf(9, 400)].flatMap((step) => {
    if (step.kind === 'event') return [{ event: step.event, record: engine.decide(step.event, step.context).record }];
    engine.label(step);
    return [];
  });
  const statesOf = (change: (all: typeof decided) => typeof decided): ReadonlySet<string> => {
    const rebuild = new Rebuild({ schema, key, memory: newMemory() });
    return new Set(change(decided).map(({ event, record }) => rebuild.event(event, record).state));
  };
  // The labels are left out on purpose in all of these.
  assert.ok(statesOf((all) => all).has('out-of-order'));
  const first = decided.slice(0, 12);
  const rebuildOf = (all: typeof decided) => {
    const rebuild = new Rebuild({ schema, key, memory: newMemory() });
    return all.map(({ event, record }) => rebuild.event(event, record));
  };
  const twice = first.map((each, index) =>
    index === 5 ? { ...each, event: { ...each.event, entities: { ...first[4]?.event.entities } } } : each,
  );
  assert.ok(rebuildOf(twice).some(({ state }) => state === 'differs'));
  assert.equal(
    rebuildOf([{ ...(decided[0] as (typeof decided)[number]), record: new Uint8Array(3) }])[0]?.state,
    'unreadable',
  );
});

test('records: any bytes are refused by code or are a record in its one form; no cut or changed one is taken for more than it is', () => {
  const records = someRecords(60);
  const check = (bytes: Uint8Array): boolean => {
    const read = decodeRecord(bytes);
    if (!read.ok) assert.match(read.code, /^record\.(?:malformed|version|too-long)$/);
    else assert.deepEqual(Buffer.from(encodeRecord(read.value)), Buffer.from(bytes));
    // Without its facts it reads the same; it may pass over what is wrong in them, and in nothing else.
    const summary = summariseRecord(bytes);
    if (!summary.ok) assert.equal(!read.ok && read.code, summary.code);
    else if (read.ok) {
      const { places: _places, facts: _facts, answers: _answers, ...rest } = read.value;
      assert.deepEqual(summary.value, rest);
    } else assert.equal(read.code, 'record.malformed');
    return read.ok;
  };
  for (const record of records) assert.ok(check(record));
  const whole = fc.constantFrom(...records);
  const edit = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(whole, fc.array(edit, { minLength: 1, maxLength: 4 }), (record, edits) => {
      const bytes = Uint8Array.from(record);
      for (const { at, value } of edits) bytes[at % bytes.length] = value;
      check(bytes);
    }),
    { numRuns: isFull ? 200_000 : 5000 },
  );
  fc.assert(
    fc.property(whole, fc.nat(), (record, to) => {
      assert.equal(check(record.slice(0, to % record.length)), false);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void check(Uint8Array.of(1, ...bytes))));
  assert.equal(check(new Uint8Array(300_000).fill(1)), false);
});

test('records: they take a few hundred bytes', () => {
  const records = someRecords(500);
  const mean = records.reduce((sum, { length }) => sum + length, 0) / records.length;
  assert.ok(mean < 700, String(mean));
});
