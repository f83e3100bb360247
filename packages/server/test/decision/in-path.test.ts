/** Decisions on real requests: a gateway with two worker threads, an upstream that tells what reached it, and policies that ask what was done before. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  encodeStepUpAnswer,
  endpoint,
  stepUpBytes,
  targetOf,
  thumbprintInput,
  transactionBytes,
} from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { fromBase64Url, utf8 } from '@hauberk/primitives';
import { parseConfig } from '../../src/index.ts';
import {
  type Ask,
  call,
  enrol,
  enrolmentDocument,
  exchange,
  jsonOf,
  type OpenedReply,
  openSession,
  protect,
  send,
  type TestSession,
} from '../channel-device.ts';
import { type EchoGateway, startEchoGateway } from '../echo-gateway.ts';
import { operatorToken } from '../operator-token.ts';

const rule = (id: string, scene: string, when: string, outcome: string, more: object = {}): object => ({
  id,
  scenes: [scene],
  when,
  outcome,
  reason: id,
  ...more,
});

const policy = (large: number): object => ({
  id: 'bank',
  rules: [
    rule('canary-used', 'transfer', 'count(traps.touched) > 0', 'trap', { final: true }),
    rule('large', 'transfer', `event.amountMinor >= ${large}`, 'challenge'),
    rule('much-larger', 'transfer', 'event.amountMinor >= 1000000', 'deny'),
    rule('many-payees', 'transfer', 'device.count1h >= 3', 'deny'),
    rule('listed', 'transfer', 'payee.id in list("mules")', 'trap', { obligations: { trap: 'booked' } }),
    rule('watched', 'bill-pay', 'device.count1h >= 0', 'observe'),
    rule('wire-only', 'bill-pay', 'attr.payeeKind == "instant"', 'deny'),
    rule('by-hardware', 'payee-add', 'event.amountMinor == 1', 'challenge', { obligations: { challenge: 'webauthn' } }),
    rule('bind-anew', 'payee-add', 'event.amountMinor == 2', 'challenge', { obligations: { challenge: 'rebind' } }),
    rule('bot', 'login-sms', 'event.amountMinor == 1', 'deny'),
    rule('doubted', 'login-sms', 'event.amountMinor == 2', 'challenge'),
    rule('baited', 'login-sms', 'event.amountMinor == 3', 'trap', { obligations: { trap: 'booked' } }),
    rule('patient', 'coupon-claim', 'device.count1h >= 1', 'slow', { obligations: { slow: 5 } }),
  ],
});

const transfer = {
  class: 'money',
  decision: { scene: 'transfer', amount: '/amountMinor', entities: { payee: '/to' }, honey: ['/isAdmin'] },
};

/** Two a day, so that nothing comes back while a test runs. */
const two = { requests: 2, perSeconds: 86_400, burst: 2 };
const attempts = (path: string, failures: object, more: object = {}): object => ({
  path,
  class: 'login',
  methods: ['POST'],
  login: {
    credential: { kind: 'authorization' },
    opens: { credentialPointer: '/token', customerPointer: '/customer' },
    failures,
  },
  decision: { scene: 'login-sms', amount: '/amountMinor', failMode: 'closed' },
  ...more,
});

const routes: readonly object[] = [
  attempts('/log-in', { namePointer: '/user', name: two }),
  attempts('/log-in-device', { device: two }),
  attempts('/log-in-address', { address: two }),
  attempts('/log-in-once', { namePointer: '/user', name: two }, { idempotency: { demand: 'required' } }),
  { path: '/transfer', methods: ['POST'], mode: 'sealed', ...transfer },
  { path: '/transfer-once', methods: ['POST'], idempotency: { demand: 'required' }, ...transfer },
  { path: '/bill', methods: ['POST'], decision: { scene: 'bill-pay', facts: { payeeKind: '/payeeKind' } } },
  {
    path: '/coupons/{id}',
    class: 'money',
    decision: { scene: 'coupon-claim', entities: { coupon: { in: 'path', parameter: 'id' } } },
  },
  { path: '/payees', methods: ['POST'], class: 'bind', decision: { scene: 'payee-add', amount: '/amountMinor' } },
  { path: '/free', class: 'login', decision: { scene: 'login-password' } },
  { path: '/read', decision: { scene: 'balance-query' } },
  { path: '/export', protection: 'observe', outcome: 'trap', decoy: { body: '{"accounts":["{{canary}}"]}' } },
];

