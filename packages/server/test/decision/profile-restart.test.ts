/** A gateway that is started anew knows what devices did before. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog, openStorage, startGateway } from '../../src/index.ts';
import { type Ask, call, enrol, jsonOf, openSession } from '../channel-device.ts';
import { startEchoGateway } from '../echo-gateway.ts';

const rule = { id: 'many', scenes: ['transfer'], when: 'device.count1h >= 3', outcome: 'deny', reason: 'many' };
const decision = { scene: 'transfer', amount: '/amountMinor', entities: { payee: '/to' } };
const ask: Ask = { url: '/transfer', mode: 'sealed', body: JSON.stringify({ amountMinor: 5, to: 'payee' }) };

test('a restart does not give anybody a fresh start: windows go on where they were', async () => {
  const routes = [{ path: '/transfer', methods: ['POST'], mode: 'sealed', class: 'money', decision }];
  const gateway = await startEchoGateway({ routes }, (folder) => {
    writeFileSync(join(folder, 'policy.json'), JSON.stringify({ id: 'bank', rules: [rule] }));
    const policies = [{ file: 'policy.json', approvedBy: 'test' }];
    return { decision: { policies, profiles: 1024, deadlineMs: 10_000 } };
  });
  try {
    const trust = gateway.running.trust();
    const device = await enrol(gateway.running.url, trust);
    const first = await openSession(gateway.running.url, trust, device);
    for (let each = 0; each < 2; each += 1) assert.equal((await call(first, ask)).status, 200);
    await gateway.stop();
    const storage = await openStorage({ folder: gateway.config.state });
    const again = await startGateway({ config: gateway.config, storage, version: 'test', log: createLog('error') });
    try {
      const second = await openSession(again.url, again.trust(), device);
      assert.equal((await call(second, ask)).status, 200);
      const denied = await call(second, ask);
      assert.deepEqual([denied.status, jsonOf(denied)['code']], [403, 'forbidden']);
    } finally {
      await again.stop();
    }
  } finally {
    await gateway.close();
  }
});
