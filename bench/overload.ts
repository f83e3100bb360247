/**
 * `npm run bench -- overload [--json] [--seconds N]`: what is still served at five times the capacity, and in which order the rest is shed. Two
 * bottlenecks, one after the other: an upstream of known capacity, and the gateway's own processor. How to read the figures: bench/README.md.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openSessions } from './gateway/hauberk.ts';
import { type Measured, pinSelf, type Ready, startHauberk } from './gateway/processes.ts';
import { benchService, type LoadSession } from './gateway/wire-load.ts';
import { classes, Line, type LoadClass, type LoadResult, runClosed, runOpen } from './overload/load.ts';

const gatewayCore = 0;
const otherCore = 1;
const factor = 5;
/** Below this share of a core the bottleneck was not the gateway but who took its processor. */
const leastCores = 0.85;

/** Shares of the arrivals: at five times the capacity money is a quarter of it, money and what is important three quarters. */
const mix: Readonly<Record<LoadClass, number>> = { background: 0.5, normal: 0.35, important: 0.1, money: 0.05 };
/** Connections of each priority: many more than a gateway at its capacity has under way. */
const lineCounts: Readonly<Record<LoadClass, number>> = { background: 384, normal: 256, important: 128, money: 256 };

/** Which part is made the bottleneck. */
interface Bottleneck {
  readonly name: 'upstream' | 'gateway';
  readonly slots: number;
  readonly serviceMs: number;
  /** Of the gateway to its upstream. */
  readonly connections: number;
  readonly flags: readonly string[];
}

/** V8 without its compilers: a processor slow enough that the generator on the other core can ask for five times of what it does. */
const slowProcessor: readonly string[] = ['--no-opt', '--no-maglev', '--no-sparkplug'];

const bottlenecks: readonly Bottleneck[] = [
  { name: 'upstream', slots: 8, serviceMs: 8, connections: 16, flags: [] },
  { name: 'gateway', slots: 0, serviceMs: 0, connections: 256, flags: slowProcessor },
];

const configuration = (upstreamPort: number, connections: number): string => `organisation: bench
apps: [{ id: app }]
state: ./state
workers: 1
listen: { port: 0 }
services:
  - id: ${benchService}
    upstream: api
    routes:
${classes.map((kind) => `      - { id: ${kind}, methods: [POST], path: /api/${kind}, priority: ${kind} }`).join('\n')}
upstreams:
  api: { origin: "http://127.0.0.1:${upstreamPort}", connections: ${connections}, factsKey: "the-bench-facts-key-of-no-secrecy-at-all" }
sessions: { hellosPerSecond: 1000000 }
limits: { connectionsPerAddress: 4096 }
log: { level: error }
`;

const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));
const upstreamProgram = fileURLToPath(new URL('./overload/slow-upstream.ts', import.meta.url));

const startUpstream = ({
  slots,
  serviceMs,
}: Bottleneck): Promise<{ readonly port: number; readonly child: ChildProcess }> =>
  new Promise((resolve, reject) => {
    const args = ['-c', String(otherCore), process.execPath, upstreamProgram, String(slots), String(serviceMs)];
    const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    process.once('exit', () => child.kill('SIGTERM'));
    child.once('exit', (code) => reject(new Error(`the upstream ended with ${code}`)));
    child.stdout.once('data', (chunk: Buffer) => resolve({ port: Number(chunk.toString().slice(5)), child }));
  });

/** A gateway before its upstream, with the connections of its clients. */
interface Stage {
  readonly gateway: Measured & { readonly ready: Ready };
  readonly lines: readonly Line[];
  readonly stop: () => Promise<void>;
}

const openLines = (port: number, sessions: readonly LoadSession[]): readonly Line[] => {
  let next = 0;
  return classes.flatMap((kind) =>
    Array.from({ length: lineCounts[kind] }, () => new Line(port, sessions[(next += 1) - 1] as LoadSession, kind)),
  );
};