let gateway: EchoGateway;
let policyFile = '';

const section = (folder: string): object => {
  policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy(50_000)));
  writeFileSync(join(folder, 'mules.txt'), '# known\npayee: HB71 MULE\n');
  return {
    log: { access: 'file', accessFile: 'access.log', level: 'error' },
    decision: {
      policies: [{ file: 'policy.json', approvedBy: 'test' }],
      lists: { mules: 'mules.txt' },
      profiles: 1024,
      deadlineMs: 10_000,
      traps: {
        decoys: {
          booked: { status: 201, body: '{"status":"booked"}' },
          default: { body: '{"status":"ok"}' },
        },
      },
    },
  };
};

before(async () => {
  gateway = await startEchoGateway({ routes }, section);
});
after(() => gateway.close());

const session = async (): Promise<TestSession> => {
  const { url } = gateway.running;
  const trust = gateway.running.trust();
  return openSession(url, trust, await enrol(url, trust));
};

const pay = (amountMinor: number, to = 'payee-1', more: object = {}): Ask => ({
  url: '/transfer',
  mode: 'sealed',
  body: JSON.stringify({ amountMinor, to, ...more }),
});

const codeOf = (reply: OpenedReply): unknown => (reply.status < 400 ? 'ok' : jsonOf(reply)['code']);
const outcomes = async (opened: TestSession, asks: readonly Ask[]): Promise<readonly unknown[]> => {
  const codes: unknown[] = [];
  for (const ask of asks) {
    const reply = await call(opened, ask);
    assert.ok(reply.bound, 'every answer is bound');
    codes.push(codeOf(reply));
  }
  return codes;
};

const lastFacts = (): Readonly<Record<string, unknown>> => gateway.seen.at(-1)?.headers ?? {};
const reached = (url: string): number => gateway.seen.filter((each) => each.url === url).length;

const joinKey = async (opened: TestSession) => {
  const key = await crypto.generateKeyPair('p256', 'sign');
  const { url } = gateway.running;
  const body = await enrolmentDocument(url, gateway.running.trust(), key, opened.client.core.deviceId);
  const headers = { 'content-type': 'text/plain' };
  assert.equal((await call(opened, { url: endpoint.enrol, mode: 'sealed', headers, body })).status, 201);
  return key;
};

const approve = async (
  opened: TestSession,
  key: Awaited<ReturnType<typeof joinKey>>,
  demand: OpenedReply,
  ask: Ask,
): Promise<Ask> => {
  const challenge = fromBase64Url(String(jsonOf(demand)['challenge'])) ?? new Uint8Array(32);
  const digest = await crypto.sha256(
    transactionBytes({
      deviceId: opened.client.core.deviceId,
      customerId: '',
      service: 'bank',
      target: targetOf('POST', ask.url),
      bodyHash: await crypto.sha256(utf8(ask.body ?? '')),
    }),
  );
  const answer = encodeStepUpAnswer({
    challenge,
    keyThumbprint: await crypto.sha256(thumbprintInput(key.publicKey)),
    signature: await crypto.sign(key.privateKey, stepUpBytes(challenge, digest)),
  });
  return { ...ask, headers: { ...ask.headers, 'hauberk-step-up': answer } };
};

