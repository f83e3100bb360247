/**
 * Full decisions in one process with all devices resident: parse, four entities with three windows each, sixty rules, the model, reasons, the record. Prints one
 * line of JSON. `node resident.ts DEVICES`.
 */
import { createHash } from 'node:crypto';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import {
  createEngine,
  type DecisionContext,
  type Engine,
  forestEnsemble,
  type RiskEvent,
  readPolicySet,
  readRiskEvent,
  reserveMemory,
  schemaDocument,
  serveModel,
} from '@hauberk/decision';
import { canonicalJson, type JsonValue } from '@hauberk/primitives';
import { type EngineMemory, openMemory } from '../../packages/decision/src/engine/memory.ts';
import { idHash } from '../../packages/decision/src/engine/pseudonyms.ts';
import { profileBytes } from '../../packages/decision/src/windows/profile-table.ts';
import { drawsFrom } from './one-policy.ts';
import { drawTree, eventText, features, memoryOf, policyDocument, rangesOf, schema, start } from './workload.ts';

const devices = Number(process.argv[2] ?? 10_000_000);
const perRound = 25_000;
const rounds = Number(process.argv[3] ?? 24);
const key = new Uint8Array(16).fill(7);
const sha256 = (value: JsonValue): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

/** Gives every device, and the other entities in their numbers, a row with an event of the days before. */
const settle = (memory: EngineMemory): void => {
  const prefixes: Readonly<Record<string, string>> = { device: 'd', account: 'a', payee: 'p', address: '10.' };
  const value = { low: 0, high: 0 };
  for (const { kind, table, profile } of openMemory(memory).kinds) {
    const hash = idHash(key, kind);
    const { capacity } = memory.kinds.find((each) => each.kind === kind)?.profiles ?? { capacity: 0 };
    const prefix = prefixes[kind] ?? '';
    for (let at = 0; at < capacity; at += 1) {
      hash(`${prefix}${at}`, value);
      const row = table.claim(value.low, value.high);
      if (row < 0) throw new Error(`no room for ${kind} ${at}`);
      profile.open(row).add(start - (at % 1000) * 86_400, 1000 + (at % 977) * 100);
    }
  }
};

const makeEngine = (
  memory: EngineMemory,
): { readonly engine: Engine; readonly score: (row: Float64Array) => number } => {
  const document = policyDocument();
  const policies = readPolicySet([{ document, hash: sha256(document) }], schema);
  if (!policies.ok) throw new Error(JSON.stringify(policies.faults));
  const draw = drawsFrom(31);
  const ranges = rangesOf();
  const forest = { base: -2, trees: Array.from({ length: 200 }, () => drawTree(draw, 31, ranges)) };
  const model = serveModel(
    forestEnsemble(forest, features, { kind: 'sigmoid', slope: -1, offset: 0 }),
    'cd'.repeat(32),
  );
  if (model.servedAs !== 'code') throw new Error('the model is not served as code');
  const lists = { hash: 'ef'.repeat(32), sets: { mules: new Set(['0'.repeat(16)]), farms: new Set<string>() } };
  const schemaHash = sha256(schemaDocument(schema));
  return {
    engine: createEngine({ schema, schemaHash, memory, key, policies: policies.value, lists, model }),
    score: model.score,
  };
};

/** Events as bytes, as they come from a socket, and where each ends. Made once, since what making them leaves behind would be collected while decisions are timed. */
const makeEvents = (): { readonly bytes: Buffer; readonly ends: Int32Array } => {
  const draw = drawsFrom(1000);
  const bytes = Buffer.alloc(perRound * 1024);
  const ends = new Int32Array(perRound);
  let end = 0;
  for (let at = 0; at < perRound; at += 1) {
    end += bytes.write(eventText(draw, at, devices), end);
    ends[at] = end;
  }
  return { bytes, ends };
};

/** Gives the events of the next round ids and instants of their own, in place. */
const renew = ({ bytes, ends }: ReturnType<typeof makeEvents>, round: number): void => {
  for (let at = 0; at < perRound; at += 1) {
    const from = at === 0 ? 0 : (ends[at - 1] as number);
    const idAt = bytes.indexOf('b7c1', from);
    bytes.write((round * perRound + at).toString(16).padStart(12, '0'), idAt + 4);
    const instantAt = bytes.indexOf('"atMs":', idAt) + 7;
    bytes.write(String(start + round * 10_000 + Math.floor(at / 10)), instantAt);
  }
};

