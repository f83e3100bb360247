/** Object grants: what the gateway judged must be what any upstream reads. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compilePattern, targetOf } from '@hauberk/channel';
import { epochMs, utf8 } from '@hauberk/primitives';
import { checkObjects, readBodyOnce } from '../src/gateway/grants.ts';
import { credentialOf } from '../src/gateway/logins.ts';
import type { ObjectRule, Route } from '../src/gateway/route.ts';

const pattern = compilePattern('/api/transfers');
assert.ok(pattern !== undefined);
const routeWith = (rule: ObjectRule['from']): Route =>
  ({ pattern, objects: [{ kind: 'account', from: rule }] }) as unknown as Route;
const login = {
  id: 'login',
  device: 'device',
  customer: 'ann',
  grants: new Set(['account:ann-1', 'account:ann-2']),
  createdAtMs: epochMs(0),
  expiresAtMs: epochMs(1),
};
const json = { 'content-type': 'application/json' };
const inBody = routeWith({ in: 'body', pointer: ['fromAccountId'] });
const inQuery = routeWith({ in: 'query', parameter: 'accountId' });

const judgeBody = (body: string, headers: Readonly<Record<string, string>> = json): string => {
  const request = { target: targetOf('POST', '/api/transfers'), headers };
  const judged = checkObjects(inBody, request, readBodyOnce(utf8(body)), login);
  return judged.ok ? 'granted' : judged.code;
};

const judgeQuery = (query: string): string => {
  const request = { target: targetOf('GET', `/api/transfers${query}`), headers: {} };
  const judged = checkObjects(inQuery, request, readBodyOnce(utf8('')), login);
  return judged.ok ? 'granted' : judged.code;
};

describe('objects in the body', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['the own account', '{"fromAccountId":"ann-1"}', 'granted'],
    ["another's", '{"fromAccountId":"bob-1"}', 'grant.object-foreign'],
    ['none', '{"amount":1}', 'grant.object-missing'],
    ['a doubled member', '{"fromAccountId":"ann-1","fromAccountId":"bob-1"}', 'body.not-json'],
    ['a member that differs in case', '{"fromAccountId":"ann-1","FromAccountId":"bob-1"}', 'grant.object-foreign'],
    ['a member with a blank', '{"fromAccountId":"ann-1","fromAccountId ":"bob-1"}', 'grant.object-foreign'],
    ['an array form of the member', '{"fromAccountId":"ann-1","fromAccountId[]":"bob-1"}', 'grant.object-foreign'],
    ['an array of ids', '{"fromAccountId":["ann-1","bob-1"]}', 'grant.object-foreign'],
    ['null', '{"fromAccountId":null}', 'grant.object-foreign'],
    ['no JSON', 'fromAccountId=ann-1', 'body.not-json'],
  ];
  for (const [name, body, expected] of cases)
    test(`${name}: ${expected}`, () => assert.equal(judgeBody(body), expected));

  const own = '{"fromAccountId":"ann-1"}';
  const types: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['UTF-8 said outright', { 'content-type': 'application/json; charset=UTF-8' }, 'granted'],
    ['a JSON kind of its own', { 'content-type': 'application/vnd.bank+json' }, 'granted'],
    ['another charset', { 'content-type': 'application/json; charset=utf-7' }, 'body.not-json'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'body.not-json'],
    ['no type', {}, 'body.not-json'],
    ['a coding', { ...json, 'content-encoding': 'br' }, 'body.not-json'],
  ];
  for (const [name, headers, expected] of types)
    test(`${name}: ${expected}`, () => assert.equal(judgeBody(own, headers), expected));
});

describe('objects in the query', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['?accountId=ann-1', 'granted'],
    ['?accountId=ann-1&accountId=ann-2', 'granted'],
    ['?accountId=ann-1&accountId=bob-1', 'grant.object-foreign'],
    ['?accountId=ann-1&accountId[]=bob-1', 'grant.object-foreign'],
    ['?accountId=ann-1&AccountId=bob-1', 'grant.object-foreign'],
    ['?accountId=ann-1&+accountId=bob-1', 'grant.object-foreign'],
    ['?accountId=ann-1&accountId%00=bob-1', 'grant.object-foreign'],
    ['?x=1;accountId=bob-1&accountId=ann-1', 'grant.object-foreign'],
    ['?', 'grant.object-missing'],
  ];
  for (const [query, expected] of cases) test(`${query}: ${expected}`, () => assert.equal(judgeQuery(query), expected));
});

describe('credentials in cookies', () => {
  const source = { kind: 'cookie', name: 'sid' } as const;
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['sid=own', 'own'],
    ['a=1; sid=own; b=2', 'own'],
    ['sid=own; sid=other', undefined],
    ['sid=own; SID=other', undefined],
    ['SID=other', undefined],
    ['a=1', undefined],
  ];
  for (const [cookie, expected] of cases)
    test(`${cookie}: ${expected}`, () => assert.equal(credentialOf(source, { cookie }), expected));
});
