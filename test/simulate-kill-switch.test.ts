/** A kill switch reaches every client that is connected; each has verified it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateKillSwitch } from '../simulate/kill-switch.ts';

const clients = process.env['HAUBERK_FULL'] === '1' ? 10_000 : 400;

test(`${clients} connected clients have the switch in force`, async (t) => {
  const report = await simulateKillSwitch({ clients, processes: 2, patienceMs: 120_000 });
  t.diagnostic(JSON.stringify(report));
  assert.equal(report.connected, clients);
  assert.equal(report.reached, clients);
});
