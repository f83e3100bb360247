/** Binding in a whole gateway: what its configuration refuses, and what its endpoint asks of those who call. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { endpoint } from '@hauberk/channel/client';
import { fromUtf8 } from '@hauberk/primitives';
import { pathText } from '../src/config/config-issue.ts';
import { warningsOf } from '../src/config/warnings.ts';
import { issueText, parseConfig } from '../src/index.ts';
import { call, enrol, openSession, type TestSession } from './channel-device.ts';
import { type EchoGateway, startEchoGateway } from './echo-gateway.ts';

const vmns = Array.from({ length: 12 }, (_, index) => `+9190000000${String(index * 7 + 10)}`);
const authorization = 'Bearer upstream';
const credential = { kind: 'authorization' };

const binding = {
  apps: { app: { android: 51, ios: 51 } },
  brand: 'Demo Bank',
  vmns,
  links: [{ id: 'operator' }],
  secret: 's'.repeat(32),
  credential,
  // Replaced by one that answers.
  bank: { url: 'http://127.0.0.1:9', token: 't'.repeat(16), timeoutMs: 10_000 },
  policy: { onStaleList: 'accept' },
};

const login = {
  id: 'login',
  methods: ['POST'],
  path: '/login',
  login: { credential, opens: { credentialPointer: '/from', customerPointer: '/from', lifeSeconds: 600 } },
};

const parsed = (section: object, sections: object = {}) =>
  parseConfig(
    {
      ...sections,
      organisation: 'demo',
      apps: [{ id: 'app' }],
      services: [{ id: 'bank', upstream: 'core', routes: [login] }],
      upstreams: { core: { origin: 'http://127.0.0.1:1', factsKey: 'k'.repeat(32) } },
      binding: { ...binding, ...section },
    },
    'made.yaml',
  );

const camara = { url: 'https://operator.example', clientId: 'bank' };

const pay = {
  id: 'pay',
  methods: ['POST'],
  path: '/pay',
  requiresLogin: credential,
  bound: { amount: '/amountMinor' },
};

const faultsOf = (section: object, sections: object = {}): string => {
  const loaded = parsed(section, sections);
  return loaded.ok ? '' : loaded.issues.map(issueText).join('\n');
};

describe('section binding', () => {
  it('is accepted when it keeps the rules', () => assert.equal(faultsOf({}), ''));

  const bent: readonly (readonly [string, object, RegExp])[] = [
    ['fewer than ten VMNs', { vmns: vmns.slice(0, 9) }, /binding\.vmns: fewer than 10 numbers .*B13/],
    ['consecutive VMNs', { vmns: [...vmns, '+919000000011'] }, /numbers are consecutive/],
    ['a link for a foreign VMN', { links: [{ id: 'a', vmns: ['+919999999999'] }] }, /binding\.links\[0\]\.vmns\[0\]/],
    ['a link twice', { links: [{ id: 'a' }, { id: 'a' }] }, /a is given twice/],
    ['an unknown app', { apps: { other: { android: 1, ios: 1 } } }, /no app is called other .*apps: app/],
    ['a timer above 45 s', { policy: { timerSeconds: 46 } }, /timerSeconds/],
    ['no list and no answer to that', { policy: {} }, /binding\.feeds\.revoked.*onStaleList/],
    ['a brand with signs', { brand: 'Bank!' }, /binding\.brand/],
    ['a bank in the clear', { bank: { ...binding.bank, url: 'http://bank.example' } }, /use https/],
    ['a credential that no route opens', { credential: { kind: 'cookie', name: 'sid' } }, /binding\.credential/],
    [
      'an operator with secret and key',
      { operator: { ...camara, secret: 's', keyFile: 'k.pem' } },
      /binding\.operator/,
    ],
    ['an operator without either', { operator: camara }, /binding\.operator: needs a secret or a key/],
    ['a name of no key', { operator: { ...camara, secret: 's', keyId: 'k' } }, /binding\.operator\.keyId/],
    [
      'a relief of a step that nobody passes',
      { relief: { step: 'otp' } },
      /binding\.relief\.step.*no route passes the step otp/,
    ],
    [
      'an operator in the clear',
      { operator: { url: 'http://op.example', clientId: 'a', secret: 'b' } },
      /binding\.operator\.url.*in the clear/,
    ],
    ['a way that is none', { ways: ['email'] }, /binding\.ways/],
    ['a network that is none', { mobileNetworks: ['10.0.0.0/99'] }, /mobileNetworks\[0\]/],
  ];
  for (const [what, section, words] of bent)
    it(`refuses ${what}, with a hint`, () => assert.match(faultsOf(section), words));

  it('is compared with the links that there are', () => {
    const webhook = (id: string) => ({ id, webhook: { path: `/${id}`, addresses: ['127.0.0.1'] } });
    const sms = { listen: {}, links: [webhook('operator'), webhook('bulk')] };
    assert.equal(faultsOf({}, { sms }), '');
    assert.match(
      faultsOf({ links: [{ id: 'oprator' }] }, { sms }),
      /binding\.links\[0\]\.id: no SMS link is called oprator .*operator, bulk/,
    );
    const warned = (section: object) => {
      const loaded = parsed(section, { sms });
      assert.ok(loaded.ok);
      return warningsOf(loaded.config).map(({ path, message }) => `${pathText(path)} ${message}`);
    };
    assert.match(warned({}).join(), /^sms\.links\[1\]\.id binding does not believe the link bulk[^,]*$/);
    const links = [
      { id: 'operator', vmns: vmns.slice(0, 11) },
      { id: 'bulk', vmns: vmns.slice(0, 2) },
    ];
    assert.match(warned({ links }).join(), /^binding\.vmns\[11\] no link may deliver for \+91900000000?\d+/);
    assert.deepEqual(warned({ links: [{ id: 'operator' }, { id: 'bulk' }] }), []);
  });
});

describe('routes for bound devices', () => {
  const faults = (route: object, sections: object = { binding }): string => {
    const loaded = parseConfig(
      {
        organisation: 'demo',
        apps: [{ id: 'app' }],
        services: [{ id: 'bank', upstream: 'core', routes: [login, { path: '/pay', methods: ['POST'], ...route }] }],
        upstreams: { core: { origin: 'http://127.0.0.1:1', factsKey: 'k'.repeat(32) } },
        ...sections,
      },
      'made.yaml',
    );
    return loaded.ok ? '' : loaded.issues.map(issueText).join('\n');
  };
  const bound = { bound: { amount: '/amountMinor' }, requiresLogin: credential };

  it('are accepted in a login, where something binds', () => assert.equal(faults(bound), ''));
  it('are refused without a login, without a binding, on streams, unprotected', () => {
    assert.match(faults({ bound: {} }), /bound: needs requiresLogin/);
    assert.match(faults(bound, {}), /bound: nothing binds here/);
    assert.match(faults({ ...bound, stream: true, mode: 'sealed' }), /bound: cannot be kept on a stream/);
    assert.match(faults({ bound: {}, protection: 'none' }), /bound: cannot be kept with protection: none/);
    assert.match(faults({ ...bound, bound: { amount: 'amount' } }), /bound\.amount/);
  });
});

describe('the endpoint of binding', () => {
  let gateway: EchoGateway;
  let session: TestSession;
  let isBankUp = true;
  const bank = createServer((incoming, response) => {
    const isOurs = incoming.headers.authorization === `Bearer ${binding.bank.token}` && incoming.url === '/number';
    response.statusCode = isBankUp && isOurs ? 200 : 503;
    incoming.resume().on('end', () => response.end('{"number":"+919811111111"}'));
  });
  before(async () => {
    await once(bank.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(bank.address() as AddressInfo).port}`;
    await startGateway({ ...binding, bank: { ...binding.bank, url } });
  });
  const startGateway = async (section: object): Promise<void> => {
    gateway = await startEchoGateway({ routes: [login, pay] }, () => ({ binding: section }));
    const { url } = gateway.running;
    session = await openSession(url, gateway.running.trust(), await enrol(url, gateway.running.trust()));
  };
  after(async () => {
    await gateway.close();
    bank.closeAllConnections();
    bank.close();
  });

  const bind = async (members: object, headers: Record<string, string> = { authorization }) => {
    const reply = await call(session, {
      url: endpoint.bind,
      mode: 'sealed',
      headers,
      body: JSON.stringify(members),
    });
    return { ...reply, told: JSON.parse(fromUtf8(reply.body) ?? '{}') as Record<string, unknown> };
  };
  const start = {
    do: 'start',
    number: '+919811111111',
    fingerprint: 'print',
    replaces: false,
    app: 51,
    system: { family: 'android', version: 16, patchLevel: 202_609 },
    evidence: { sim: 'present', airplane: 'off', path: 'cellular', cellularWorks: true, slot: 0 },
  };

  it('asks for a login', async () => {
    const { status, bound } = await bind(start, {});
    assert.deepEqual({ status, bound }, { status: 401, bound: true });
  });

  it('gives no token to a key of software, whatever its client says', async () => {
    assert.equal((await call(session, { url: '/login', body: '{}' })).status, 200);
    const { status, told } = await bind(start);
    assert.equal(status, 200);
    assert.deepEqual([told['state'], told['code']], ['declined', 'binding.not-attested']);
  });

  it('decides nothing while the bank does not answer', async () => {
    isBankUp = false;
    const { status, told } = await bind(start);
    isBankUp = true;
    assert.equal(status, 502);
    assert.equal(told['state'], undefined);
  });

  it('takes no call that is not exactly one of its own', async () => {
    for (const members of [{}, { do: 'start' }, { ...start, more: 1 }, { do: 'confirm', attempt: 'short' }, []])
      assert.equal((await bind(members)).status, 400, JSON.stringify(members));
  });

  it('spares a key of software no step, and shows it no passkey', async () => {
    const relief = await bind({ do: 'log-in', sim: 'present', subscriptions: ['a'] });
    assert.deepEqual([relief.told['state'], relief.told['code']], ['step-up', 'binding.not-attested']);
    const { told } = await bind({ do: 'passkey-challenge' });
    assert.deepEqual([told['state'], told['code']], ['declined', 'binding.wrong-state']);
  });

  it('takes what a user has to confirm only confirmed', async () => {
    const approve = { do: 'approve', words: 'ABCD-2345' };
    const reply = await call(session, {
      url: endpoint.bindApprove,
      mode: 'sealed',
      headers: { authorization },
      body: JSON.stringify(approve),
    });
    assert.deepEqual([reply.status, reply.bound], [403, true]);
    assert.equal((JSON.parse(fromUtf8(reply.body) ?? '{}') as Record<string, unknown>)['code'], 'step-up-required');
    // Beside the path that asks for it, the call is none.
    assert.equal((await bind(approve)).status, 400);
  });

  it('lets no device that is not bound through a route for bound ones', async () => {
    const reply = await call(session, { url: '/pay', headers: { authorization }, body: '{"amountMinor":1}' });
    assert.equal(reply.status, 403);
  });

  it('knows no attempt that it did not open', async () => {
    const { told } = await bind({ do: 'status', attempt: 'A'.repeat(22) });
    assert.equal(told['code'], 'binding.unknown');
  });

  it('takes no call outside the seal', async () => {
    const reply = await call(session, {
      url: endpoint.bind,
      mode: 'signed',
      headers: { authorization },
      body: JSON.stringify(start),
    });
    assert.notEqual(reply.status, 200);
  });

  it('an SMS that carries no token of anybody counts for nothing', async () => {
    const message = { link: 'operator', messageId: '1', from: '+919811111111', to: vmns[0] ?? '', text: 'hello' };
    const answer = await gateway.running.bindings?.inboundSms(message);
    assert.deepEqual(answer, { outcome: 'ignored', code: 'binding.token-shape' });
  });
});
