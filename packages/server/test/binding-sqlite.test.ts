/** The binding service over the record on disk: restarts void what was open and keep what was counted; every transition is audited. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStorage } from '../src/storage/index.ts';
import { aliceNumber, ask, bind, bobNumber, codeOf, ok, openBank, scope, smsOf, VirtualClock } from './binding-kit.ts';

const inFolder = async (run: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-binding-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('B09 holds: tokens, blocks and bindings survive a restart; B11: what was open does not', () =>
  inFolder(async (folder) => {
    const clock = new VirtualClock();
    const first = await openStorage({ folder, upkeepMs: 0 });
    const bank = openBank(first.ports.bindings, { clock });
    await bind(bank);
    const issued = ok(await bank.service.requestToken(ask('bob', 'one')));
    const caller = { attempt: issued.attempt, key: 'one' };
    await bank.service.inboundSms(smsOf(issued, bobNumber));
    ok(await bank.service.requestToken(ask('bob', 'one')));
    ok(await bank.service.requestToken(ask('bob', 'one')));
    assert.equal(codeOf(await bank.service.requestToken(ask('bob', 'one'))), 'binding.device-blocked');
    await first.close();
    const second = await openStorage({ folder, upkeepMs: 0 });
    const again = openBank(second.ports.bindings, { clock });
    assert.equal(codeOf(await again.service.requestToken(ask('alice', 'one'))), 'binding.device-blocked');
    assert.equal(ok(await again.service.status(caller)).state, 'declined');
    assert.deepEqual(ok(await again.service.login({ profile: 'alice', key: 'alice-phone' })), { proof: 'none' });
    await second.close();
  }));

test('B11 refuses: an attempt of an earlier start, though its clock says there is time', () =>
  inFolder(async (folder) => {
    const clock = new VirtualClock();
    const first = await openStorage({ folder, upkeepMs: 0 });
    const issued = ok(await openBank(first.ports.bindings, { clock }).service.requestToken(ask('alice', 'a')));
    await first.close();
    const second = await openStorage({ folder, upkeepMs: 0 });
    const { service } = openBank(second.ports.bindings, { clock });
    const sms = await service.inboundSms(smsOf(issued, aliceNumber));
    assert.deepEqual(sms, { outcome: 'declined', code: 'binding.failover' });
    await second.close();
  }));

test('every transition is in the audit log once, with its rule and code, and no number, token or code', () =>
  inFolder(async (folder) => {
    const storage = await openStorage({ folder, upkeepMs: 0 });
    const bank = openBank(storage.ports.bindings);
    const bound = await bind(bank);
    await Promise.all([bank.service.inboundSms(smsOf(bound, bobNumber)), bank.service.status(bound.caller)]);
    assert.equal(
      codeOf(await bank.service.requestToken(ask('bob', 'x', { factor: undefined }))),
      'binding.single-factor',
    );
    const entries = (await storage.ports.audit.readAfter(scope, 0, 99)).filter(({ actor }) => actor === 'binding');
    assert.deepEqual(
      entries.map(({ facts }) => [facts['from'], facts['to'], facts['rule'], facts['code']]),
      [
        ['idle', 'issued', '', ''],
        ['issued', 'seen', '', ''],
        ['seen', 'proven', '', ''],
        ['proven', 'bound', '', ''],
        ['bound', 'declined', 'B06', 'binding.two-numbers'],
        ['idle', 'declined', 'B22', 'binding.single-factor'],
      ],
    );
    const text = JSON.stringify(entries);
    const [token = ''] = /\S{36}/.exec(bound.text) ?? [];
    for (const secret of [token, aliceNumber, aliceNumber.slice(3), bobNumber.slice(3)])
      assert.ok(!text.includes(secret));
    await storage.close();
  }));
