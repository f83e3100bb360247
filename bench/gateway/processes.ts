/** The processes of a bench run: nginx as peer and upstream, our gateway; each pinned to a core, each metered by its own CPU time. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process under measurement. */
export interface Measured {
  readonly url: string;
  readonly port: number;
  /** CPU seconds used so far by the process and its threads (and nginx's worker). */
  readonly cpuSeconds: () => number;
  readonly stop: () => Promise<void>;
}

const modules = '/usr/lib/nginx/modules';
const hertz = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout.trim() || 100);

/** User and system time of one process, all threads, from /proc. */
const cpuOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; after it utime and stime are the 12th and 13th fields.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / hertz;
};

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

/** A port that was free a moment ago. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const untilOpen = async (port: number): Promise<void> => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => socket.destroy());
      socket.once('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`nothing listens on port ${port}`);
};

/** Ends with this process, however that ends: a bench that is interrupted must leave nothing running. */
const endWithUs = (child: ChildProcess): void => {
  process.once('exit', () => child.kill('SIGTERM'));
};

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

const stopChild = (child: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once('exit', () => resolve());
    child.kill(signal);
  });

/**
 * How what is not measured runs: pinned to a core, and as a batch task, which never takes the processor from a gateway that is at work.
 * Otherwise every byte that the gateway sends would switch to its receiver, and cost it caches.
 */
export const asBystander = (core: number, command: readonly string[]): readonly string[] => [
  '-c',
  String(core),
  'chrt',
  '-b',
  '0',
  ...command,
];

/** Whether nginx with its Lua module is installed. */
export const hasPeer = (): boolean => {
  try {
    return readdirSync(modules).includes('ngx_http_lua_module.so') && spawnSync('nginx', ['-v']).status === 0;
  } catch {
    return false;
  }
};

/** Starts nginx on a configuration whose placeholders are filled in. */
export const startNginx = async (
  template: string,
  folder: string,
  core: number,
  values: Readonly<Record<string, string>>,
  isBystander = false,
): Promise<Measured> => {
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const all: Record<string, string> = { ...values, PORT: String(port), MODULES: modules };
  const text = readFileSync(template, 'utf8').replace(/@([A-Z]+)@/g, (whole, name: string) => all[name] ?? whole);
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, text);
  const command = ['nginx', '-p', `${folder}/`, '-c', file];
  const args = isBystander ? asBystander(core, command) : ['-c', String(core), ...command];
  const child = spawn('taskset', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  endWithUs(child);
  await untilOpen(port);
  const pid = child.pid ?? 0;
  const workers = childrenOf(pid);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    cpuSeconds: () => workers.reduce((sum, worker) => sum + cpuOf(worker), cpuOf(pid)),
    stop: () => stopChild(child, 'SIGQUIT'),
  };
};

/** The line that `hauberk serve` prints once it accepts requests. */
export interface Ready {
  readonly gateway: string;
  readonly trust: { readonly configKeys: readonly { readonly kid: string; readonly publicKey: string }[] };
}

const readyLine = (child: ChildProcess): Promise<Ready> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const match = /^ready (\{.*\})$/m.exec(text);
      if (match !== null) resolve(JSON.parse(match[1] ?? '{}') as Ready);
    });
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code} before it was ready`)));
  });

/** Starts `hauberk serve`; `preload` is a module that is loaded first in every thread, `flags` are V8's. */
export const startHauberk = async (
  main: string,
  configFile: string,
  core: number,
  preload?: string,
  flags: readonly string[] = [],
): Promise<Measured & { readonly ready: Ready }> => {
  const options = preload === undefined ? [] : ['--import', preload];
  const args = ['-c', String(core), process.execPath, ...flags, ...options, main, 'serve', '--config', configFile];
  const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  endWithUs(child);
  const ready = await readyLine(child);
  const pid = child.pid ?? 0;
  return {
    ready,
    url: ready.gateway,
    port: Number(new URL(ready.gateway).port),
    cpuSeconds: () => cpuOf(pid),
    stop: () => stopChild(child, 'SIGTERM'),
  };
};

/** Pins the calling process to a core. */
export const pinSelf = (core: number): void => {
  spawnSync('taskset', ['-a', '-cp', String(core), String(process.pid)], { stdio: 'ignore' });
};
