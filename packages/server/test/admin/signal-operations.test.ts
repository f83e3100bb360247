/** What an operator sees of a device's signals, and that looking is on record. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { holdSignals, signalRuleOf } from '@hauberk/device';
import { type AdminWorld, everything, openAdminWorld } from './world.ts';

let world: AdminWorld;
let token: string;
before(async () => {
  world = await openAdminWorld();
  token = await world.token('alice', everything);
});
after(() => world.close());

test('what is in force is shown with its part in the score, and the look is in the audit log before the answer', async () => {
  const device = await world.enrol('bank', 'corporate', 'watched');
  const { memory } = world.administration.signals;
  const nowS = world.clock.now / 1000;
  const index = signalRuleOf('hook.frida')?.index ?? assert.fail();
  holdSignals(memory.table, memory.keyOf(device), [{ index, value: 1, provenance: 'native', untilS: nowS + 60 }], nowS);
  const shown = await world.ask('GET', `/apps/corporate/devices/${device}/signals`, { token });
  assert.equal(shown.status, 200);
  assert.deepEqual(shown.json['parts'], [{ code: 'hook.frida', provenance: 'native', points: 42 }]);
  assert.deepEqual([shown.json['score'], shown.json['band'], shown.json['reportedAtMs']], [58, 'fair', null]);
  const reports = await world.ask('GET', `/apps/corporate/devices/${device}/signal-reports`, { token });
  assert.deepEqual(reports.json, { items: [] });
  const entries = await world.stores.audit.readAfter({ organisation: 'bank', app: 'corporate' }, 0, 100);
  const looks = entries.filter(({ action }) => action === 'signals.shown');
  assert.deepEqual(
    looks.map(({ actor, subject, facts }) => [actor, subject, facts['what']]),
    [
      ['alice', device, 'in-force'],
      ['alice', device, 'reports'],
    ],
  );
});

test('a device of another app is not there, and whoever cannot be put on record sees nothing', async () => {
  const device = await world.enrol('bank', 'retail', 'elsewhere');
  const elsewhere = await world.ask('GET', `/apps/corporate/devices/${device}/signals`, { token });
  assert.equal(elsewhere.status, 404);
  world.fill(true);
  const refused = await world.ask('GET', `/apps/retail/devices/${device}/signals`, { token });
  world.fill(false);
  assert.equal(refused.status, 503);
});
