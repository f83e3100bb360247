/**
 * `POST /v1/decisions` of the gateway as it is shipped: one event a request, and sixty-four; each decided, its record on the disk before the answer. Prints one line of JSON. Needs wrk.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Measured, pinSelf, startHauberk } from '../gateway/processes.ts';
import { hasWrk, runWrk, spareRequests, writeCorpus } from '../gateway/wrk-load.ts';
import { drawsFrom } from './one-policy.ts';

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));
const core = 0;
const rounds = Number(process.argv[2] ?? 4);
const linesOfBatch = 64;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const configuration = (port: number): string => `organisation: bench
apps: [{ id: app }]
state: ./state
workers: 1
listen: { port: 0 }
admin: { port: 0 }
decision:
  policies: [{ file: ./policy.json, approvedBy: bench }]
  deadlineMs: 1000
  profiles: 262144
  api: { host: 127.0.0.1, port: ${port} }
services:
  - { id: api, upstream: api, routes: [{ id: plain, methods: [POST], path: /plain, protection: none }] }
upstreams:
  api: { origin: "http://127.0.0.1:1", factsKey: "the-bench-facts-key-of-no-secrecy-at-all" }
log: { level: error }
`;

const policy = (): object => ({
  id: 'bench',
  rules: Array.from({ length: 60 }, (_, at) => ({
    id: `rule-${at}`,
    when: `${['device', 'account', 'payee', 'address'][at % 4]}.count${['10m', '1h', '24h'][at % 3]} > ${at * 40} && event.amountMinor > ${at * 1000}`,
    outcome: 'observe',
    points: 1,
    reason: `reason-${at % 12}`,
  })),
});

/** Runs a command of ours and answers what it printed; throws when it fails. */
const hauberk = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`hauberk ${args[0]}: ${stderr}${stdout}`);
  return stdout;
};

const secretIn = (text: string): string => {
  const found = /\bhb[a-z]_[A-Za-z0-9_-]{20,}/.exec(text)?.[0];
  if (found === undefined) throw new Error('no secret was printed');
  return found;
};

const tokenOf = (admin: string, startup: string): string => {
  const administrator = secretIn(hauberk(['admin', 'login', '--url', admin], { HAUBERK_STARTUP_SECRET: startup }));
  const args = [
    'token',
    'create',
    '--url',
    admin,
    '--subject',
    'bench',
    '--label',
    'bench',
    '--grant',
    'app=decision-client',
  ];
  return secretIn(hauberk(args, { HAUBERK_TOKEN: administrator }));
};

const draw = drawsFrom(9);
let events = 0;
const eventLine = (): string => {
  events += 1;
  const pick = (most: number): number => Math.floor(draw() * most);
  return JSON.stringify({
    id: `bench-${events}`,
    type: 'transfer',
    atMs: Date.now(),
    entities: {
      device: `d${pick(100_000)}`,
      account: `a${pick(50_000)}`,
      payee: `p${pick(20_000)}`,
      address: `10.${pick(20_000)}`,
    },
    amountMinor: pick(300_000),
    attributes: { rail: 'instant', isSavedPayee: draw() < 0.5, balanceMinor: pick(1_000_000), attempts: 1 },
  });
};

const requestOf = (token: string, lines: number): Buffer => {
  const body = Array.from({ length: lines }, eventLine).join('\n');
  const type = lines === 1 ? 'application/json' : 'application/x-ndjson';
  const head = `POST /v1/decisions HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return Buffer.from(head + body);
};

const measure = async (
  gateway: Measured,
  url: string,
  token: string,
  lines: number,
  corpus: string,
): Promise<number> => {
  const count = lines === 1 ? 8000 : 400;
  writeCorpus(
    corpus,
    Array.from({ length: count + spareRequests }, () => requestOf(token, lines)),
  );
  const before = gateway.cpuSeconds();
  const { requests, errors } = await runWrk(url, core, corpus, count);
  if (errors > 0) throw new Error(`${errors} requests failed`);
  return (requests * lines) / (gateway.cpuSeconds() - before);
};

const run = async (scratch: string): Promise<void> => {
  const folder = join(scratch, 'hauberk');
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const file = join(folder, 'hauberk.yaml');
  writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy()));
  writeFileSync(file, configuration(port));
  const startup = secretIn(hauberk(['admin', 'secret', '--config', file]));
  const gateway = await startHauberk(main, file, core);
  try {
    const token = tokenOf((gateway.ready as unknown as { readonly admin: string }).admin, startup);
    let [single, batch] = [0, 0];
    for (let round = 0; round < rounds; round += 1) {
      const corpus = join(scratch, 'corpus');
      single = Math.max(single, await measure(gateway, `http://127.0.0.1:${port}`, token, 1, corpus));
      batch = Math.max(batch, await measure(gateway, `http://127.0.0.1:${port}`, token, linesOfBatch, corpus));
    }
    console.log(JSON.stringify({ httpDecisionsPerCpuSecond: single, httpBatchDecisionsPerCpuSecond: batch }));
  } finally {
    await gateway.stop();
  }
};

if (hasWrk()) {
  pinSelf(core);
  const scratch = mkdtempSync(join(tmpdir(), 'hauberk-http-'));
  try {
    await run(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
} else console.log(JSON.stringify({ httpDecisionsPerCpuSecond: null }));
