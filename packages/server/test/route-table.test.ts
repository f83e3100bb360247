import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern, matchPattern } from '@hauberk/channel';
import fc from 'fast-check';
import { createRouteTable, findRoute, serviceOf } from '../src/gateway/route-table.ts';
import { routeOf } from './plain-gateway.ts';

const table = createRouteTable([
  {
    id: 'api',
    hosts: ['api.bank.example'],
    routes: [
      routeOf({ id: 'list', methods: ['GET'], pattern: '/api/accounts' }),
      routeOf({ id: 'one', methods: ['GET'], pattern: '/api/accounts/{accountId}' }),
      routeOf({ id: 'pay', methods: ['POST'], pattern: '/api/accounts/{accountId}' }),
      routeOf({ id: 'tenant', methods: [], pattern: '/{tenant}/status' }),
      routeOf({ id: 'rest', methods: ['GET'], pattern: '/api/{rest*}' }),
    ],
  },
  { id: 'files', hosts: ['files.bank.example'], routes: [routeOf({ id: 'file', methods: [], pattern: '/{rest*}' })] },
]);

const find = (headers: Record<string, string>, method: string, path: string) => {
  const found = findRoute(table, headers, method, path);
  return found.ok ? found.value.route.id : found.code;
};
const api = { 'hauberk-service': 'api' };

const cases: readonly (readonly [headers: Record<string, string>, method: string, path: string, expected: string])[] = [
  [api, 'GET', '/api/accounts', 'list'],
  [api, 'GET', '/api/accounts/7', 'one'],
  [api, 'POST', '/api/accounts/7', 'pay'],
  [api, 'DELETE', '/api/accounts/7', 'route.method'],
  [api, 'GET', '/api/accounts/7/x', 'rest'],
  [api, 'GET', '/api/status', 'tenant'],
  [api, 'GET', '/acme/status', 'tenant'],
  [api, 'GET', '/acme/other', 'route.none'],
  [{ 'hauberk-service': 'files' }, 'GET', '/api/accounts', 'file'],
  [{ 'hauberk-service': 'nobody' }, 'GET', '/api/accounts', 'route.service'],
  [{ host: 'API.bank.example:8443' }, 'GET', '/api/accounts', 'list'],
  [{ host: 'files.bank.example' }, 'GET', '/api/accounts', 'file'],
  [{ host: 'elsewhere.example' }, 'GET', '/api/accounts', 'route.service'],
];
for (const [headers, method, path, expected] of cases) {
  test(`route: ${JSON.stringify(headers)} ${method} ${path} is ${expected}`, () =>
    assert.equal(find(headers, method, path), expected));
}

test('route: parameters come percent-encoded', () => {
  const found = findRoute(table, api, 'GET', '/api/accounts/a%20b');
  assert.deepEqual(found.ok && found.value.parameters, { accountId: 'a%20b' });
});

test('route: a sole service needs neither name nor host; a wrong name still finds nothing', () => {
  const sole = createRouteTable([{ id: 'api', hosts: [], routes: [] }]);
  assert.equal(serviceOf(sole, {}), 'api');
  assert.equal(serviceOf(sole, { 'hauberk-service': 'other' }), undefined);
});

test('route: the index answers what a scan in declared order answers', () => {
  const segment = fc.constantFrom('a', 'b', '{x}', '{y}');
  const pattern = fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([parts, rest]) => `/${parts.join('/')}${rest ? '/{rest*}' : ''}`);
  const path = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), path, (patterns, asked) => {
      const routes = patterns.map((text, index) => routeOf({ id: `r${index}`, methods: [], pattern: text }));
      const found = findRoute(createRouteTable([{ id: 'api', hosts: [], routes }]), {}, 'GET', asked);
      const expected = patterns.findIndex((text) => {
        const compiled = compilePattern(text);
        return compiled !== undefined && matchPattern(compiled, asked) !== undefined;
      });
      assert.equal(found.ok ? found.value.route.id : found.code, expected < 0 ? 'route.none' : `r${expected}`);
    }),
    { numRuns: 1000 },
  );
});
