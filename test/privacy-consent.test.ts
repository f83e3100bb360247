/** Consent as an app records it with the SDK: the receipt is a line of the ledger, and accesses are judged by it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConsentDecision, ConsentError, recordConsent } from '@hauberk/sdk/consent';
import { startPhoneGateway } from './support/phone-gateway.ts';

const hash = 'n'.repeat(43);
const decision: ConsentDecision = {
  recordId: 'r1',
  notice: { id: 'notice-7', hash, language: 'en' },
  sdkListHash: hash,
  channel: 'first start',
  state: 'given',
  purposes: [
    { purpose: 'find-branch', items: ['precise-location'], method: 'explicit', recipients: [], retentionDays: 30 },
  ],
  expiresAt: null,
};

test('given, withdrawn, and two kinds of accesses between', async () => {
  const gateway = await startPhoneGateway();
  try {
    const client = gateway.clientOn(undefined);
    const at = Date.now() - 60_000;
    await assert.rejects(
      recordConsent({ hauberk: client, decision: { ...decision, channel: 'with spaces' } }),
      (error) => error instanceof ConsentError && error.code === 'malformed',
    );
    const told = { ...decision, channel: 'first-start' };
    const given = await recordConsent({ hauberk: client, decision: { ...told, at } });
    const withdrawn = await recordConsent({
      hauberk: client,
      decision: { ...told, state: 'withdrawn', at: at + 30_000 },
    });
    assert.deepEqual([given.head.count, withdrawn.head.count], [1, 2]);
    const row = (atMs: number) => ({
      api: 'web:navigator.geolocation.getCurrentPosition',
      chain: '00000000000000a1',
      owner: 'app',
      scene: 'branch-finder',
      isForeground: true,
      count: 1,
      firstAtMs: atMs,
      lastAtMs: atMs,
      realm: 'page',
      outcome: 'observed',
    });
    client.report('privacy.accesses', { accesses: [row(at + 10_000), row(at + 40_000)] });
    await client.flushReports();
    const { privacy } = gateway.running();
    await privacy.drain();
    const office = privacy.administrationOf({ organisation: 'demo', app: 'mobile' });
    const { items } = await office.findings({ limit: 9 });
    assert.deepEqual(
      items.map(({ finding }) => [finding.kind, finding.count, finding.evidence[0]?.at]),
      [['after-refusal', 1, at + 40_000]],
    );
    const event = (JSON.parse(given.line) as { body: { event: { principal: string } } }).body.event;
    const known = await office.subject({ subject: event.principal });
    assert.equal(known?.ledger, `${given.line}\n${withdrawn.line}\n`);
  } finally {
    await gateway.close();
  }
});
