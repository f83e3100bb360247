/** Our client against two other implementations of SMPP in the part of the SMSC, and against a peer that breaks the rules. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import smpp, { type PeerPdu, type PeerSession } from 'smpp';
import { readArrival } from '../../src/sms/arrived-sms.ts';
import { packSeptets, writeSeptets } from '../../src/sms/gsm-alphabet.ts';
import { smppStatus } from '../../src/sms/smpp-commands.ts';
import { backoffMs, SmppLink, type SmppLinkState } from '../../src/sms/smpp-link.ts';
import type { SmppPdu } from '../../src/sms/smpp-pdu.ts';
import { SmppSession, type SmppSessionOptions } from '../../src/sms/smpp-session.ts';
import { readCoded } from '../../src/sms/sms-coding.ts';
import { selfSigned } from '../self-signed.ts';

const token = 'Ab0!#%()*+-./:;=?Zz9876543210abcdefgh';
const hasPerl = spawnSync('perl', ['-MNet::SMPP', '-e', '1']).status === 0;

const options = (take: SmppSessionOptions['take']): SmppSessionOptions => ({
  bind: 'transceiver',
  systemId: 'bank',
  password: 'secret',
  systemType: '',
  answerMs: 20_000,
  enquireMs: 60_000,
  window: 64,
  take,
});

const textOf = (pdu: SmppPdu, defaultCoding: 'gsm7' | 'gsm7-packed' = 'gsm7'): string => {
  const arrival = readArrival(pdu, { id: 'a', defaultCoding });
  if (!arrival.ok) return arrival.code;
  if (arrival.value.kind === 'receipt') return 'receipt';
  const text = readCoded(arrival.value.sms);
  return text.ok ? text.value : text.code;
};

const dial = async (port: number, take: SmppSessionOptions['take'], more: Partial<SmppSessionOptions> = {}) => {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return new SmppSession(socket, { ...options(take), ...more });
};

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** An SMSC by npm's smpp, with the sessions that were bound to it. */
const peer = async (t: TestContext, tls: Readonly<Record<string, unknown>> = {}) => {
  const bound: PeerSession[] = [];
  const waiting: ((session: PeerSession) => void)[] = [];
  const server = smpp.createServer(tls, (session) => {
    session.on('error', () => undefined);
    session.on('bind_transceiver', (pdu: PeerPdu) => {
      session.send(pdu.response({ command_status: pdu.password === 'secret' ? 0 : 0x0e }));
      if (pdu.password !== 'secret') return;
      const next = waiting.shift();
      if (next === undefined) bound.push(session);
      else next(session);
    });
    session.on('enquire_link', (pdu: PeerPdu) => session.send(pdu.response()));
    session.on('unbind', (pdu: PeerPdu) => {
      session.send(pdu.response());
      session.close();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const next = (): Promise<PeerSession> => {
    const first = bound.shift();
    return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
  };
  return { port: portOf(server), next };
};

const answered = (send: (done: (pdu: PeerPdu) => void) => void): Promise<PeerPdu> => new Promise(send);

test('npm smpp as SMSC: messages, receipts, questions and the end', async (t) => {
  const { port, next } = await peer(t);
  const seen: string[] = [];
  const session = await dial(port, async (pdu) => {
    seen.push(textOf(pdu));
    return smppStatus.ok;
  });
  assert.equal(await session.bind(), true);
  const smsc = await next();
  const to = { source_addr_ton: 1, source_addr: '919811112222', dest_addr_ton: 1, destination_addr: '918000000001' };
  const deliver = (more: Readonly<Record<string, unknown>>): Promise<PeerPdu> =>
    answered((done) => smsc.deliver_sm({ ...to, ...more }, done));
  assert.equal((await deliver({ short_message: Buffer.from(token, 'latin1'), data_coding: 3 })).command_status, 0);
  await deliver({ short_message: Buffer.from(token, 'utf16le').swap16(), data_coding: 8 });
  await deliver({ short_message: Buffer.from(writeSeptets(token) ?? []), data_coding: 0 });
  await deliver({ short_message: '', message_payload: Buffer.from(token, 'latin1'), data_coding: 3 });
  await deliver({ short_message: Buffer.from('id:1 stat:DELIVRD'), esm_class: 4 });
  await answered((done) => smsc.data_sm({ ...to, data_coding: 1, message_payload: Buffer.from(token) }, done));
  assert.deepEqual(seen, [token, token, token, token, 'receipt', token]);
  assert.equal((await answered((done) => smsc.enquire_link(done))).command_status, 0);
  assert.equal((await answered((done) => smsc.unbind(done))).command_status, 0);
  assert.deepEqual(await session.ended, { why: 'unbound' });
});

test('an answer waits until the message is durable, whatever its order', async (t) => {
  const { port, next } = await peer(t);
  const durable: (() => void)[] = [];
  const session = await dial(port, () => new Promise((resolve) => durable.push(() => resolve(smppStatus.ok))), {
    window: 2,
  });
  await session.bind();
  const smsc = await next();
  const order: number[] = [];
  const send = (index: number): Promise<number> =>
    answered((done) => smsc.deliver_sm({ source_addr: '1', destination_addr: '2', short_message: 'x' }, done)).then(
      ({ command_status }) => {
        order.push(index);
        return command_status;
      },
    );
  const all = [send(0), send(1), send(2)];
  // The third is beyond the window: told to slow down at once, while nothing else is answered.
  assert.equal(await all[2], smppStatus.throttled);
  assert.deepEqual(order, [2]);
  durable[1]?.();
  assert.equal(await all[1], 0);
  durable[0]?.();
  assert.equal(await all[0], 0);
  await session.close();
});

test('a message whose fate is unknown is not answered: the session ends and the peer delivers it again', async (t) => {
  const { port, next } = await peer(t);
  const session = await dial(port, () => Promise.reject(new Error('the writer is gone')));
  await session.bind();
  const smsc = await next();
  let isAnswered = false;
  smsc.deliver_sm({ source_addr: '1', destination_addr: '2', short_message: 'x' }, () => {
    isAnswered = true;
  });
  assert.deepEqual(await session.ended, { why: 'fault' });
  assert.equal(isAnswered, false);
});

test('a wrong password ends the session with the status of the SMSC', async (t) => {
  const { port } = await peer(t);
  const session = await dial(port, async () => 0, { password: 'wrong' });
  assert.equal(await session.bind(), false);
  assert.deepEqual(await session.ended, { why: 'bind-refused', status: 0x0e });
});

test('a peer that falls silent is asked and then given up', async (t) => {
  const { port, next } = await peer(t);
  const session = await dial(port, async () => 0, { enquireMs: 20, answerMs: 2000 });
  await session.bind();
  const smsc = await next();
  let asked = 0;
  await new Promise<void>((resolve) => {
    smsc.on('enquire_link', () => {
      asked += 1;
      if (asked === 3) {
        smsc.removeAllListeners('enquire_link');
        resolve();
      }
    });
  });
  assert.deepEqual(await session.ended, { why: 'silent' });
});

test('octets that are no PDU are refused and end the connection; an unknown command is only refused', async (t) => {
  const answers: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (octets) => {
      answers.push(octets);
      if (answers.length === 1) {
        const sequence = octets.readUInt32BE(12);
        const bound = Buffer.alloc(17);
        bound.writeUInt32BE(17, 0);
        bound.writeUInt32BE(0x8000_0009, 4);
        bound.writeUInt32BE(sequence, 12);
        socket.write(Buffer.concat([bound, Buffer.from('00000010000000990000000000000007', 'hex')]));
      } else if (answers.length === 2) socket.write(Buffer.from('ffffffff000000050000000000000001', 'hex'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const session = await dial(portOf(server), async () => 0);
  await session.bind();
  assert.deepEqual(await session.ended, { why: 'malformed' });
  assert.equal(answers[1]?.toString('hex'), '00000010800000000000000300000007');
});

test('a link comes back by itself, over TLS, and ends in order', async (t) => {
  const { certificate: cert, key } = selfSigned('127.0.0.1');
  const { port, next } = await peer(t, { key, cert });
  const states: string[] = [];
  const seen: string[] = [];
  const link = new SmppLink({
    ...options(async () => 0),
    take: async (pdu) => {
      seen.push(textOf(pdu));
      return 0;
    },
    host: '127.0.0.1',
    port,
    tls: { ca: cert },
    leastBackoffMs: 5,
    mostBackoffMs: 20,
    changed: ({ state }: SmppLinkState) => states.push(state),
  });
  (await next()).destroy();
  const smsc = await next();
  await answered((done) =>
    smsc.deliver_sm(
      {
        source_addr: '919811112222',
        destination_addr: '918000000001',
        short_message: Buffer.from('again', 'latin1'),
        data_coding: 3,
      },
      done,
    ),
  );
  assert.deepEqual(seen, ['again']);
  await link.close();
  assert.deepEqual(states.slice(0, 5), ['connecting', 'bound', 'down', 'connecting', 'bound']);
  assert.equal(states.at(-1), 'down');
});

test('waits grow with failures and stay under their bound', () => {
  assert.equal(backoffMs(100, 10_000, 0, 0), 100);
  assert.equal(backoffMs(100, 10_000, 3, 0), 800);
  assert.equal(backoffMs(100, 10_000, 60, 0), 10_000);
  assert.ok(backoffMs(100, 10_000, 60, 0.999) >= 8000);
});

test('Net::SMPP as SMSC: every coding of a token, parts, receipts, questions, the end', {
  skip: hasPerl ? false : 'no libnet-smpp-perl',
}, async (t) => {
  const script = new URL('./net-smpp-smsc.pl', import.meta.url).pathname;
  const perl = spawn('perl', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => perl.kill());
  const lines = createInterface({ input: perl.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  const port = Number((await line()).slice('port '.length));
  const seen: string[] = [];
  const parts: unknown[] = [];
  let defaultCoding: 'gsm7' | 'gsm7-packed' = 'gsm7';
  const session = await dial(port, async (pdu) => {
    seen.push(textOf(pdu, defaultCoding));
    const arrival = readArrival(pdu, { id: 'a', defaultCoding: 'gsm7' });
    if (arrival.ok && arrival.value.kind === 'message' && arrival.value.sms.part) parts.push(arrival.value.sms.part);
    return smppStatus.ok;
  });
  const bound = session.bind();
  assert.equal(await line(), 'bind 9 bank secret');
  assert.equal(await bound, true);
  const send = async (coding: number, esm: number, octets: Uint8Array): Promise<void> => {
    perl.stdin.write(`${coding} ${esm} 919811112222 918000000001 ${Buffer.from(octets).toString('hex')}\n`);
    assert.equal(await line(), 'answer 80000005 0 1');
  };
  const septets = writeSeptets(token) ?? new Uint8Array(0);
  await send(0, 0, septets);
  await send(1, 0, Buffer.from(token));
  await send(3, 0, Buffer.from(token, 'latin1'));
  await send(8, 0, Buffer.from(token, 'utf16le').swap16());
  defaultCoding = 'gsm7-packed';
  await send(0, 0, packSeptets(septets));
  defaultCoding = 'gsm7';
  await send(0, 0x40, Buffer.concat([Buffer.from([5, 0, 3, 9, 2, 1]), septets]));
  await send(0, 0x40, Buffer.concat([Buffer.from([6, 8, 4, 1, 9, 2, 2]), septets]));
  await send(0, 4, Buffer.from('id:1'));
  assert.deepEqual(seen, [...Array.from({ length: 7 }, () => token), 'receipt']);
  assert.deepEqual(parts, [
    { width: 8, reference: 9, total: 2, number: 1 },
    { width: 16, reference: 265, total: 2, number: 2 },
  ]);
  perl.stdin.write('enquire\n');
  assert.equal(await line(), 'answer 80000015 0 1');
  perl.stdin.write('unbind\n');
  assert.equal(await line(), 'answer 80000006 0 1');
  assert.deepEqual(await session.ended, { why: 'unbound' });
});
