/** `hauberk simulate fraud`: honest people and attackers of every kind, as files for `hauberk evaluate fraud` and `hauberk learn`. */
import { once } from 'node:events';
import { createWriteStream, mkdirSync, openSync, type WriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { difficulties, type FraudBatch, type FraudWorld, fraudWorldVersion, playFraud } from '@hauberk/simulator';

/** What `--help` prints of it. */
export const fraudUsage: string = `       hauberk simulate fraud --out DIR [--seed S] [--days D] [--difficulty easy|medium|hard] [--devices N] [--start DATE] [--json]

  --out         where events.jsonl, reports.jsonl, labels.jsonl, manifest.json and truth.json are written (docs/fraud-simulator.md)
  --difficulty  how well attackers hide (medium)
  --devices     phones of people and farms together, about (20000)
`;

const dayMs = 86_400_000;

const text = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** Opened at once, so that a folder that takes no files is told before anything is played. */
const openFile = (out: string, name: string): WriteStream => {
  const path = join(out, name);
  const stream = createWriteStream(path, { fd: openSync(path, 'w') });
  // A disk that fills up is thrown by the next write, or by the end.
  return stream.on('error', () => undefined);
};

const write = async (stream: WriteStream, lines: readonly string[]): Promise<void> => {
  if (stream.errored !== null) throw stream.errored;
  if (lines.length > 0 && !stream.write(lines.join(''))) await once(stream, 'drain');
};

/** Counts of what was written, for the manifest. */
interface Counts {
  events: number;
  reports: number;
  labels: number;
  readonly types: Record<string, number>;
}

/** One JSON object, written as it comes: the attacks first, since they are many. */
const openTruth = (out: string, head: object) => {
  const stream = openFile(out, 'truth.json');
  stream.write(`${JSON.stringify(head).slice(0, -1)},\n"events":{`);
  let isFirst = true;
  const kinds: Record<string, number> = {};
  return {
    stream,
    kinds,
    add: async ({ attacks }: FraudBatch): Promise<void> => {
      const lines = attacks.map(([id, guilt]) => {
        kinds[guilt.kind] = (kinds[guilt.kind] ?? 0) + 1;
        const comma = isFirst ? '' : ',';
        isFirst = false;
        return `${comma}\n"${id}":${JSON.stringify(guilt)}`;
      });
      await write(stream, lines);
    },
    close: (rest: object): void => {
      stream.end(`},\n${JSON.stringify(rest).slice(1)}\n`);
    },
  };
};

const writeWorld = async (world: FraudWorld, out: string): Promise<object> => {
  mkdirSync(out, { recursive: true });
  const [events, reports, labels] = [
    openFile(out, 'events.jsonl'),
    openFile(out, 'reports.jsonl'),
    openFile(out, 'labels.jsonl'),
  ];
  // The truth has members `events` and `devices` of its own.
  const { seed, days, difficulty } = world;
  const truth = openTruth(out, { format: 'hauberk-fraud-truth-1', seed, days, difficulty });
  const counts: Counts = { events: 0, reports: 0, labels: 0, types: {} };
  const play = playFraud(world);
  for (const batch of play.batches()) {
    for (const { type } of batch.events) counts.types[type] = (counts.types[type] ?? 0) + 1;
    counts.events += batch.events.length;
    counts.reports += batch.reports.length;
    counts.labels += batch.labels.length;
    await write(events, batch.events.map(text));
    await write(reports, batch.reports.map(text));
    await write(labels, batch.labels.map(text));
    await truth.add(batch);
  }
  const known = play.truth();
  truth.close(known);
  for (const stream of [events, reports, labels]) stream.end();
  await Promise.all([events, reports, labels, truth.stream].map((stream) => finished(stream)));
  const devices = Object.values(known.devices);
  const manifest = {
    format: 'hauberk-fraud-1',
    versions: { world: fraudWorldVersion, event: 1, report: 1, label: 1, truth: 1 },
    ...world,
    endMs: world.startMs + world.days * dayMs,
    counts: { ...counts, devicesSeen: devices.length },
  };
  writeFileSync(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const ofRole = (role: string): number => devices.filter((device) => device.role === role).length;
  return {
    ...world,
    events: counts.events,
    reports: counts.reports,
    labels: counts.labels,
    devicesSeen: { honest: ofRole('honest'), farm: ofRole('farm'), attacker: ofRole('attacker') },
    groups: Object.keys(known.groups).length,
    attacks: truth.kinds,
  };
};

/** Midnight where the bank is: eight hours before UTC's. */
const aheadMs = 8 * 3_600_000;

/** A whole number within bounds; NaN for everything else, the empty text too. */
const countOf = (value: string, least: number, most: number): number => {
  const count = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  return count >= least && count <= most ? count : Number.NaN;
};

const startOf = (value: string): number => {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value) ? at - aheadMs : Number.NaN;
};

type Asked = { readonly world: FraudWorld; readonly out: string; readonly json: boolean };

const option = (fallback: string) => ({ type: 'string', default: fallback }) as const;
const options = {
  out: { type: 'string' },
  seed: option('1'),
  days: option('5'),
  difficulty: option('medium'),
  devices: option('20000'),
  start: option('2026-03-02'),
  json: { type: 'boolean', default: false },
} as const;

/** What was asked for, or which arguments are wrong. */
const readWorld = (args: readonly string[]): Asked | readonly string[] => {
  const { values } = parseArgs({ args: [...args], options });
  const seed = countOf(values.seed, 0, Number.MAX_SAFE_INTEGER);
  const days = countOf(values.days, 1, 3660);
  const devices = countOf(values.devices, 200, 500_000);
  const startMs = startOf(values.start);
  const difficulty = difficulties.find((each) => each === values.difficulty);
  const { out = '' } = values;
  const wrong = [
    ...(out === '' ? ['--out is missing: the folder to write to'] : []),
    ...(Number.isNaN(seed) ? [`--seed is a whole number from 0, not ${values.seed}`] : []),
    ...(Number.isNaN(days) ? [`--days is a whole number from 1 to 3660, not ${values.days}`] : []),
    ...(difficulty === undefined ? [`--difficulty is ${difficulties.join(', ')}, not ${values.difficulty}`] : []),
    ...(Number.isNaN(devices) ? [`--devices is a whole number from 200 to 500000, not ${values.devices}`] : []),
    ...(Number.isNaN(startMs) ? [`--start is a date like 2026-03-02, not ${values.start}`] : []),
  ];
  if (wrong.length > 0 || difficulty === undefined) return wrong;
  return { world: { seed, days, difficulty, devices, startMs }, out, json: values.json };
};

const asked = (args: readonly string[]): Asked | readonly string[] => {
  try {
    return readWorld(args);
  } catch (error) {
    return [error instanceof Error ? error.message : 'the arguments cannot be read'];
  }
};

const isRefused = (read: Asked | readonly string[]): read is readonly string[] => Array.isArray(read);

const told = (lines: readonly string[]): void => {
  for (const line of lines) process.stderr.write(`hauberk simulate fraud: ${line}\n`);
};

/** Runs it; answers the exit code: 0 done, 1 the files cannot be written, 2 wrong usage. */
export const runFraud = async (args: readonly string[]): Promise<number> => {
  const read = asked(args);
  if (isRefused(read)) {
    told(read);
    process.stderr.write(`usage:\n${fraudUsage}`);
    return 2;
  }
  try {
    const report = await writeWorld(read.world, read.out);
    const line = Object.entries(report).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    process.stdout.write(read.json ? text(report) : `seed ${read.world.seed}: ${line.join(', ')}; in ${read.out}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    told([`--out ${read.out} is no folder that can be written to (${error.message})`]);
    return 1;
  }
};
