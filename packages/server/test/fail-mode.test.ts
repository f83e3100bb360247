/** What a route does when the record cannot be asked (docs/configuration.md, `failMode`). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplyBinding, VerifiedRequest } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { epochMs, seconds } from '@hauberk/primitives';
import { compileRoutes } from '../src/config/compile.ts';
import { newExchangeLog } from '../src/gateway/exchange.ts';
import { authorise, type Protection } from '../src/gateway/protect.ts';
import type { Route } from '../src/gateway/route.ts';
import { parseConfig } from '../src/index.ts';
import type { LoginStore } from '../src/storage/login-store.ts';

const broken = new Error('disk I/O error');
const faults: unknown[] = [];

const logins = { find: () => Promise.reject(broken) } as unknown as LoginStore;

const protection = {
  channel: { crypto: nodeCrypto },
  logins: { crypto: nodeCrypto, logins },
  now: () => epochMs(1000),
  bodyPace: { grace: seconds(1), minBytesPerSecond: 1, deadline: seconds(1) },
  admitDevice: () => true,
  hold: () => Promise.resolve(true),
  onFault: (error: unknown) => faults.push(error),
} as unknown as Protection;

/** What the routes demand is given here. */
const opening = {
  path: '/login',
  class: 'login',
  login: {
    credential: { kind: 'authorization' },
    opens: { credentialPointer: '/token', customerPointer: '/customer', objects: { account: '/accounts/*' } },
    passesStep: 'otp',
  },
};

const routeOf = (members: object): Route => {
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'app' }],
      services: [{ id: 'bank', upstream: 'core', routes: [{ path: '/a/{id}', ...members }, opening] }],
      upstreams: { core: { origin: 'http://a', factsKey: 'f'.repeat(32) } },
    },
    'made.yaml',
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  const [route] = compileRoutes(loaded.config);
  assert.ok(route);
  return route;
};

const request = {
  facts: { organisation: 'demo', app: 'app', service: 'bank', sessionId: 's', deviceId: 'd', tier: 0 },
  target: { method: 'GET', path: '/a/1', query: '?' },
  headers: { authorization: 'Bearer x' },
  body: new Uint8Array(0),
  binding: {} as ReplyBinding,
} as unknown as VerifiedRequest;

const requiresLogin = { kind: 'authorization' };
const objects = [{ kind: 'account', from: { in: 'path', parameter: 'id' } }];

const cases: readonly (readonly [string, object, 'goes on' | 'refuses'])[] = [
  ['a read route is open by default', { requiresLogin }, 'goes on'],
  ['a read route that says closed', { requiresLogin, failMode: 'closed' }, 'refuses'],
  ['a login route', { requiresLogin, class: 'login' }, 'refuses'],
  ['a money route', { requiresLogin, class: 'money' }, 'refuses'],
  ['a binding route', { requiresLogin, class: 'bind' }, 'refuses'],
  ['an open route whose object depends on the login', { requiresLogin, objects, failMode: 'open' }, 'refuses'],
  ['an open route whose step depends on it', { requiresLogin, requiresSteps: ['otp'], failMode: 'open' }, 'refuses'],
];
for (const [name, members, expected] of cases)
  test(`${name} ${expected} when the record fails`, async () => {
    const exchange = {
      id: 'i',
      head: { ...request, trace: { enter: () => undefined } },
      route: routeOf(members),
      incoming: undefined,
      log: newExchangeLog(),
    };
    faults.length = 0;
    const passed = await authorise(protection, exchange as unknown as Parameters<typeof authorise>[1], request);
    assert.equal(passed.ok ? 'goes on' : 'refuses', expected);
    if (passed.ok) assert.equal(passed.value.login, undefined);
    else assert.equal(passed.stop.reason, 'storage.fault');
    assert.deepEqual(faults, [broken]);
  });