describe('what a policy decides', () => {
  test('a request passes, and its upstream is told by which decision', async () => {
    const opened = await session();
    assert.deepEqual(await outcomes(opened, [pay(100)]), ['ok']);
    assert.equal(lastFacts()['hauberk-verified-outcome'], 'allow');
    assert.match(String(lastFacts()['hauberk-verified-decision']), /^[0-9a-f]{16}$/);
  });

  test('windows count over threads: the fourth payment of a device is denied, and says nothing of why', async () => {
    const opened = await session();
    assert.deepEqual(await outcomes(opened, [pay(1), pay(2), pay(3), pay(4)]), ['ok', 'ok', 'ok', 'forbidden']);
    const denied = jsonOf(await call(opened, pay(5)));
    assert.deepEqual(
      [denied['code'], denied['execution'], JSON.stringify(denied).includes('many-payees')],
      ['forbidden', 'none', false],
    );
  });

  test('observe passes and is marked', async () => {
    assert.deepEqual(await outcomes(await session(), [{ url: '/bill', body: '{"payeeKind":"wire"}' }]), ['ok']);
    assert.equal(lastFacts()['hauberk-verified-outcome'], 'observe');
    assert.equal(lastFacts()['hauberk-verified-reasons'], 'watched');
  });

  test('slow passes later', async () => {
    const opened = await session();
    assert.deepEqual(await outcomes(opened, [{ url: '/coupons/a' }, { url: '/coupons/a' }]), ['ok', 'ok']);
    assert.equal(lastFacts()['hauberk-verified-outcome'], 'slow');
  });

  test('log, metrics and outbox have it', async () => {
    const opened = await session();
    await outcomes(opened, [pay(1), pay(2), pay(3), pay(4)]);
    const scrape = await gateway.running.metrics();
    assert.match(scrape, /hauberk_decisions_total\{service="bank",route="POST \/transfer",outcome="deny"\} [1-9]/);
    assert.match(scrape, /hauberk_decision_duration_seconds_count [1-9]/);
    await new Promise((resolve) => setTimeout(resolve, 600));
    const lines = readFileSync(join(gateway.config.state, 'access.log'), 'utf8').trim().split('\n');
    const line = lines.map((each) => JSON.parse(each)).find((each) => each.reason === 'decision.denied');
    assert.deepEqual([line.outcome, line.reasons], ['deny', 'many-payees']);
    assert.match(line.decision, /^[0-9a-f]{16}$/);
  });
});

describe('a challenge', () => {
  test('is passed by a signature of the device over this very transaction, once, and is counted once', async () => {
    const opened = await session();
    const key = await joinKey(opened);
    const ask = pay(60_000, 'payee-large');
    const demand = await call(opened, ask);
    assert.deepEqual([demand.bound, codeOf(demand), jsonOf(demand)['step']], [true, 'step-up-required', 'device-key']);
    const answered = await approve(opened, key, demand, ask);
    assert.equal(codeOf(await call(opened, { ...answered, body: pay(70_000).body ?? '' })), 'step-up-required');
    assert.equal(codeOf(await call(opened, answered)), 'ok');
    assert.equal(lastFacts()['hauberk-verified-outcome'], 'challenge');
    assert.equal(codeOf(await call(opened, answered)), 'step-up-required', 'an answer counts once');
    // The challenged request and its answer are one event: two more fit before the policy denies the fourth.
    assert.deepEqual(await outcomes(opened, [pay(1), pay(2), pay(3)]), ['ok', 'ok', 'forbidden']);
  });

  test('no answer skips a denial, and a forged one is refused', async () => {
    const opened = await session();
    const key = await joinKey(opened);
    const ask = pay(60_000);
    const demand = await call(opened, ask);
    const stranger = await crypto.generateKeyPair('p256', 'sign');
    assert.equal(codeOf(await call(opened, await approve(opened, stranger, demand, ask))), 'forbidden');
    const much = pay(2_000_000);
    assert.equal(codeOf(await call(opened, much)), 'forbidden');
    assert.equal(codeOf(await call(opened, await approve(opened, key, demand, much))), 'step-up-required');
    assert.equal(codeOf(await call(opened, await approve(opened, key, demand, ask))), 'ok');
  });
});

describe('a stronger challenge', () => {
  for (const [amountMinor, step] of [
    [1, 'webauthn'],
    [2, 'rebind'],
  ] as const)
    test(`${step} is not passed by a key of software`, async () => {
      const opened = await session();
      const key = await joinKey(opened);
      const ask: Ask = { url: '/payees', body: JSON.stringify({ amountMinor }) };
      const demand = await call(opened, ask);
      assert.deepEqual([codeOf(demand), jsonOf(demand)['step']], ['step-up-required', step]);
      const again = await call(opened, await approve(opened, key, demand, ask));
      assert.deepEqual([codeOf(again), jsonOf(again)['step']], ['step-up-required', step]);
      assert.equal(reached('/payees'), 0);
    });
});

