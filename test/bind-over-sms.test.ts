/**
 * A whole bind over each way that an SMS can take: phones run the app's flow, npm's smpp and Net::SMPP are SMSCs to which the gateway binds, an
 * aggregator calls over mutual TLS. What the phone takes for the network's delivery report is the gateway's acknowledgement.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import type { BindOutcome } from '@hauberk/sdk/bind';
import type { OutgoingSms } from '@hauberk/simulator';
import smpp, { type PeerPdu, type PeerSession } from 'smpp';
import { selfSigned } from '../packages/server/test/self-signed.ts';
import { type BindGateway, startBindGateway } from './support/bind-gateway.ts';

const hasPerl = spawnSync('perl', ['-MNet::SMPP', '-e', '1']).status === 0;
if (process.env['CI_REQUIRE_ALL'] === '1') assert.ok(hasPerl, 'Debian: libnet-smpp-perl');

const said = (outcome: BindOutcome): string => [outcome.state, 'code' in outcome ? outcome.code : ''].join(' ').trim();

/** An SMSC by npm's smpp. */
const npmSmsc = async () => {
  let tell = (_session: PeerSession): void => undefined;
  const bound = new Promise<PeerSession>((resolve) => {
    tell = resolve;
  });
  const server: Server = smpp.createServer({}, (session) => {
    session.on('error', () => undefined);
    for (const name of ['bind_receiver', 'bind_transceiver'])
      session.on(name, (pdu: PeerPdu) => {
        session.send(pdu.response());
        tell(session);
      });
    for (const name of ['enquire_link', 'unbind']) session.on(name, (pdu: PeerPdu) => session.send(pdu.response()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const deliver = async ({ from, to, text }: OutgoingSms): Promise<boolean> => {
    const session = await bound;
    const numbers = { source_addr_ton: 1, source_addr: from.slice(1), dest_addr_ton: 1, destination_addr: to.slice(1) };
    // What does not fit a short message goes in the payload, in UCS-2 as phones with other scripts send it.
    const content = { message_payload: Buffer.from(text, 'utf16le').swap16(), short_message: '', data_coding: 8 };
    const answer = await new Promise<PeerPdu>((resolve) => session.deliver_sm({ ...numbers, ...content }, resolve));
    return answer.command_status === 0;
  };
  return { port: (server.address() as AddressInfo).port, deliver, close: () => server.close() };
};

/** An SMSC by Net::SMPP. */
const perlSmsc = async () => {
  const script = new URL('../packages/server/test/sms/net-smpp-smsc.pl', import.meta.url).pathname;
  const child: ChildProcessWithoutNullStreams = spawn('perl', [script]);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  const port = Number((await line()).slice('port '.length));
  const bound = (async () => line())();
  const deliver = async ({ from, to, text }: OutgoingSms): Promise<boolean> => {
    assert.match(await bound, /^bind 1 bank secret$/);
    const octets = Buffer.from(text, 'latin1').toString('hex');
    child.stdin.write(`3 0 ${from.slice(1)} ${to.slice(1)} ${octets}\n`);
    return (await line()) === 'answer 80000005 0 1';
  };
  return { port, deliver, close: () => child.kill() };
};

const folder = mkdtempSync(join(tmpdir(), 'hauberk-bind-over-'));
const server = selfSigned('127.0.0.1');
const aggregator = selfSigned('127.0.0.7');
let messages = 0;

const callWebhook = (port: number, by: typeof aggregator, { from, to, text }: OutgoingSms): Promise<boolean> =>
  new Promise((resolve) => {
    messages += 1;
    const identity = { ca: server.certificate, cert: by.certificate, key: by.key, agent: false };
    const sent = request({ host: '127.0.0.1', port, path: '/sms', method: 'POST', ...identity }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode === 200));
    });
    sent.on('error', () => resolve(false));
    sent.end(JSON.stringify({ from, to, text, id: `m-${messages}` }));
  });

describe('a whole bind', () => {
  let npm: Awaited<ReturnType<typeof npmSmsc>>;
  let perl: Awaited<ReturnType<typeof perlSmsc>> | undefined;
  let gateway: BindGateway;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  before(async () => {
    npm = await npmSmsc();
    perl = hasPerl ? await perlSmsc() : undefined;
    const smpp = { host: '127.0.0.1', systemId: 'bank', secret: 'secret' };
    const tls = {
      certificateFile: file('cert.pem', server.certificate),
      keyFile: file('key.pem', server.key),
      clientCaFile: file('callers.pem', aggregator.certificate),
    };
    const links = [
      { id: 'npm', smpp: { ...smpp, port: npm.port, bind: 'transceiver' } },
      // Between deliveries it reads nothing, so it could not say that it lives.
      ...(perl === undefined ? [] : [{ id: 'perl', smpp: { ...smpp, port: perl.port, enquireSeconds: 3600 } }]),
      { id: 'aggregator', webhook: { path: '/sms', clientNames: ['127.0.0.7'] } },
    ];
    gateway = await startBindGateway({
      binding: { links: links.map(({ id }) => ({ id })) },
      sections: { sms: { listen: { tls }, links } },
    });
  });
  after(async () => {
    // It reads nothing while nobody has it deliver, so it would leave the gateway's unbind unanswered.
    perl?.close();
    await gateway.close();
    npm.close();
    rmSync(folder, { recursive: true });
  });

  const bindBy = async (deliver: (sms: OutgoingSms) => Promise<boolean>): Promise<string> => {
    gateway.carry = (sms) => deliver(sms);
    const customer = await gateway.customer();
    return said(await gateway.bind(customer, { codeWaitMs: 20_000 }));
  };

  test('over SMPP from npm smpp: the payload in UCS-2', async () => {
    assert.equal(await bindBy(npm.deliver), 'bound');
  });

  test('over SMPP, where the SMSC delivers one SMS twice: B07 burns nobody', async () => {
    assert.equal(await bindBy(async (sms) => (await npm.deliver(sms)) && npm.deliver(sms)), 'bound');
  });

  test('over SMPP from Net::SMPP', { skip: hasPerl ? false : 'no libnet-smpp-perl' }, async () => {
    assert.ok(perl !== undefined);
    assert.equal(await bindBy(perl.deliver), 'bound');
  });

  const port = (): number => gateway.phones.running().smsPort() ?? 0;

  test('over the webhook with mutual TLS', async () => {
    assert.equal(await bindBy((sms) => callWebhook(port(), aggregator, sms)), 'bound');
  });

  test('over the webhook with the certificate of a stranger nobody is bound', async () => {
    const stranger = selfSigned('127.0.0.7');
    const customer = await gateway.customer();
    const ending = new AbortController();
    let wasTaken: boolean | undefined;
    gateway.carry = async (sms) => {
      wasTaken = await callWebhook(port(), stranger, sms);
      ending.abort();
      return wasTaken;
    };
    assert.equal((await gateway.bind(customer, { signal: ending.signal })).state, 'cancelled');
    assert.equal(wasTaken, false);
  });

  test('what came is in the figures of its link and of its number', async () => {
    const { sms, bindings } = { sms: gateway.phones.running().sms(), bindings: gateway.phones.running().bindings };
    const taken = Object.fromEntries((sms?.links ?? []).map(({ id, outcomes }) => [id, outcomes]));
    assert.deepEqual(taken['npm'], { taken: 2, known: 1 });
    assert.deepEqual(taken['aggregator'], { taken: 1 });
    const counted = (bindings?.vmns().vmns ?? []).reduce((sum, { outcomes }) => sum + outcomes.counted, 0);
    assert.equal(counted, hasPerl ? 4 : 3);
    assert.match(
      await gateway.phones.running().metrics(),
      /hauberk_binding_vmn_messages_total\{vmn="\+9190000000\d+",outcome="counted"\} [1-4]/,
    );
  });
});