const setStage = async (bottleneck: Bottleneck, scratch: string): Promise<Stage> => {
  const upstream = await startUpstream(bottleneck);
  const folder = join(scratch, bottleneck.name);
  mkdirSync(folder);
  const file = join(folder, 'hauberk.yaml');
  writeFileSync(file, configuration(upstream.port, bottleneck.connections));
  const gateway = await startHauberk(main, file, gatewayCore, undefined, bottleneck.flags);
  const total = Object.values(lineCounts).reduce((sum, count) => sum + count, 0);
  const lines = openLines(gateway.port, await openSessions(gateway.ready, total));
  return {
    gateway,
    lines,
    stop: async () => {
      for (const line of lines) line.close();
      await gateway.stop();
      upstream.child.kill('SIGTERM');
    },
  };
};

const servedPerSecond = ({ tallies, seconds }: LoadResult): number =>
  Object.values(tallies).reduce((sum, { served }) => sum + served, 0) / seconds;

const p99 = ({ times }: LoadResult): number => times[Math.floor(times.length * 0.99)] ?? Number.NaN;

/** A run with the processor time that the gateway spent on it. */
interface Metered {
  readonly seen: LoadResult;
  readonly cpuSeconds: number;
}

const metered = async ({ gateway }: Stage, run: () => Promise<LoadResult>): Promise<Metered> => {
  const before = gateway.cpuSeconds();
  const seen = await run();
  return { seen, cpuSeconds: gateway.cpuSeconds() - before };
};

const servedPerCpuSecond = ({ seen, cpuSeconds }: Metered): number =>
  (servedPerSecond(seen) * seen.seconds) / cpuSeconds;

const countOf = (
  { tallies }: LoadResult,
  member: 'shed' | 'served' | 'failed' | 'unsent' | 'offered',
  kinds = classes as readonly LoadClass[],
) => kinds.reduce((sum, kind) => sum + tallies[kind][member], 0);

/** What refusing took, in requests: processor time beyond that of the served ones, over the refusals. */
const refusalCost = (run: Metered, peakPerCpuSecond: number): number =>
  (run.cpuSeconds * peakPerCpuSecond - countOf(run.seen, 'served')) / Math.max(1, countOf(run.seen, 'shed'));

/** The most that is served with as many asking as it takes, and not more than are served well. */
const findPeak = async (stage: Stage, milliseconds: number): Promise<Metered> => {
  const money = stage.lines.filter(({ kind }) => kind === 'money');
  let best: Metered | undefined;
  for (const asking of [16, 32, 64]) {
    const run = await metered(stage, () => runClosed(money.slice(0, asking), milliseconds / 3));
    if (best === undefined || servedPerSecond(run.seen) > servedPerSecond(best.seen)) best = run;
  }
  return best as Metered;
};

const ratesOf = (total: number): Readonly<Record<LoadClass, number>> => ({
  background: total * mix.background,
  normal: total * mix.normal,
  important: total * mix.important,
  money: total * mix.money,
});

const lower: readonly LoadClass[] = ['background', 'normal', 'important'];

/**
 * Whether money was shed only where nothing below it was served: beside others not at all (one in a hundred is forgiven, for the first moments
 * of a step), and beside too much money hardly anything of the others was served.
 */
const isMoneyLast = (mixed: readonly LoadResult[], moneyAlone: LoadResult): boolean => {
  const isKept = ({ tallies: { money } }: LoadResult): boolean => money.shed <= 0.01 * (money.served + money.shed);
  const others = countOf(moneyAlone, 'served', lower);
  return (
    mixed.every((seen) => countOf(seen, 'shed', lower) > 0 && isKept(seen)) &&
    (isKept(moneyAlone) || others <= 0.05 * (others + countOf(moneyAlone, 'shed', lower)))
  );
};

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

const sharesOf = (seen: LoadResult) =>
  Object.fromEntries(
    classes.map((kind) => {
      const { served, shed } = seen.tallies[kind];
      return [kind, round(served / Math.max(1, served + shed), 3)];
    }),
  );

