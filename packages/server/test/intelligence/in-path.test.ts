/** An indicator of a partner changes what the gateway decides, and its revocation changes it back. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stixTime } from '@hauberk/decision';
import { parseConfig } from '../../src/index.ts';
import { call, enrol, jsonOf, openSession, type TestSession } from '../channel-device.ts';
import { type EchoGateway, startEchoGateway } from '../echo-gateway.ts';
import { operatorToken } from '../operator-token.ts';

const collection = randomUUID();
const mediaType = 'application/taxii+json;version=2.1';
let gateway: EchoGateway;

const policy = {
  id: 'bank',
  rules: [
    {
      id: 'known-address',
      scenes: ['balance-query'],
      when: '"intelligence.address" in signals.codes',
      outcome: 'deny',
      reason: 'known-address',
    },
  ],
};

before(async () => {
  gateway = await startEchoGateway({ routes: [{ path: '/read', decision: { scene: 'balance-query' } }] }, (folder) => {
    writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
    return {
      decision: { policies: [{ file: 'policy.json' }], profiles: 1024, deadlineMs: 10_000 },
      intelligence: { collections: [{ id: collection, title: 'Shared', alias: 'shared' }], taxii: {} },
    };
  });
});
after(() => gateway.close());

const indicator = {
  type: 'indicator',
  spec_version: '2.1',
  id: `indicator--${randomUUID()}`,
  created: stixTime(Date.now() - 60_000),
  modified: stixTime(Date.now() - 60_000),
  valid_from: stixTime(Date.now() - 60_000),
  pattern: "[ipv4-addr:value = '127.0.0.0/8']",
  pattern_type: 'stix',
  confidence: 90,
};

const tell = async (token: string, object: object): Promise<number> => {
  const reply = await fetch(`${gateway.running.intelligence?.taxiiUrl()}/api/collections/shared/objects/`, {
    method: 'POST',
    headers: {
      accept: mediaType,
      'content-type': mediaType,
      authorization: `Basic ${Buffer.from(`partner:${token}`).toString('base64')}`,
    },
    body: JSON.stringify({ objects: [object] }),
  });
  await reply.arrayBuffer();
  return reply.status;
};

const session = async (): Promise<TestSession> => {
  const { url } = gateway.running;
  const trust = gateway.running.trust();
  return openSession(url, trust, await enrol(url, trust));
};

const outcome = async (opened: TestSession): Promise<unknown> => {
  const reply = await call(opened, { url: '/read' });
  return reply.status < 400 ? 'ok' : jsonOf(reply)['code'];
};

const becomes = async (opened: TestSession, wanted: unknown): Promise<number> => {
  const startedAt = performance.now();
  for (let turn = 0; turn < 200; turn += 1) {
    if ((await outcome(opened)) === wanted) return performance.now() - startedAt;
    await sleep(25);
  }
  return assert.fail(`never ${String(wanted)}`);
};

test('an indicator that a partner tells is obeyed, and revoked it is not', async () => {
  const opened = await session();
  assert.equal(await outcome(opened), 'ok');
  const reader = await operatorToken(gateway.running, 'intelligence-reader');
  assert.equal(await tell(reader, indicator), 403);
  const partner = await operatorToken(gateway.running, 'intelligence-partner');
  assert.equal(await tell(partner, indicator), 202);
  await becomes(opened, 'forbidden');
  assert.equal(await tell(partner, { ...indicator, modified: stixTime(Date.now()), revoked: true }), 202);
  await becomes(opened, 'ok');
});

test('a token without the right sees no collection, a stranger nothing', async () => {
  const token = await operatorToken(gateway.running, 'viewer');
  assert.equal(await tell(token, indicator), 404);
  assert.equal(await tell('hbt_nonsense', indicator), 401);
});

const issuesOf = (intelligence: object): readonly string[] => {
  const { config } = gateway;
  const read = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'app' }],
      state: config.state,
      services: [{ id: 'bank', upstream: 'core', routes: [{ path: '/x' }] }],
      upstreams: { core: { origin: 'http://127.0.0.1:1', factsKey: 'k'.repeat(32) } },
      intelligence,
    },
    'made.yaml',
  );
  return read.ok ? [] : read.issues.map(({ message }) => message);
};

test('a configuration says what is wrong with it', () => {
  const collections = [{ id: collection, title: 'Shared' }];
  const source = { name: 'partner', url: 'https://partner.example/api/collections/x/', collection };
  assert.deepEqual(issuesOf({ collections, sources: [source] }), []);
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ collections, sources: [{ ...source, collection: 'other' }] }, /names no collection/],
    [{ collections, sources: [{ ...source, url: 'http://partner.example/' }] }, /https/],
    [{ collections, sources: [{ ...source, url: 'https://user:pass@partner.example/' }] }, /https/],
    [{ collections, sources: [{ ...source, user: 'u' }] }, /password/],
    [{ collections, taxii: { host: '0.0.0.0' } }, /beyond this machine/],
    [{ collections: [{ id: 'shared', title: 'x' }] }, /UUID/i],
  ];
  for (const [section, message] of wrong) assert.match(issuesOf(section).join('; '), message);
});
