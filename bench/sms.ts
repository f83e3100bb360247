/**
 * What an inbound SMS costs: from an SMSC to committed state, against Kannel that delivers the same messages from the same kind of SMSC to the
 * simplest HTTP server that keeps what it acknowledges (an append-only file, one fdatasync for all that wait). Both stand ready for the whole run and
 * take turns, the first one changing each round; a ratio is made within each round, so that what the machine does beside weighs on both alike.
 * Also how long an acknowledgement takes at 500 messages a second. `npm run bench -- sms [--json] [--count N] [--rounds N]`.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FakeSmsc } from '../packages/server/test/sms/fake-smsc.ts';
import { hasKannel, startKannel, startPlane } from '../packages/server/test/sms/sms-process.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    count: { type: 'string', default: '1500' },
    rounds: { type: 'string', default: '15' },
  },
});
/** Messages of one side in one round. */
const count = Number(values.count);
const rounds = Number(values.rounds);
const window = 512;
const pacedPerSecond = 500;
const pacedSeconds = 4;

const messagesOf = (label: string, total: number) =>
  Array.from({ length: total }, (_, index) => ({
    from: `9198${String(index).padStart(8, '0')}`,
    to: '918000000001',
    text: `Bank phone check ${label}${String(index).padStart(8, '0')} Never forward this message.`,
  }));

const sorted = (numbers: readonly number[]): readonly number[] => numbers.toSorted((one, other) => one - other);
const quantile = (numbers: readonly number[], part: number): number =>
  sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))] ?? 0;
const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

/** One side: takes so many messages to committed state, and tells what its processes have spent. */
interface Side {
  readonly run: (label: string, total: number) => Promise<void>;
  readonly cpuSeconds: () => Promise<number>;
  readonly close: () => Promise<void>;
}

interface OurSide extends Side {
  /** Milliseconds to each acknowledgement, at a steady pace. */
  readonly paced: () => Promise<readonly number[]>;
}