const measure = async (bottleneck: Bottleneck, scratch: string, seconds: number) => {
  const stage = await setStage(bottleneck, scratch);
  try {
    const step = (seconds * 1000) / 8;
    await runClosed(stage.lines.filter(({ kind }) => kind === 'money').slice(0, 32), step);
    const peaks: Metered[] = [];
    const runs: Metered[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const peak = await findPeak(stage, step);
      peaks.push(peak);
      const rates = ratesOf(servedPerSecond(peak.seen) * factor);
      runs.push(await metered(stage, () => runOpen(stage.lines, rates, step)));
    }
    const mixed = runs.map(({ seen }) => seen);
    const p99Peak = Math.min(...peaks.map(({ seen }) => p99(seen)));
    const p99Admitted = Math.min(...mixed.map(p99));
    const capacity = Math.max(...peaks.map(({ seen }) => servedPerSecond(seen)));
    const cores = Math.max(...runs.map(({ seen, cpuSeconds }) => cpuSeconds / seen.seconds));
    const moneyRates = {
      background: capacity / 4,
      normal: capacity / 4,
      important: capacity / 4,
      money: capacity * factor,
    };
    const moneyAlone = await runOpen(stage.lines, moneyRates, step);
    const failed = [...mixed, moneyAlone].reduce((sum, seen) => sum + countOf(seen, 'failed'), 0);
    const peakPerCpuSecond = Math.max(...peaks.map(servedPerCpuSecond));
    const best = mixed.reduce((one, other) => (servedPerSecond(other) > servedPerSecond(one) ? other : one));
    return {
      goodputShare: round(servedPerSecond(best) / capacity, 3),
      moneyShedLast: isMoneyLast(mixed, moneyAlone),
      p99AdmittedRatio: round(p99Admitted / p99Peak, 2),
      peakPerSecond: Math.round(capacity),
      p99PeakMilliseconds: round(p99Peak, 1),
      p99AdmittedMilliseconds: round(p99Admitted, 1),
      offeredPerSecond: Math.round(countOf(best, 'offered') / best.seconds),
      unsentShare: round(countOf(best, 'unsent') / countOf(best, 'offered'), 3),
      servedShares: sharesOf(best),
      servedSharesMoneyAlone: sharesOf(moneyAlone),
      goodputShareMoneyAlone: round(servedPerSecond(moneyAlone) / capacity, 3),
      goodputPerCpuShare: round(Math.max(...runs.map(servedPerCpuSecond)) / peakPerCpuSecond, 3),
      refusalCost: round(Math.min(...runs.map((each) => refusalCost(each, peakPerCpuSecond))), 3),
      gatewayCores: round(cores, 2),
      failed,
    };
  } finally {
    await stage.stop();
  }
};

const run = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '30' } },
  });
  const scratch = mkdtempSync(join(tmpdir(), 'hauberk-overload-'));
  pinSelf(otherCore);
  try {
    const results = new Map<string, Awaited<ReturnType<typeof measure>>>();
    for (const bottleneck of bottlenecks)
      results.set(bottleneck.name, await measure(bottleneck, scratch, Number(values.seconds) / bottlenecks.length));
    const all = [...results.values()];
    const figures = {
      goodputShare: Math.min(...all.map(({ goodputShare }) => goodputShare)),
      moneyShedLast: all.every(({ moneyShedLast }) => moneyShedLast),
      p99AdmittedRatio: Math.max(...all.map(({ p99AdmittedRatio }) => p99AdmittedRatio)),
      // A gateway that did not get its core is slowed by its neighbours: what it sheds then says nothing of it.
      disturbed: (results.get('gateway')?.gatewayCores ?? 0) < leastCores,
      invalid: all.some(({ failed }) => failed > 0),
      ...Object.fromEntries(results),
    };
    if (values.json) console.log(JSON.stringify(figures));
    else console.log(JSON.stringify(figures, undefined, 2));
    if (figures.invalid) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

await run();