describe('retries', () => {
  test('of one operation are counted once, and what was executed is told whatever is thought by now', async () => {
    const opened = await session();
    const once: Ask = {
      ...pay(1),
      url: '/transfer-once',
      mode: 'signed',
      headers: { 'idempotency-key': 'operation-1' },
    };
    assert.deepEqual(await outcomes(opened, [once, once, once, once, once]), ['ok', 'ok', 'ok', 'ok', 'ok']);
    assert.deepEqual(await outcomes(opened, [pay(1), pay(2), pay(3)]), ['ok', 'ok', 'forbidden']);
    const before = reached('/transfer-once');
    assert.deepEqual(await outcomes(opened, [once]), ['ok'], 'the kept outcome');
    assert.equal(reached('/transfer-once'), before);
    const another = { ...once, headers: { 'idempotency-key': 'operation-2' } };
    assert.deepEqual(await outcomes(opened, [another, another]), ['forbidden', 'forbidden']);
    assert.equal(reached('/transfer-once'), before, 'a refused operation is not executed when it is sent again');
  });

  test('of an approved operation whose reply was lost get what was kept, without asking the user again', async () => {
    const opened = await session();
    const key = await joinKey(opened);
    const headers = { 'idempotency-key': 'operation-large-1' };
    const ask: Ask = { ...pay(60_000, 'payee-kept'), url: '/transfer-once', mode: 'signed', headers };
    const answered = await approve(opened, key, await call(opened, ask), ask);
    const count = reached('/transfer-once');
    assert.deepEqual(await outcomes(opened, [answered, answered, ask]), ['ok', 'ok', 'ok']);
    assert.equal(reached('/transfer-once'), count + 1);
  });

  test('under the key of another body are other operations', async () => {
    const opened = await session();
    const ask = (amount: number): Ask => ({
      ...pay(amount),
      url: '/transfer-once',
      mode: 'signed',
      headers: { 'idempotency-key': 'operation-3' },
    });
    await outcomes(opened, [ask(1), ask(2), ask(3)]);
    assert.deepEqual(await outcomes(opened, [pay(1)]), ['forbidden']);
  });
});

describe('failed logins', () => {
  /** One that the service finds wrong, unless the policy refuses it first. */
  const attempt = (url: string, amountMinor: number, user: string, more: object = {}): Ask => ({
    url,
    body: JSON.stringify({ amountMinor, user }),
    headers: { 'x-answer': '401', ...more },
  });
  const codes = async (opened: TestSession, asks: readonly Ask[]): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    for (const ask of asks) {
      const reply = await call(opened, ask);
      found.push(jsonOf(reply)['code'] ?? reply.status);
    }
    return found;
  };

  for (const url of ['/log-in', '/log-in-device', '/log-in-address'])
    test(`are none that the decision refused, and others are counted: ${url}`, async () => {
      const opened = await session();
      const refused = [1, 2, 3, 1, 2, 3].map((amount) => attempt(url, amount, 'ada'));
      const doubled = { ...attempt(url, 0, 'ada'), body: '{"user":"ada","amountMinor":0,"amountMinor":1}' };
      const before = reached(url);
      const said = ['forbidden', 'step-up-required', 201];
      assert.deepEqual(await codes(opened, refused), [...said, ...said]);
      assert.deepEqual(await codes(opened, [doubled, doubled, doubled]), ['malformed', 'malformed', 'malformed']);
      assert.equal(reached(url), before);
      const wrong = attempt(url, 0, 'ada');
      assert.deepEqual(await codes(opened, [wrong, wrong, wrong]), [401, 401, 'limited']);
      assert.deepEqual(await codes(opened, refused.slice(0, 1)), ['limited'], 'a limit stands before the decision');
      assert.equal(reached(url), before + 2);
    });

  test('are none that were refused before and are sent again', async () => {
    const opened = await session();
    const bot = attempt('/log-in-once', 1, 'ada', { 'idempotency-key': 'log-in-1' });
    assert.deepEqual(await codes(opened, [bot, bot, bot, bot]), Array(4).fill('forbidden'));
    assert.equal(reached('/log-in-once'), 0);
    const wrong = ['2', '3', '4'].map((key) =>
      attempt('/log-in-once', 0, 'ada', { 'idempotency-key': `log-in-${key}` }),
    );
    assert.deepEqual(await codes(opened, wrong), [401, 401, 'limited']);
  });
});