const openOurs = async (folder: string): Promise<OurSide> => {
  const smsc = new FakeSmsc(window);
  const port = await smsc.listen();
  const smpp = { host: '127.0.0.1', port, systemId: 'bank', secret: 'secret', window };
  const plane = await startPlane(folder, { links: [{ id: 'bench', messagesPerSecond: 100_000, smpp }] });
  let acknowledged = 0;
  const run = async (label: string, total: number): Promise<void> => {
    acknowledged += total;
    smsc.queue(messagesOf(label, total));
    await smsc.until(acknowledged);
    // Acknowledged is kept; counted by the receiver and kept again is the end.
    while ((await plane.ask()).status.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return {
    run,
    cpuSeconds: async () => (await plane.ask()).cpuSeconds,
    paced: async () => {
      smsc.latencies.length = 0;
      const messages = messagesOf('paced', pacedPerSecond * pacedSeconds);
      const start = performance.now();
      for (let sent = 0; sent < messages.length; ) {
        const due = Math.min(messages.length, Math.floor(((performance.now() - start) * pacedPerSecond) / 1000));
        smsc.queue(messages.slice(sent, due));
        sent = due;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      acknowledged += messages.length;
      await smsc.until(acknowledged);
      return smsc.latencies;
    },
    close: async () => {
      await plane.kill('SIGTERM');
      smsc.close();
    },
  };
};

/** Keeps each call's line before it answers: all that wait are written together. */
class KeepingServer {
  kept = 0;
  readonly #file: FileHandle;
  #waiting: { readonly line: string; readonly response: ServerResponse }[] = [];
  #isWriting = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  take(line: string, response: ServerResponse): void {
    this.#waiting.push({ line, response });
    if (!this.#isWriting) void this.#write();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0);
      await this.#file.write(group.map(({ line }) => `${line}\n`).join(''));
      await this.#file.datasync();
      this.kept += group.length;
      for (const { response } of group) response.end();
    }
    this.#isWriting = false;
  }
}

const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** User and system time of a process, proc(5). */
const cpuOf = (pid: number): number => {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = rest.split(' ').slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) / ticks;
};

const openKannel = async (folder: string): Promise<Side> => {
  const smsc = new FakeSmsc(window);
  const port = await smsc.listen();
  const file = await open(join(folder, 'kept'), 'a');
  const keeping = new KeepingServer(file);
  const server = createServer((incoming, response) => keeping.take(incoming.url ?? '', response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const kannel = await startKannel(port, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  let wanted = 0;
  return {
    run: async (label, total) => {
      wanted += total;
      smsc.queue(messagesOf(label, total));
      while (keeping.kept < wanted) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    // Kannel alone: what the server behind it spends would be ours to spend.
    cpuSeconds: async () => kannel.pids.reduce((sum, pid) => sum + cpuOf(pid), 0),
    close: async () => {
      await kannel.stop();
      smsc.close();
      server.closeAllConnections();
      server.close();
      await file.close();
    },
  };
};

interface Round {
  readonly perSecond: number;
  readonly cpuSeconds: number;
}

const roundOf = async (side: Side, label: string): Promise<Round> => {
  const before = await side.cpuSeconds();
  const start = performance.now();
  await side.run(label, count);
  const perSecond = (count * 1000) / (performance.now() - start);
  return { perSecond, cpuSeconds: (await side.cpuSeconds()) - before };
};

/** Both sides in turns; who begins changes. */
const alternate = async (ours: Side, kannel: Side) => {
  const pairs: { readonly ours: Round; readonly kannel: Round }[] = [];
  for (let turn = 0; turn < rounds; turn += 1) {
    const label = `r${turn}x`;
    if (turn % 2 === 0) {
      const first = await roundOf(ours, label);
      pairs.push({ ours: first, kannel: await roundOf(kannel, label) });
    } else {
      const first = await roundOf(kannel, label);
      pairs.push({ kannel: first, ours: await roundOf(ours, label) });
    }
  }
  return pairs;
};

const alone = async (ours: Side): Promise<readonly Round[]> => {
  const found: Round[] = [];
  for (let turn = 0; turn < rounds; turn += 1) found.push(await roundOf(ours, `r${turn}x`));
  return found;
};

const rounded = (value: number): number => Number(value.toFixed(2));
const perCpuSecond = (list: readonly Round[]): number =>
  Math.round((count * list.length) / list.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0));

const comparison = (pairs: readonly { readonly ours: Round; readonly kannel: Round }[]) => {
  const ratios = pairs.map(({ ours, kannel }) => ours.perSecond / kannel.perSecond);
  const kannels = pairs.map(({ kannel }) => kannel);
  return {
    kannelPerSecond: Math.round(median(kannels.map(({ perSecond }) => perSecond))),
    vsKannelDelivery: rounded(median(ratios)),
    /** The middle half of the rounds. */
    vsKannelSpread: [rounded(quantile(ratios, 0.25)), rounded(quantile(ratios, 0.75))],
    kannelPerCpuSecond: perCpuSecond(kannels),
    vsKannelCpu: rounded(perCpuSecond(pairs.map(({ ours }) => ours)) / perCpuSecond(kannels)),
  };
};

const measure = async (folder: string) => {
  const ours = await openOurs(join(folder, 'state'));
  const kannel = hasKannel ? await openKannel(folder) : undefined;
  try {
    // Compiled, connected, files grown: on both sides with twice as many messages as a round has.
    for (const label of ['warmx', 'warmy']) {
      await ours.run(label, count);
      await kannel?.run(label, count);
    }
    const pairs = kannel === undefined ? [] : await alternate(ours, kannel);
    const own = kannel === undefined ? await alone(ours) : pairs.map((pair) => pair.ours);
    return {
      messagesPerCpuSecond: perCpuSecond(own),
      messagesPerSecond: Math.round(median(own.map(({ perSecond }) => perSecond))),
      ...(kannel === undefined
        ? {
            kannelPerSecond: null,
            vsKannelDelivery: null,
            vsKannelSpread: null,
            kannelPerCpuSecond: null,
            vsKannelCpu: null,
          }
        : comparison(pairs)),
      rounds,
      p99Milliseconds: rounded(quantile(await ours.paced(), 0.99)),
    };
  } finally {
    await kannel?.close();
    await ours.close();
  }
};

const folder = mkdtempSync(join(tmpdir(), 'hauberk-bench-'));
try {
  const figures = await measure(folder);
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
} finally {
  rmSync(folder, { recursive: true });
}
