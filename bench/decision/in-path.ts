/**
 * What a judgement costs a protected request: requests per processor second of the gateway on a signed route with sixty rules asked, over those on the same route without. Prints one
 * line of JSON. Needs nginx and wrk, as the bench of the gateway does.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSessions } from '../gateway/hauberk.ts';
import { startUpstream } from '../gateway/peer.ts';
import { type Measured, pinSelf, startHauberk } from '../gateway/processes.ts';
import { benchService, type LoadSession, makeRequests } from '../gateway/wire-load.ts';
import { hasWrk, runWrk, spareRequests, writeCorpus } from '../gateway/wrk-load.ts';

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));
const core = 0;
const perRound = 12_000;
const rounds = Number(process.argv[2] ?? 5);

const configuration = (upstreamPort: number): string => `organisation: bench
apps: [{ id: app }]
state: ./state
workers: 1
listen: { port: 0 }
decision:
  policies: [{ file: ./policy.json, approvedBy: bench }]
  deadlineMs: 1000
services:
  - id: ${benchService}
    upstream: api
    routes:
      - { id: signed, methods: [POST], path: /api/signed, mode: signed }
      - { id: decided, methods: [POST], path: /api/decided, mode: signed, decision: { scene: transfer, entities: { payee: /to } } }
upstreams:
  api: { origin: "http://127.0.0.1:${upstreamPort}", connections: 128, factsKey: "the-bench-facts-key-of-no-secrecy-at-all" }
sessions: { hellosPerSecond: 1000000 }
log: { level: error }
overload: { queueTargetMs: 0 }
`;

/** Sixty rules of three conditions over windows, channel and device; what fires is only observed. */
const policy = (): object => ({
  id: 'bench',
  rules: Array.from({ length: 60 }, (_, at) => {
    const kind = ['device', 'account', 'payee', 'address'][at % 4] as string;
    const span = ['10m', '1h', '24h'][at % 3] as string;
    return {
      id: `rule-${at}`,
      when: `${kind}.count${span} > ${at * 40} && channel.isVerified && device.tier < ${at % 5}`,
      outcome: 'observe',
      points: 1,
      reason: `reason-${at % 12}`,
    };
  }),
});

interface Path {
  readonly path: string;
  best: number;
}

const measure = async (
  gateway: Measured,
  path: string,
  sessions: readonly LoadSession[],
  corpus: string,
): Promise<number> => {
  writeCorpus(corpus, makeRequests({ kind: 'signed', path }, sessions, perRound + spareRequests));
  const before = gateway.cpuSeconds();
  const { requests, errors } = await runWrk(gateway.url, core, corpus, perRound);
  if (errors > 0) throw new Error(`${path}: ${errors} requests failed`);
  return requests / (gateway.cpuSeconds() - before);
};

const run = async (scratch: string): Promise<void> => {
  const folder = join(scratch, 'hauberk');
  mkdirSync(folder, { recursive: true });
  const upstream = await startUpstream(scratch, core);
  writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy()));
  writeFileSync(join(folder, 'hauberk.yaml'), configuration(upstream.port));
  const gateway = await startHauberk(main, join(folder, 'hauberk.yaml'), core);
  try {
    const sessions = await openSessions(gateway.ready, 120);
    const paths: readonly Path[] = [
      { path: '/api/signed', best: 0 },
      { path: '/api/decided', best: 0 },
    ];
    for (let round = 0; round < rounds; round += 1)
      for (const each of paths)
        each.best = Math.max(each.best, await measure(gateway, each.path, sessions, join(scratch, 'corpus')));
    const [without, decided] = paths as readonly [Path, Path];
    console.log(
      JSON.stringify({
        gatewayWithDecisionVsWithout: decided.best / without.best,
        gatewayRequestsPerCpuSecond: decided.best,
        microsecondsPerJudgement: 1e6 / decided.best - 1e6 / without.best,
      }),
    );
  } finally {
    await gateway.stop();
    await upstream.stop();
  }
};

if (hasWrk()) {
  pinSelf(core);
  const scratch = mkdtempSync(join(tmpdir(), 'hauberk-in-path-'));
  try {
    await run(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
} else console.log(JSON.stringify({ gatewayWithDecisionVsWithout: null }));
