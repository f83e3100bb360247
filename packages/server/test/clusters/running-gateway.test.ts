/** Clusters of a running gateway: what it decides is observed, what is known of a cluster is part of the next decision, and the end leaves a snapshot. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tag, type VerifiedRequest } from '@hauberk/channel';
import { noSignals } from '@hauberk/device';
import type { EpochMs } from '@hauberk/primitives';
import { verifiedContext } from '../../src/decision/decision-context.ts';
import { reserveMarks, TrapMarks } from '../../src/decision/trap-marks.ts';
import { call, enrol, openSession } from '../channel-device.ts';
import { startEchoGateway } from '../echo-gateway.ts';
import { farmEntries } from './cluster-kit.ts';

const routes = [
  { path: '/transfer', methods: ['POST'], mode: 'sealed', decision: { scene: 'transfer', entities: { payee: '/to' } } },
];
const policy = {
  id: 'bank',
  rules: [{ id: 'farm', when: 'cluster.grade in ["grey", "black"]', outcome: 'deny', reason: 'farm-device' }],
};

test('a gateway that decides observes what it decided, opens a case for a farm, and leaves a snapshot with its position', async () => {
  const gateway = await startEchoGateway({ routes }, (folder) => {
    writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
    return {
      decision: { policies: [{ file: 'policy.json', approvedBy: 'test' }], profiles: 1024, deadlineMs: 10_000 },
    };
  });
  try {
    const { url, clusters } = gateway.running;
    assert.ok(clusters);
    const trust = gateway.running.trust();
    const device = await enrol(url, trust);
    const session = await openSession(url, trust, device);
    const body = JSON.stringify({ to: 'payee-1' });
    assert.equal((await call(session, { url: '/transfer', mode: 'sealed', body })).status, 200);
    // Records are written behind the request.
    for (let turn = 0; turn < 200 && clusters.counts.observations === 0; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      await clusters.drain();
    }
    assert.equal(clusters.counts.observations, 1);
    assert.deepEqual(clusters.list('watch', 5), []);
    // Decisions, lists and reports know a device by one name, whatever letters its id has.
    const { decisions } = gateway.running;
    const scope = { organisation: gateway.config.organisation, app: gateway.config.apps[0]?.id ?? '' };
    await decisions.stream.drain();
    const entity = `device:${decisions.pseudonym('device', device.deviceId)}`;
    assert.equal((await decisions.records.query(scope, { entity, limit: 5 })).length, 1);
    // A farm that shows itself opens a case, behind the batch that found it.
    assert.ok((await gateway.stores.outbox.append(farmEntries(scope, 24, Date.now() - 120_000))).ok);
    const cases = () => decisions.cases.list(scope, {}, 5);
    for (let turn = 0; turn < 200 && (await cases()).length === 0; turn += 1) {
      await clusters.drain();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const [opened, ...others] = await cases();
    assert.ok(opened?.title.includes(clusters.list('black', 1)[0]?.id ?? 'none'));
    assert.deepEqual(others, []);
    await gateway.stop();
    assert.ok(existsSync(join(gateway.config.state, 'clusters.snapshot')));
  } finally {
    await gateway.close();
  }
});

test('what is known of the cluster of a device is part of the context of its decisions', () => {
  const marks = new TrapMarks(reserveMarks(64, new Uint8Array(8)));
  const facts = { deviceId: 'device-1', tier: 1, attested: '' };
  const request = { tag: tag.signed, createdMs: 1000, facts } as unknown as VerifiedRequest;
  const cluster = { size: 30, kinds: 3, score: 0.9, grade: 'black' } as const;
  const intelligence = { signals: () => [] };
  const known = {
    intelligence,
    marks,
    signalsOf: () => noSignals,
    identityOf: () => undefined,
    clusterOf: (id: string) => (id === 'device-1' ? cluster : undefined),
  };
  const at = 1000 as EpochMs;
  assert.deepEqual(verifiedContext(known, request, undefined, [], at).cluster, cluster);
  const other = { ...request, facts: { ...facts, deviceId: 'device-2' } } as unknown as VerifiedRequest;
  assert.equal('cluster' in verifiedContext(known, other, undefined, [], at), false);
});
