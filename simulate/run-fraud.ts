/** `hauberk simulate fraud`: honest people and attackers of every kind, as files for `hauberk evaluate fraud` and `hauberk learn`. */
import { once } from 'node:events';
import { createWriteStream, mkdirSync, type WriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import {
  type Difficulty,
  difficulties,
  type FraudBatch,
  type FraudWorld,
  fraudWorldVersion,
  playFraud,
} from '@hauberk/simulator';

/** What `--help` prints of it. */
export const fraudUsage: string = `       hauberk simulate fraud --out DIR [--seed S] [--days D] [--difficulty easy|medium|hard] [--devices N] [--start DATE] [--json]

  --out         where events.jsonl, reports.jsonl, labels.jsonl, manifest.json and truth.json are written (docs/fraud-simulator.md)
  --difficulty  how well attackers hide (medium)
  --devices     phones of people and farms together, about (20000)
`;

const text = (value: unknown): string => `${JSON.stringify(value)}\n`;

const write = async (stream: WriteStream, lines: readonly string[]): Promise<void> => {
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
  const stream = createWriteStream(join(out, 'truth.json'));
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
  const open = (name: string): WriteStream => createWriteStream(join(out, name));
  const [events, reports, labels] = [open('events.jsonl'), open('reports.jsonl'), open('labels.jsonl')];
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
    endMs: world.startMs + world.days * 86_400_000,
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

const readWorld = (args: readonly string[]): { world: FraudWorld; out: string; json: boolean } | undefined => {
  const option = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        out: { type: 'string' },
        seed: option('1'),
        days: option('5'),
        difficulty: option('medium'),
        devices: option('20000'),
        start: option('2026-03-02'),
        json: { type: 'boolean', default: false },
      },
    });
    const [seed, days, devices] = [Number(values.seed), Number(values.days), Number(values.devices)];
    // Midnight where the bank is: eight hours before UTC's.
    const startMs = Date.parse(`${values.start}T00:00:00+08:00`);
    const isRight = Number.isSafeInteger(seed) && seed >= 0 && Number.isInteger(days) && days > 0 && days <= 3660;
    const isCrowd = Number.isInteger(devices) && devices >= 200 && devices <= 500_000;
    const isHard = difficulties.includes(values.difficulty as Difficulty);
    if (values.out === undefined || !isRight || !isCrowd || !isHard || Number.isNaN(startMs)) return undefined;
    const world = { seed, days, difficulty: values.difficulty as Difficulty, devices, startMs };
    return { world, out: values.out, json: values.json };
  } catch {
    return undefined;
  }
};

/** Runs it; undefined means wrong usage. */
export const runFraud = async (args: readonly string[]): Promise<number | undefined> => {
  const read = readWorld(args);
  if (read === undefined) return undefined;
  const report = await writeWorld(read.world, read.out);
  process.stdout.write(
    read.json
      ? text(report)
      : `seed ${read.world.seed}: ${Object.entries(report)
          .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
          .join(', ')}; in ${read.out}\n`,
  );
  return 0;
};