describe('traps', () => {
  test('a listed payee is told a story, and nothing reaches the bank', async () => {
    const opened = await session();
    const count = reached('/transfer');
    const reply = await call(opened, pay(1, 'hb71mule'));
    assert.deepEqual([reply.status, jsonOf(reply)], [201, { status: 'booked' }]);
    assert.equal(reached('/transfer'), count);
  });

  test('a canary from a decoy is known when it comes back, on the device that uses it', async () => {
    const thief = await session();
    const told = await call(thief, { method: 'GET', url: '/export' });
    assert.ok(told.bound);
    const [canary = ''] = jsonOf(told)['accounts'] as readonly string[];
    assert.match(canary, /^[1-9]\d{17}$/);
    // Somebody else, who bought the list.
    const buyer = await session();
    const reply = await call(buyer, pay(1, ` ${canary.slice(0, 6)} ${canary.slice(6)}`));
    assert.deepEqual([reply.status, jsonOf(reply)], [200, { status: 'ok' }]);
    const { deviceId } = buyer.client.core;
    assert.deepEqual(gateway.running.decisionDesk?.trapOf(deviceId)?.kinds.includes('canary'), true);
    const path = `/admin/v1/apps/app/devices/${deviceId}/trap`;
    const headers = {
      authorization: `Bearer ${await operatorToken(gateway.running)}`,
      'content-type': 'application/json',
    };
    const shown = jsonOf(await send(gateway.running.adminUrl, { method: 'GET', url: path, headers }));
    assert.deepEqual(shown['kinds'], ['canary', 'trap']);
    const body = '{"reason":"a journalist"}';
    const cleared = await send(gateway.running.adminUrl, { method: 'POST', url: `${path}/clear`, headers, body });
    assert.deepEqual([cleared.status, jsonOf(cleared)['kinds']], [200, []]);
    const scope = { organisation: 'demo', app: 'app' };
    const entries = await gateway.running.administration.stores.audit.readAfter(scope, 0, 1000);
    const onRecord = entries.filter(({ subject }) => subject === deviceId).map(({ action }) => action);
    assert.deepEqual(
      onRecord.filter((action) => action.startsWith('trap.')),
      ['trap.touched', 'trap.shown', 'trap.cleared'],
    );
    assert.deepEqual(await outcomes(buyer, [pay(1)]), ['ok']);
    assert.equal(lastFacts()['hauberk-verified-outcome'], 'allow');
  });

  test('honey marks whoever sends it', async () => {
    const opened = await session();
    const count = reached('/transfer');
    assert.equal((await call(opened, pay(1, 'x', { isAdmin: false }))).status, 200);
    assert.equal((await call(opened, pay(1))).status, 200);
    assert.equal(reached('/transfer'), count, 'it stays trapped');
    assert.deepEqual(gateway.running.decisionDesk?.trapOf(opened.client.core.deviceId)?.kinds, ['honey', 'trap']);
  });

  test('an unsigned visitor of a decoy gets the story, and marks nobody else', async () => {
    const reply = await send(gateway.running.url, {
      method: 'GET',
      url: '/export',
      headers: { 'hauberk-service': 'bank' },
    });
    assert.equal(reply.status, 200);
    assert.deepEqual(await outcomes(await session(), [pay(1)]), ['ok']);
  });
});

describe('without a judgement', () => {
  test('a scene without a policy follows the class: login closes, reading passes marked', async () => {
    const opened = await session();
    assert.deepEqual(await outcomes(opened, [{ url: '/free' }]), ['overloaded']);
    assert.deepEqual(await outcomes(opened, [{ method: 'GET', url: '/read' }]), ['ok']);
    assert.equal(lastFacts()['hauberk-verified-decision-fault'], 'decision.no-policy');
    assert.equal(lastFacts()['hauberk-verified-outcome'], 'observe');
  });

  test('whoever brings more new entities than an hour allows is asked for a step-up, and nobody is locked out', async () => {
    const opened = await session();
    const codes = await outcomes(
      opened,
      Array.from({ length: 270 }, (_, number) => ({ url: `/coupons/flood-${number}` })),
    );
    assert.equal(codes[0], 'ok');
    assert.ok(!codes.includes('overloaded'));
    assert.equal(codes.at(-1), 'step-up-required');
  });

  test('what two readers could read otherwise is refused on a money route and marked on a reading one', async () => {
    const opened = await session();
    const doubled = '{"amountMinor":1,"amountMinor":9000000,"to":"x"}';
    assert.deepEqual(await outcomes(opened, [{ ...pay(1), body: doubled }]), ['malformed']);
    assert.deepEqual(await outcomes(opened, [{ url: '/bill', body: '{"payeeKind":"wire","PayeeKind":"instant"}' }]), [
      'ok',
    ]);
    assert.equal(lastFacts()['hauberk-verified-decision-fault'], 'decision.unreadable');
  });
});