const contexts: readonly DecisionContext[] = Array.from({ length: 64 }, (_, at) => ({
  channel: { result: at % 16 === 0 ? 'unsigned' : 'verified', mode: 'signed', clockSkewMs: at * 3 },
  device: { tier: at % 3, isAttested: at % 2 === 0, isAppApproved: true, bootState: 'verified', score: 100 - at },
  bindingState: 'bound',
  signals: at % 8 === 0 ? [{ code: 'root-su', value: true, source: 'tee', ageMs: 1000 }] : [],
  ...(at % 32 === 0 ? { cluster: { size: 20, kinds: 2, score: 0.8, grade: 'high' } } : {}),
}));

const readEvent = (text: string): RiskEvent => {
  const read = readRiskEvent(text);
  if (!read.ok) throw new Error(read.code);
  return read.value;
};

const cpuMicroseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Longest pause of each measured round. */
const pauses: number[] = [];
const span = { from: 0, to: 0 };
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries())
    if (startTime >= span.from && startTime <= span.to)
      pauses[pauses.length - 1] = Math.max(pauses.at(-1) ?? 0, duration);
}).observe({ entryTypes: ['gc'] });
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

const events = makeEvents();
const memory = reserveMemory(schema, memoryOf(devices));
settle(memory);
const { engine, score } = makeEngine(memory);
const tells: Record<string, number> = {};
const best = {
  cpu: Number.POSITIVE_INFINITY,
  p50: Number.POSITIVE_INFINITY,
  p99: Number.POSITIVE_INFINITY,
  p999: Number.POSITIVE_INFINITY,
};
let recordBytes = 0;
for (let round = 0; round < rounds; round += 1) {
  renew(events, round);
  globalThis.gc?.();
  await breathe();
  const { bytes, ends } = events;
  const taken = new Float64Array(perRound);
  pauses.push(0);
  span.to = Number.POSITIVE_INFINITY;
  span.from = performance.now();
  const began = cpuMicroseconds();
  let before = process.hrtime();
  for (let at = 0; at < perRound; at += 1) {
    const from = at === 0 ? 0 : (ends[at - 1] as number);
    const event = readEvent(bytes.toString('latin1', from, ends[at]));
    const decision = engine.decide(event, contexts[at & 63] as DecisionContext);
    recordBytes = decision.record.length;
    if ((at & 63) === 0) tells[decision.outcome] = (tells[decision.outcome] ?? 0) + 1;
    const after = process.hrtime();
    taken[at] = (after[0] - before[0]) * 1e6 + (after[1] - before[1]) / 1000;
    before = after;
  }
  const cpu = (cpuMicroseconds() - began) / perRound;
  span.to = performance.now();
  await breathe();
  taken.sort();
  const share = (each: number): number => taken[Math.floor(perRound * each)] as number;
  best.cpu = Math.min(best.cpu, cpu);
  best.p50 = Math.min(best.p50, share(0.5));
  best.p99 = Math.min(best.p99, share(0.99));
  best.p999 = Math.min(best.p999, share(0.999));
}
const drawRow = drawsFrom(5);
const rows = Array.from({ length: 512 }, () =>
  rangesOf().map((range) => (drawRow() < 0.1 ? Number.NaN : drawRow() * range)),
);
let modelMicroseconds = Number.POSITIVE_INFINITY;
let sum = 0;
for (let round = 0; round < 10; round += 1) {
  const began = cpuMicroseconds();
  for (let at = 0; at < 10_000; at += 1) sum += score(rows[at & 511] as Float64Array);
  modelMicroseconds = Math.min(modelMicroseconds, (cpuMicroseconds() - began) / 10_000);
}
const device = memory.kinds.find(({ kind }) => kind === 'device');
console.log(
  JSON.stringify({
    devices,
    decisionsPerCpuSecond: 1e6 / best.cpu,
    bytesPerDevice: device === undefined ? Number.NaN : profileBytes(device.profiles) / devices,
    p50Microseconds: best.p50,
    p99Microseconds: best.p99,
    p999Microseconds: best.p999,
    longestGcPauseMilliseconds: Math.min(...pauses.slice(1)),
    longestGcPauseOfAllRounds: Math.max(...pauses.slice(1)),
    modelMicroseconds,
    recordBytes,
    residentGiB: process.memoryUsage().rss / 2 ** 30,
    outcomes: tells,
    isSane: Number.isFinite(sum),
  }),
);
