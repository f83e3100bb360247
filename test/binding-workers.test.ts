/** One attempt to bind on many threads: every call on a connection of its own, workers killed between the steps, and steps that race. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { endpoint } from '@hauberk/channel/client';
import { createHauberk, type Hauberk, memoryStorage } from '@hauberk/sdk/node';
import { trustedDevice } from '@hauberk/sdk/trusted';
import { simulatedPhone } from '@hauberk/simulator';
import { type BindGateway, startBindGateway } from './support/bind-gateway.ts';

const workers = 2;
type Transport = NonNullable<NonNullable<Parameters<typeof createHauberk>[1]>['transport']>;

let gateway: BindGateway;
before(async () => {
  gateway = await startBindGateway({ sections: { workers } });
});
after(() => gateway.close());

/** A connection for each request: the kernel chooses a worker anew. */
const apart: Transport = {
  streamsRequests: false,
  send: ({ url, method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const agent = new Agent({ keepAlive: false });
      const outgoing = request(url, { method, headers, agent, signal }, (incoming) => {
        const pieces: Buffer[] = [];
        incoming.on('data', (piece: Buffer) => pieces.push(piece)).on('error', reject);
        incoming.on('end', () => {
          const texts = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
          const { body: stream } = new Response(Buffer.concat(pieces));
          resolve({ status: incoming.statusCode ?? 0, headers: Object.fromEntries(texts), body: stream });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body instanceof Uint8Array ? body : undefined);
    }),
};

type Told = Readonly<Record<string, string | undefined>>;

interface Caller {
  readonly name: string;
  readonly number: string;
  readonly tell: (members: object) => Promise<Told>;
}

let callers = 0;

/** An app on a genuine phone, a customer logged in; a second one may log the same customer in. */
const caller = async (customer?: Pick<Caller, 'name' | 'number'>): Promise<Caller> => {
  callers += 1;
  const { phones } = gateway;
  const { organisation, configKeys, minConfigVersion } = phones.running().trust();
  const name = customer?.name ?? `w${String(callers).padStart(8, '0')}`;
  const number = customer?.number ?? `+9198${name.slice(-8)}`;
  const hauberk: Hauberk = createHauberk(
    {
      organisation,
      app: 'mobile',
      service: 'bank',
      endpoints: [phones.running().url],
      trust: { configKeys, minConfigVersion, buildTimeMs: 0 },
      device: trustedDevice(simulatedPhone('android', { world: phones.world }).backend),
    },
    { storage: memoryStorage(), transport: apart },
  );
  const reply = await hauberk.fetch(`/login/${name}`, { method: 'POST', body: '{}' });
  const { credential: authorization } = (await reply.json()) as { readonly credential: string };
  const headers = { 'content-type': 'application/json', authorization };
  const tell = async (members: object): Promise<Told> => {
    const answer = await hauberk.fetch(endpoint.bind, { method: 'POST', headers, body: JSON.stringify(members) });
    return (await answer.json()) as Told;
  };
  return { name, number, tell };
};

const start = ({ number, tell }: Caller, fingerprint: string): Promise<Told> =>
  tell({
    do: 'start',
    number,
    fingerprint,
    replaces: true,
    app: 51,
    system: { family: 'android', version: 16, patchLevel: 202_609 },
    evidence: { sim: 'present', airplane: 'off', path: 'cellular', cellularWorks: true },
  });

let messages = 0;

/** The SMS plane hands messages over on the main thread, beside the workers. */
const carry = async (from: string, { vmn = '', text = '' }: Told, messageId?: string): Promise<string> => {
  messages += 1;
  const sms = { link: 'operator', messageId: messageId ?? `w-${messages}`, from, to: vmn, text };
  const answer = await gateway.phones.running().bindings?.inboundSms(sms);
  return answer !== undefined && 'outcome' in answer ? answer.outcome : 'none';
};

/** Ends a worker as a crash would, and waits for the one that takes its place. */
const kill = async (index: number): Promise<void> => {
  const running = gateway.phones.running();
  assert.equal(await running.killWorker(index), true);
  while (running.workers() < workers) await pause(20);
};

const times = <Value>(count: number, make: (index: number) => Promise<Value>): Promise<readonly Value[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

/** Whether a live binding was there to be ended. */
const wasBound = async ({ name }: Caller): Promise<boolean> =>
  (await gateway.phones.running().bindings?.of('mobile')?.end(name, 'customer', 'test'))?.ok === true;

/** How often each transition of an attempt was audited. */
const audited = async (attempt: string | undefined): Promise<Readonly<Record<string, number>>> => {
  const { stores } = gateway.phones.running().administration;
  const scope = { organisation: 'demo', app: 'mobile' };
  const counts: Record<string, number> = {};
  for (let after = 0; ; ) {
    const page = await stores.audit.readAfter(scope, after, 500);
    for (const { subject, facts } of page) {
      const { to } = facts;
      if (subject === attempt && typeof to === 'string') counts[to] = (counts[to] ?? 0) + 1;
    }
    const last = page.at(-1);
    if (last === undefined) return counts;
    after = last.sequence;
  }
};

test('no worker is needed twice: each is killed once between start, SMS, sent item and confirmation', async () => {
  const phone = await caller();
  const token = await start(phone, 'killed');
  const { attempt } = token;
  await kill(0);
  assert.equal(await carry(phone.number, token), 'counted');
  await kill(1);
  assert.equal((await phone.tell({ do: 'sent-item', attempt, state: 'sent' }))['next'], 'poll-sent-item');
  assert.equal((await phone.tell({ do: 'sent-item', attempt, state: 'delivered' }))['next'], 'confirm');
  assert.equal((await phone.tell({ do: 'confirm', attempt }))['state'], 'bound');
  assert.deepEqual(await audited(attempt), { issued: 1, seen: 1, proven: 1, bound: 1 });
});

test('every step from many connections at once happens once', async () => {
  const phone = await caller();
  const token = await start(phone, 'raced');
  const { attempt } = token;
  const outcomes = await times(6, () => carry(phone.number, token, 'one-physical-sms'));
  assert.ok(
    outcomes.every((outcome) => outcome === 'counted' || outcome === 'redelivered'),
    outcomes.join(),
  );
  const proofs = await times(8, () => phone.tell({ do: 'sent-item', attempt, state: 'delivered' }));
  assert.deepEqual(new Set(proofs.map(({ state }) => state)), new Set(['proven']));
  const ends = await times(8, () => phone.tell({ do: 'confirm', attempt }));
  assert.ok(ends.some(({ state, code }) => state === 'bound' && code === undefined));
  assert.equal((await phone.tell({ do: 'status', attempt }))['state'], 'bound');
  assert.deepEqual(await audited(attempt), { issued: 1, seen: 1, proven: 1, bound: 1 });
});

test('one code is sent, however many ask for it at once', async () => {
  const phone = await caller();
  const token = await start(phone, 'codes');
  const { attempt } = token;
  await carry(phone.number, token);
  for (let poll = 0; poll < 3; poll += 1) await phone.tell({ do: 'sent-item', attempt, state: 'sent' });
  await times(6, () => phone.tell({ do: 'ask-code', attempt }));
  const texts = gateway.texts.filter(({ number }) => number === phone.number);
  assert.equal(texts.length, 1);
  const code = /\b\d{8}\b/.exec(texts[0]?.text ?? '')?.[0];
  assert.equal((await phone.tell({ do: 'code', attempt, code, isRead: true }))['next'], 'confirm');
});

test('of two phones of one customer that start at once, one gets a token', async () => {
  const first = await caller();
  const second = await caller(first);
  const told = await Promise.all([start(first, 'left'), start(second, 'right')]);
  const said = told.map(({ state, code = '' }) => `${state} ${code}`.trim());
  assert.deepEqual(said.toSorted(), ['declined binding.busy', 'issued']);
});

test('a confirmation that races with the same token from another number: it ends unbound, whoever is first', async () => {
  for (let round = 0; round < 5; round += 1) {
    const phone = await caller();
    const token = await start(phone, `two-${round}`);
    const { attempt } = token;
    await carry(phone.number, token);
    await phone.tell({ do: 'sent-item', attempt, state: 'delivered' });
    await Promise.all([phone.tell({ do: 'confirm', attempt }), carry('+919877777777', token)]);
    // A binding that was undone took the login with it.
    const { code } = await phone.tell({ do: 'status', attempt });
    assert.ok(code === 'binding.two-numbers' || code === 'login-required', code);
    assert.equal((await audited(attempt))['declined'], 1);
    assert.equal(await wasBound(phone), false);
  }
});

test('left on one worker and proven on another at once: the attempt ends in one of both, and both are told the same', async () => {
  for (let round = 0; round < 5; round += 1) {
    const phone = await caller();
    const token = await start(phone, `left-${round}`);
    const { attempt } = token;
    await carry(phone.number, token);
    await Promise.all([
      phone.tell({ do: 'left', attempt, how: 'left' }),
      phone.tell({ do: 'sent-item', attempt, state: 'delivered' }),
    ]);
    const told = await phone.tell({ do: 'confirm', attempt });
    assert.equal((await phone.tell({ do: 'status', attempt }))['state'], 'declined');
    assert.notEqual(told['state'], 'bound');
  }
});