describe('requests that verification refuses', () => {
  test('are events of their address, and never of the device that was copied', async () => {
    const opened = await session();
    const message = await protect(opened, pay(1));
    assert.equal((await exchange(opened, message)).status, 200);
    for (let copy = 0; copy < 5; copy += 1) await exchange(opened, message);
    assert.deepEqual(await outcomes(opened, [pay(2), pay(3)]), ['ok', 'ok']);
    assert.match(
      await gateway.running.metrics(),
      /hauberk_decision_refused_requests_total\{service="bank",route="POST \/transfer",channel="replayed"\} 5/,
    );
  });
});

describe('a policy that changes while requests are served', () => {
  test('is taken over between two of them: none is dropped, each is judged by one of both', async () => {
    const sessions = await Promise.all(Array.from({ length: 8 }, session));
    let isOver = false;
    const codes: unknown[] = [];
    const load = sessions.map(async (opened) => {
      while (!isOver) {
        const reply = await call(opened, { url: '/bill', body: '{"payeeKind":"wire"}' });
        codes.push(codeOf(reply));
      }
    });
    for (let swap = 0; swap < 6; swap += 1) {
      writeFileSync(policyFile, JSON.stringify(policy(swap % 2 === 0 ? 10 : 50_000)));
      assert.deepEqual(await gateway.running.reconfigure(gateway.config), []);
    }
    isOver = true;
    await Promise.all(load);
    assert.ok(codes.length > 0 && codes.every((code) => code === 'ok'), [...new Set(codes)].join());
    const opened = await session();
    assert.deepEqual(await outcomes(opened, [pay(100)]), ['ok']);
    writeFileSync(policyFile, JSON.stringify(policy(10)));
    assert.deepEqual(await gateway.running.reconfigure(gateway.config), []);
    assert.deepEqual(await outcomes(opened, [pay(100)]), ['step-up-required']);
  });

  test('with a fault is refused with its place, and the old one stays', async () => {
    writeFileSync(
      policyFile,
      JSON.stringify({ id: 'bank', rules: [rule('x', 'transfer', 'event.amount > 1', 'deny')] }),
    );
    const issues = await gateway.running.reconfigure(gateway.config);
    assert.match(issues.join('\n'), /decision\.policies\[0\]\.file: rule x, character \d+: no field event\.amount/);
    assert.deepEqual(await outcomes(await session(), [pay(100)]), ['step-up-required']);
  });
});

describe('money', () => {
  const parse = (policies: readonly object[]) =>
    parseConfig(
      {
        organisation: 'demo',
        apps: [{ id: 'app' }],
        services: [{ id: 'bank', upstream: 'core', routes }],
        upstreams: { core: { origin: 'http://127.0.0.1:1', factsKey: 'k'.repeat(32) } },
        decision: { policies, lists: { mules: 'mules.txt' } },
      },
      join(gateway.folder, 'made.yaml'),
    );
  const told = (loaded: ReturnType<typeof parse>): string =>
    loaded.ok ? 'accepted' : loaded.issues.map(({ message, hint }) => `${message}: ${hint}`).join('\n');

  test('a policy that may refuse there was watched in shadow, or somebody answers for it', () => {
    writeFileSync(policyFile, JSON.stringify(policy(10)));
    assert.match(told(parse([{ file: 'policy.json' }])), /may refuse on money routes \(canary-used.*never watched/);
    assert.equal(told(parse([{ file: 'policy.json', mode: 'shadow' }])), 'accepted');
    assert.equal(told(parse([{ file: 'policy.json', approvedBy: 'committee' }])), 'accepted');
    const harmless = { id: 'bank', rules: [rule('wire-only', 'bill-pay', 'attr.payeeKind == "instant"', 'deny')] };
    writeFileSync(policyFile, JSON.stringify(harmless));
    assert.equal(told(parse([{ file: 'policy.json' }])), 'accepted');
  });
});
