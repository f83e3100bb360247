/** A program of this repository as a process of its own, known to be up by its `ready {…}` line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A running program. */
export interface ReadyProcess {
  readonly child: ChildProcess;
  /** What stood behind `ready`. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Everything on stderr so far. */
  readonly errors: () => string;
  /** Sends a signal and waits for the end; answers exit code and signal. */
  readonly end: (signal: NodeJS.Signals) => Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

const living = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

const endOf = async (child: ChildProcess, signal: NodeJS.Signals): ReturnType<ReadyProcess['end']> => {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  child.kill(signal);
  await ended;
  return { code: child.exitCode, signal: child.signalCode };
};

/** The environment without what would steer a program of ours or make it believe that it is a test. */
export const plainEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || /^(HAUBERK|NODE_TEST)/.test(name) ? [] : [[name, value]],
    ),
  );

/** Starts `node ARGS` and resolves at its ready line; rejects with its stderr when it ends before. */
export const startProcess = async (
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  { command = process.execPath, cwd = process.cwd() }: { readonly command?: string; readonly cwd?: string } = {},
): Promise<ReadyProcess> => {
  const child = spawn(command, [...args], {
    cwd,
    env: { ...plainEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  living.add(child);
  child.once('exit', () => living.delete(child));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-20_000);
  });
  const lines = createInterface({ input: child.stdout });
  const ready = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.startsWith('ready {')) resolve(JSON.parse(line.slice('ready '.length)));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`ended with ${code ?? signal} before it was ready: ${errors}`)),
    );
  });
  return { child, ready, errors: () => errors, end: (signal) => endOf(child, signal) };
};
