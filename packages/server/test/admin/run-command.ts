/** Runs a command line in this process: one process for each would cost more than the rest of a test. */
import { mock } from 'node:test';
import { run } from '../../src/main.ts';

/** What a command printed and answered. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Captures texts; bytes are the test runner's own. */
const capture = (stream: NodeJS.WriteStream, take: (text: string) => void) => {
  const write = stream.write.bind(stream);
  return mock.method(stream, 'write', (piece: string | Uint8Array) => {
    if (typeof piece !== 'string') return write(piece);
    take(piece);
    return true;
  });
};

/** Runs `hauberk ARGS` with these variables beside the process's own. */
export const runCommand = async (
  variables: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): Promise<Ran> => {
  const held = { ...process.env };
  Object.assign(process.env, variables);
  const told = { out: '', err: '' };
  const streams = [
    capture(process.stdout, (text) => {
      told.out += text;
    }),
    capture(process.stderr, (text) => {
      told.err += text;
    }),
  ];
  try {
    const code = await run(args);
    return { code, ...told };
  } finally {
    for (const stream of streams) stream.mock.restore();
    process.env = held;
  }
};
