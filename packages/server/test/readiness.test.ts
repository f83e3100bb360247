/** Alive and ready: each check by itself, then a gateway that is asked while it serves and while it drains. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import { createReadiness, type Readiness, type ReadinessPorts } from '../src/observability/readiness.ts';
import { probeStorage } from '../src/storage/probe.ts';
import { startEchoGateway } from './echo-gateway.ts';
import { operatorToken } from './operator-token.ts';

const at = (ms: number): EpochMs => epochMs(1_700_000_000_000 + ms);

const healthy: ReadinessPorts = {
  isDraining: () => false,
  workers: () => ({ listening: 2, wanted: 2 }),
  probeStorage: () => Promise.resolve('ok'),
  configs: () => [{ service: 'bank', expiresAtMs: at(60_000) }],
  statusUntilMs: () => at(60_000),
  now: () => at(0),
};

describe('readiness', () => {
  test('a healthy gateway is ready and says when its config ends', async () => {
    const { ready, checks } = await createReadiness(healthy)();
    assert.equal(ready, true);
    assert.equal(checks.config.detail?.['expiresAt'], '2023-11-14T22:14:20.000Z');
  });

  const failures: readonly (readonly [
    check: keyof Readiness['checks'],
    code: string,
    ports: Partial<ReadinessPorts>,
  ])[] = [
    ['draining', 'draining', { isDraining: () => true }],
    ['workers', 'no-worker', { workers: () => ({ listening: 0, wanted: 2 }) }],
    ['storage', 'ENOSPC', { probeStorage: () => Promise.resolve('ENOSPC') }],
    ['config', 'config-missing', { configs: () => [] }],
    ['config', 'config-expired', { configs: () => [...healthy.configs(), { service: 'other', expiresAtMs: at(0) }] }],
    ['config', 'status-expired', { statusUntilMs: () => at(0) }],
  ];
  for (const [check, code, ports] of failures)
    test(`${code} is not ready, and nothing else is blamed`, async () => {
      const { ready, checks } = await createReadiness({ ...healthy, ...ports })();
      assert.equal(ready, false);
      assert.equal(checks[check].code, code);
      const others = Object.entries(checks).filter(([name]) => name !== check);
      assert.ok(others.every(([, { ok }]) => ok));
    });

  test('a missing worker beside one that serves is told, not refused', async () => {
    const { ready, checks } = await createReadiness({ ...healthy, workers: () => ({ listening: 1, wanted: 4 }) })();
    assert.equal(ready, true);
    assert.deepEqual(checks.workers.detail, { listening: 1, wanted: 4 });
  });

  test('many questions of one second probe once; a stop shows at once; a clock that went back probes anew', async () => {
    let probes = 0;
    let time = at(0);
    let draining = false;
    const ask = createReadiness({
      ...healthy,
      probeStorage: () => Promise.resolve((probes += 1) > 0 ? 'ok' : ''),
      now: () => time,
      isDraining: () => draining,
    });
    await Promise.all(Array.from({ length: 50 }, ask));
    time = at(999);
    await ask();
    assert.equal(probes, 1);
    time = at(1000);
    await ask();
    assert.equal(probes, 2);
    draining = true;
    assert.equal((await ask()).ready, false);
    time = at(-5000);
    await ask();
    assert.equal(probes, 4);
  });
});

describe('the probe of the storage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-probe-'));
  after(() => rmSync(folder, { recursive: true }));

  test('says what the writer says, and what the system says before it', async () => {
    const file = join(folder, 'probe');
    assert.equal(await probeStorage(file, () => Promise.resolve('storage-full')), 'storage-full');
    assert.equal(await probeStorage(join(folder, 'gone', 'probe'), () => Promise.resolve('ok')), 'ENOENT');
    assert.equal(await probeStorage(file, () => Promise.reject(new Error('the writer is gone'))), 'storage-failed');
  });
});

describe('a gateway that is asked', () => {
  test('strangers learn yes or no, operators why; alive all the while; not ready once it drains', async () => {
    const gateway = await startEchoGateway(
      { routes: [{ path: '/{rest*}', protection: 'none', outcome: 'slow' }] },
      () => ({
        limits: { slowMs: 1500 },
      }),
    );
    try {
      const operator = { authorization: `Bearer ${await operatorToken(gateway.running, 'auditor')}` };
      const { adminUrl, url } = gateway.running;
      const ready = async (headers: Record<string, string>) => {
        const reply = await fetch(`${adminUrl}/readyz`, { headers });
        return [reply.status, await reply.text()] as const;
      };
      assert.deepEqual(await ready({}), [200, 'ready\n']);
      assert.deepEqual(await ready({ authorization: 'Bearer wrong' }), [200, 'ready\n']);
      const [status, detail] = await ready(operator);
      const { checks } = JSON.parse(detail) as Readiness;
      assert.equal(status, 200);
      assert.deepEqual(checks.workers, { ok: true, code: 'ok', detail: { listening: 2, wanted: 2 } });
      assert.equal(checks.storage.code, 'ok');

      const held = fetch(`${url}/slow`);
      while (!(await gateway.running.metrics()).includes('hauberk_requests_open 1'))
        await new Promise((resolve) => setTimeout(resolve, 10));
      const stopped = gateway.running.stop();
      const [draining, why] = await ready(operator);
      assert.equal(draining, 503);
      assert.equal((JSON.parse(why) as Readiness).checks.draining.code, 'draining');
      assert.deepEqual(await ready({}), [503, 'not ready\n']);
      assert.equal((await fetch(`${adminUrl}/healthz`)).status, 200);
      assert.equal((await held).status, 200);
      await stopped;
    } finally {
      await gateway.close();
    }
  });
});
