/** Saturating load: wrk sends a prepared corpus over 64 keep-alive connections, each request once. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asBystander } from './processes.ts';

/** What a run of wrk saw. */
export interface WrkResult {
  readonly requests: number;
  /** Replies with a status of 400 and above, and broken connections. */
  readonly errors: number;
  readonly seconds: number;
}

const script = fileURLToPath(new URL('./wrk.lua', import.meta.url));

/** Whether wrk is installed. */
export const hasWrk = (): boolean => spawnSync('wrk', ['-v'], { stdio: 'ignore' }).error === undefined;

/** Requests at the end of a corpus that are handed out while the run ends, and never counted on. */
export const spareRequests = 512;

/** Writes a corpus as wrk.lua reads it: length and bytes of each request. */
export const writeCorpus = (file: string, requests: readonly Buffer[]): void => {
  const pieces: Buffer[] = [];
  for (const request of requests) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(request.length);
    pieces.push(length, request);
  }
  writeFileSync(file, Buffer.concat(pieces));
};

/** Runs wrk over a corpus of `count` requests until it is used up. */
export const runWrk = (url: string, core: number, corpus: string, count: number): Promise<WrkResult> =>
  new Promise((resolve, reject) => {
    const wrk = ['wrk', '-t1', '-c64', '-d60', '--timeout', '10', '-s', script, url, '--', corpus, String(count)];
    const child = spawn('taskset', asBystander(core, wrk), { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', () => {
      const match = /^bench (\d+) (\d+) ([\d.]+)$/m.exec(text);
      if (match === null) reject(new Error(`wrk: ${text}`));
      else resolve({ requests: Number(match[1]), errors: Number(match[2]), seconds: Number(match[3]) });
    });
  });
