/**
 * What a decision costs: the same policy in four engines, and full decisions with ten million devices resident. `npm run bench -- decision [--json] [--devices N]`.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measurePeers } from './decision/peers.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, devices: { type: 'string', default: '10000000' } },
});

/** Runs a part in a process of its own, so that no part pays for another's heap; answers its last line. */
const runPart = (file: string, ...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> =>
  new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL(`decision/${file}`, import.meta.url));
    const child = spawn(process.execPath, ['--expose-gc', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const line = Buffer.concat(chunks).toString().trim().split('\n').at(-1) ?? '';
      if (code === 0) resolve(JSON.parse(line));
      else reject(new Error(`${file} ended with ${code}`));
    });
  });

const rounded = (value: unknown): unknown => {
  if (typeof value !== 'number') return value;
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100;
};

const peers = await measurePeers();
const ratio = (name: string): number => (peers[name] ?? Number.NaN) / (peers['ours'] ?? Number.NaN);
const resident = await runPart('resident.ts', values.devices);
const inPath = await runPart('in-path.ts');
const overHttp = await runPart('over-http.ts');
const report = Object.fromEntries(
  Object.entries({
    vsJsonRulesEngine: ratio('jsonRulesEngine'),
    vsZen: ratio('zen'),
    vsCelJs: ratio('celJs'),
    policyMicroseconds: peers['ours'],
    ...resident,
    ...overHttp,
    ...inPath,
  }).map(([name, value]) => [name, rounded(value)]),
);
if (!values.json)
  for (const [name, value] of Object.entries(report)) console.log(`${name.padEnd(30)} ${JSON.stringify(value)}`);
console.log(JSON.stringify(report));
