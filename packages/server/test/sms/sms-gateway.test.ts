/** Inbound SMS of a whole gateway: from the configuration to the receiver, the metrics and the operators' view. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startEchoGateway } from '../echo-gateway.ts';
import { operatorToken } from '../operator-token.ts';
import { FakeSmsc } from './fake-smsc.ts';

test('a configured link and a webhook reach the receiver; scrape and operators see both', async (t) => {
  const smsc = new FakeSmsc();
  const port = await smsc.listen();
  t.after(() => smsc.close());
  const sms = {
    listen: {},
    links: [
      { id: 'operator', smpp: { host: '127.0.0.1', port, systemId: 'bank', secret: 'secret' } },
      { id: 'aggregator', webhook: { path: '/sms', addresses: ['127.0.0.1'] } },
    ],
  };
  const texts: string[] = [];
  const gateway = await startEchoGateway(
    { routes: [{ id: 'all', path: '/', protection: 'none' }] },
    () => ({ sms, workers: 1 }),
    {
      inboundSms: async ({ link, text }) => {
        texts.push(`${link} ${text}`);
        return { outcome: 'counted' };
      },
    },
  );
  t.after(() => gateway.close());
  const { running } = gateway;
  smsc.queue([{ from: '919811112222', to: '918000000001', text: 'by link' }]);
  await smsc.until(1);
  const called = await fetch(`http://127.0.0.1:${running.smsPort() ?? 0}/sms`, {
    method: 'POST',
    body: JSON.stringify({ from: '+919811112222', to: '+918000000001', text: 'by call', id: '1' }),
  });
  assert.equal(called.status, 200);
  while ((running.sms()?.waiting ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(texts.toSorted(), ['aggregator by call', 'operator by link']);
  const scraped = await running.metrics();
  assert.match(scraped, /hauberk_sms_deliveries_total\{link="operator",outcome="taken"\} 1/);
  assert.match(scraped, /hauberk_sms_link_up\{link="operator"\} 1/);
  const headers = { authorization: `Bearer ${await operatorToken(running, 'viewer')}` };
  const asked = await fetch(`${running.adminUrl}/sms`, { headers });
  const status = (await asked.json()) as { links: readonly { id: string; state: string }[] };
  assert.deepEqual(
    status.links.map(({ id, state }) => `${id} ${state}`),
    ['operator bound', 'aggregator listening'],
  );
  assert.equal((await fetch(`${running.adminUrl}/sms`)).status, 401);
});
