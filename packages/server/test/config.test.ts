/** The configuration: what is accepted, what is refused and where, environment, secrets, reload. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { compileRoutes, pointerTokens, routeIdOf } from '../src/config/compile.ts';
import type { Config } from '../src/config/config.ts';
import { issueText, pathText } from '../src/config/config-issue.ts';
import { nearestName } from '../src/config/hints.ts';
import { configJsonSchemaText } from '../src/config/json-schema.ts';
import { type LoadedConfig, loadConfig, parseConfig } from '../src/config/load.ts';
import { judgeReload } from '../src/config/reload.ts';
import { redact } from '../src/config/secrets.ts';
import { warningsOf } from '../src/config/warnings.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const factsKey = 'f'.repeat(32);
let files = 0;

/** Writes a file and loads it. */
const load = (content: unknown, environment: Record<string, string> = {}): LoadedConfig => {
  files += 1;
  const file = join(folder, `${files}.yaml`);
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  return loadConfig(file, environment);
};

type Tree = { [name: string]: unknown };

const route = (members: Tree = {}): Tree => ({ path: '/api/accounts', methods: ['GET'], ...members });

/** A route that logs in, and the step behind it. */
const opening: Tree = {
  path: '/api/login',
  class: 'login',
  login: {
    credential: { kind: 'authorization' },
    opens: { credentialPointer: '/token', customerPointer: '/customer', objects: { account: '/accounts/*' } },
    passesStep: 'otp',
  },
};

const minimal = (routes: readonly Tree[] = [route()], members: Tree = {}): Tree => ({
  organisation: 'demo',
  apps: [{ id: 'bank-h5' }],
  services: [{ id: 'bank', upstream: 'core', routes }],
  upstreams: { core: { origin: 'http://127.0.0.1:9000', factsKey } },
  ...members,
});

const accepted = (loaded: LoadedConfig): Config => {
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.issues.map(issueText).join('\n'));
  return loaded.config;
};

const refusals = (loaded: LoadedConfig): readonly { path: string; message: string; hint: string; line?: number }[] => {
  assert.ok(!loaded.ok, 'the configuration was accepted');
  return loaded.issues.map((issue) => ({ ...issue, path: pathText(issue.path) }));
};

describe('defaults', () => {
  test('a route protects unless it says otherwise', () => {
    const [first] = accepted(load(minimal())).services[0]?.routes ?? [];
    assert.equal(first?.protection, 'required');
    assert.equal(first?.mode, 'signed');
    assert.equal(first?.outcome, 'allow');
  });

  test('requests older than 120 s are refused, and more than 600 s cannot be configured', () => {
    assert.equal(accepted(load(minimal())).sessions.maxAgeSeconds, 120);
    const [issue] = refusals(load(minimal([route()], { sessions: { maxAgeSeconds: 601 } })));
    assert.equal(issue?.path, 'sessions.maxAgeSeconds');
  });

  test('the state folder is relative to the file', () => {
    assert.equal(accepted(load(minimal([route()], { state: './kept' }))).state, join(folder, 'kept'));
  });
});

describe('refusals tell file, line, path and hint', () => {
  const text = stringify(minimal()).replace('path: /api/accounts', 'path: /api/accounts\n        protecton: none');

  test('a misspelt member is refused with the nearest name', () => {
    const [issue] = refusals(load(text));
    assert.equal(issue?.path, 'services[0].routes[0].protecton');
    assert.equal(issue?.line, text.split('\n').findIndex((line) => line.includes('protecton')) + 1);
    assert.equal(issue?.hint, 'did you mean protection?');
  });

  test('every mistake is told at once', () => {
    const paths = refusals(load(minimal([route({ deadlineMs: 0 })], { workers: -1, nodes: 1 }))).map(
      ({ path }) => path,
    );
    assert.deepEqual([...paths].sort(), ['nodes', 'services[0].routes[0].deadlineMs', 'workers']);
  });

  test('a missing member is told as missing', () => {
    const { organisation: _left, ...rest } = minimal();
    const [issue] = refusals(load(rest));
    assert.deepEqual([issue?.path, issue?.message], ['organisation', 'is missing']);
  });

  for (const [name, content] of [
    ['an empty file', ''],
    ['a list', '- a\n- b\n'],
    ['broken YAML', 'organisation: [demo\n'],
    ['a duplicate member', 'organisation: demo\norganisation: other\n'],
    ['a scalar', '42'],
  ] as const)
    test(`${name} is refused`, () => assert.ok(refusals(load(content)).length > 0));

  test('a file that is not there is refused', () => {
    const [issue] = refusals(loadConfig(join(folder, 'absent.yaml')));
    assert.match(issue?.message ?? '', /ENOENT/);
  });

  test('any YAML ends in a configuration or in placed refusals, never in an exception', () => {
    const members = fc.constantFrom(
      'organisation',
      'apps',
      'services',
      'upstreams',
      'limits',
      'listen',
      'sessions',
      'x',
    );
    fc.assert(
      fc.property(fc.dictionary(members, fc.jsonValue()), (tree) => {
        const loaded = load(tree);
        assert.ok(loaded.ok || loaded.issues.every(({ hint, message }) => hint !== '' && message !== ''));
      }),
      { numRuns: 150 },
    );
  });
});

describe('combinations that would promise more than they keep are refused', () => {
  const login = { kind: 'authorization' };
  const decoy = { body: '{}' };
  const cases: readonly (readonly [string, Tree, string])[] = [
    ['a trap on a money route without a decoy', { class: 'money', outcome: 'trap' }, 'outcome'],
    ['a trap without a decoy', { outcome: 'trap' }, 'outcome'],
    ['step-up without verification', { protection: 'none', stepUp: true }, 'stepUp'],
    ['a tier without verification', { protection: 'observe', minTier: 1 }, 'minTier'],
    ['a login without verification', { protection: 'none', requiresLogin: login }, 'requiresLogin'],
    ['idempotency without verification', { protection: 'none', idempotency: { demand: 'required' } }, 'idempotency'],
    ['a challenge without verification', { protection: 'observe', outcome: 'challenge' }, 'outcome'],
    ['a step without a login', { requiresSteps: ['otp'] }, 'requiresSteps'],
    ['an object without a login', { objects: [{ kind: 'account', from: { in: 'query', parameter: 'a' } }] }, 'objects'],
    ['a money route that fails open', { class: 'money', failMode: 'open' }, 'failMode'],
    ['a binding route that fails open', { class: 'bind', failMode: 'open' }, 'failMode'],
    ['idempotency on a stream', { stream: true, idempotency: { demand: 'optional' } }, 'idempotency'],
    ['step-up on a stream', { stream: true, stepUp: true }, 'stepUp'],
    ['a tier that does not exist', { minTier: 7 }, 'minTier'],
    ['a path of the gateway itself', { path: '/.well-known/hauberk/hello' }, 'path'],
    ['a malformed pattern', { path: 'accounts' }, 'path'],
    ['a rest parameter in the middle', { path: '/a/{rest*}/b' }, 'path'],
    ['an age above that of the sessions', { maxAgeSeconds: 300 }, 'maxAgeSeconds'],
    ['a covered hop-by-hop header', { coveredHeaders: ['connection'] }, 'coveredHeaders[0]'],
    ['a covered header of the gateway', { coveredHeaders: ['hauberk-ticket'] }, 'coveredHeaders[0]'],
    [
      'a path parameter that the path does not have',
      { requiresLogin: login, objects: [{ kind: 'account', from: { in: 'path', parameter: 'id' } }] },
      'objects[0].from.parameter',
    ],
  ];
  for (const [name, members, path] of cases)
    test(name, () => {
      const paths = refusals(load(minimal([route(members), opening]))).map((issue) => issue.path);
      assert.deepEqual(paths, [`services[0].routes[0].${path}`]);
    });

  const demanding = (members: Tree): Tree => route({ requiresLogin: login, ...members });
  const inQuery = { in: 'query', parameter: 'a' };
  const granting = {
    path: '/api/cards',
    requiresLogin: login,
    login: { credential: login, grants: { card: '/cards/*/id' } },
  };
  const together: readonly (readonly [string, readonly Tree[], readonly string[]])[] = [
    ['what another route gives', [demanding({ requiresSteps: ['otp'] }), opening], []],
    ['what a later reply grants', [demanding({ objects: [{ kind: 'card', from: inQuery }] }), granting, opening], []],
    ['a login that nobody opens', [demanding({})], ['routes[0].requiresLogin']],
    [
      'a login that is opened by another credential',
      [route({ requiresLogin: { kind: 'cookie', name: 'sid' } }), opening],
      ['routes[0].requiresLogin'],
    ],
    [
      'a rule that shows another credential than its route',
      [demanding({ login: { credential: { kind: 'cookie', name: 'sid' }, endsLogin: true } }), opening],
      ['routes[0].login.credential'],
    ],
    [
      'an object that nobody grants',
      [demanding({ objects: [{ kind: 'card', from: inQuery }] }), opening],
      ['routes[0].objects[0].kind'],
    ],
    [
      'a step that nobody passes',
      [demanding({ requiresSteps: ['otp', 'face'] }), opening],
      ['routes[0].requiresSteps[1]'],
    ],
    [
      'a limit by name where nobody is named',
      [route({ login: { credential: login, endsLogin: true, failures: { name: { requests: 3 } } } })],
      ['routes[0].login.failures.name'],
    ],
    ['an open money route', [route({ class: 'money', protection: 'none' })], ['routes[0].protection']],
    ['a money route that refuses everybody', [route({ class: 'money', protection: 'none', outcome: 'deny' })], []],
  ];
  for (const [name, routes, expected] of together)
    test(`routes together: ${name}`, () => {
      const loaded = load(minimal(routes));
      const issues = loaded.ok ? [] : loaded.issues;
      assert.deepEqual(
        issues.map(({ path }) => pathText(path)),
        expected.map((path) => `services[0].${path}`),
      );
      assert.ok(issues.every(({ hint }) => hint !== ''));
    });

  test('what is seldom meant is told and not refused', () => {
    const watched = route({ class: 'money', protection: 'observe' });
    const config = accepted(load(minimal([watched, route({ path: '/b', stepUp: true }), route({ path: '/c' })])));
    assert.deepEqual(
      warningsOf(config).map(({ path }) => pathText(path)),
      ['services[0].routes[0].protection', 'services[0].routes[1].stepUp'],
    );
  });

  test('a trap on a money route with a decoy is accepted', () => {
    accepted(load(minimal([route({ class: 'money', outcome: 'trap', decoy })])));
  });

  test('a route that an earlier one hides is refused', () => {
    const [issue] = refusals(load(minimal([route({ methods: [] }), route()])));
    assert.equal(issue?.path, 'services[0].routes[1].path');
  });

  test('two routes of one id are refused', () => {
    const [issue] = refusals(load(minimal([route({ id: 'a' }), route({ id: 'a', path: '/b' })])));
    assert.equal(issue?.path, 'services[0].routes[1].id');
  });

  const trees: readonly (readonly [string, Tree, string])[] = [
    [
      'an upstream that does not exist',
      { upstreams: { other: { origin: 'http://a', factsKey } } },
      'services[0].upstream',
    ],
    ['tokens in the clear on a network', { admin: { host: '0.0.0.0' } }, 'admin.host'],
    ['the one token of earlier versions', { admin: { token: 'x'.repeat(16) } }, 'admin.token'],
    ['a built-in role by another meaning', { admin: { roles: { viewer: ['*:*'] } } }, 'admin.roles.viewer'],
    ['a right that does not exist', { admin: { roles: { desk: ['devices:delete'] } } }, 'admin.roles.desk[0]'],
    ['a proxy that is no address', { listen: { trustedProxies: ['10.0.0.0/33'] } }, 'listen.trustedProxies[0]'],
    ['an origin with a path', { upstreams: { core: { origin: 'http://a/b', factsKey } } }, 'upstreams.core.origin'],
    [
      'a short facts key',
      { upstreams: { core: { origin: 'http://a', factsKey: 'short' } } },
      'upstreams.core.factsKey',
    ],
    ['two apps of one id', { apps: [{ id: 'a' }, { id: 'a' }] }, 'apps[1].id'],
  ];
  for (const [name, members, path] of trees)
    test(`${name} is refused`, () =>
      assert.deepEqual(
        refusals(load(minimal([route()], members))).map((issue) => issue.path),
        [path],
      ));

  test('several services need host names of their own', () => {
    const service = (id: string, hosts: string[]): Tree => ({ id, hosts, upstream: 'core', routes: [route()] });
    const services = [service('a', ['x.example']), service('b', []), service('c', ['X.example'])];
    const paths = refusals(load(minimal([], { services }))).map(({ path }) => path);
    assert.deepEqual([...paths].sort(), ['services[1].hosts', 'services[2].hosts[0]']);
  });
});

describe('environment', () => {
  test('HAUBERK__a__b overrides a.b, list entries by index', () => {
    const config = accepted(
      load(minimal(), { HAUBERK__listen__port: '0', HAUBERK__services__0__routes__0__mode: 'sealed', OTHER: 'x' }),
    );
    assert.equal(config.listen.port, 0);
    assert.equal(config.services[0]?.routes[0]?.mode, 'sealed');
  });

  test('a secret that looks like a number stays text', () => {
    const secret = '1'.repeat(40);
    const config = accepted(load(minimal(), { HAUBERK__upstreams__core__factsKey: secret }));
    assert.equal(config.upstreams['core']?.factsKey, secret);
  });

  for (const variable of ['HAUBERK__services__7__upstream', 'HAUBERK__', 'HAUBERK____proto____x', 'HAUBERK__node__x'])
    test(`${variable} leads nowhere and is refused`, () => {
      const issues = refusals(load(minimal([route()], { node: 3 }), { [variable]: '1' }));
      assert.ok(issues.length > 0);
      assert.equal(({} as Tree)['x'], undefined);
    });
});

describe('secrets', () => {
  const withFile = (file: string): Tree => ({
    upstreams: { core: { origin: 'http://127.0.0.1:9000', factsKey_FILE: file } },
  });

  test('a secret is read from its file, relative to the configuration, without the last newline', () => {
    writeFileSync(join(folder, 'facts.txt'), `${factsKey}\n`);
    assert.equal(accepted(load(minimal([route()], withFile('facts.txt')))).upstreams['core']?.factsKey, factsKey);
  });

  test('a secret file by environment', () => {
    writeFileSync(join(folder, 'facts.txt'), factsKey);
    const environment = { HAUBERK__upstreams__core__factsKey_FILE: join(folder, 'facts.txt') };
    const core = { upstreams: { core: { origin: 'http://127.0.0.1:9000' } } };
    assert.equal(accepted(load(minimal([route()], core), environment)).upstreams['core']?.factsKey, factsKey);
  });

  test('the one token of earlier versions is refused by name, wherever it comes from', () => {
    writeFileSync(join(folder, 'token.txt'), 'a-token-of-some-length');
    for (const environment of [
      { HAUBERK__admin__token: 'a-token-of-some-length' },
      { HAUBERK__admin__token_FILE: join(folder, 'token.txt') },
    ]) {
      const [issue] = refusals(load(minimal(), environment));
      assert.match(issue?.message ?? '', /config\.admin-token-gone/);
      assert.match(issue?.hint ?? '', /hauberk token create/);
    }
  });

  test('a secret file that is not there is refused with its path', () => {
    const [issue] = refusals(load(minimal([route()], withFile('absent.txt'))));
    assert.equal(issue?.path, 'upstreams.core.factsKey_FILE');
    assert.match(issue?.message ?? '', /ENOENT/);
  });

  test('a secret given twice is refused', () => {
    const both = { upstreams: { core: { origin: 'http://a', factsKey, factsKey_FILE: 'facts.txt' } } };
    assert.match(refusals(load(minimal([route()], both)))[0]?.message ?? '', /twice/);
  });

  test('printing shows no secret', () => {
    const shown = JSON.stringify(redact(accepted(load(minimal([route()])))));
    assert.ok(!shown.includes(factsKey));
    assert.ok(shown.includes('[redacted]'));
  });
});

describe('reload', () => {
  const before = accepted(load(minimal()));

  for (const [name, members] of [
    ['routes', { services: [{ id: 'bank', upstream: 'core', routes: [route(), route({ path: '/new' })] }] }],
    ['caps', { limits: { bodyCapBytes: 5 } }],
    [
      'cross-origin rules',
      { services: [{ id: 'bank', upstream: 'core', routes: [route()], cors: { origins: ['https://a.example'] } }] },
    ],
  ] as const)
    test(`${name} may change while the gateway runs`, () => {
      const next = accepted(load(minimal([route()], { state: before.state, ...members })));
      assert.deepEqual(judgeReload(before, next), []);
    });

  for (const [name, members, path] of [
    ['the port', { listen: { port: 1 } }, 'listen'],
    ['an upstream', { upstreams: { core: { origin: 'http://b', factsKey } } }, 'upstreams'],
    ['table sizes', { limits: { rateCells: 2048 } }, 'limits.rateCells'],
    ['the tiers', { sessions: { devices: 99 } }, 'sessions'],
    ['the services', { services: [{ id: 'other', upstream: 'core', routes: [route()] }] }, 'services[0]'],
  ] as const)
    test(`${name} may not`, () => {
      const next = accepted(load(minimal([route()], { state: before.state, ...members })));
      assert.deepEqual(
        judgeReload(before, next).map((issue) => pathText(issue.path)),
        [path],
      );
    });
});

describe('compiled routes', () => {
  test('a route without an id is named by methods and path', () => {
    const [first] = accepted(load(minimal())).services[0]?.routes ?? [];
    assert.equal(first === undefined ? '' : routeIdOf(first), 'GET /api/accounts');
  });

  test('caps and ages fall back to the whole configuration', () => {
    const config = accepted(load(minimal([route({ bodyCapBytes: 7 }), route({ path: '/b' })])));
    const [own, fallen] = compileRoutes(config);
    assert.deepEqual([own?.bodyCapBytes, fallen?.bodyCapBytes], [7, config.limits.bodyCapBytes]);
    assert.equal(fallen?.maxAgeSeconds, 120);
  });

  test('login rules keep their pointers as tokens', () => {
    const opens = {
      credentialPointer: '/token',
      customerPointer: '/customer/id',
      objects: { account: '/accounts/*/id' },
    };
    const rule = { credential: { kind: 'authorization' }, opens };
    const [compiled] = compileRoutes(accepted(load(minimal([route({ class: 'login', login: rule })]))));
    assert.deepEqual(compiled?.login?.opens?.objects, { account: ['accounts', '*', 'id'] });
    assert.deepEqual(compiled?.login?.opens?.customerPointer, ['customer', 'id']);
  });

  test('pointers are unescaped in the order of RFC 6901', () => {
    assert.deepEqual(pointerTokens('/a~1b/~01/'), ['a/b', '~1', '']);
  });
});

describe('published schema', () => {
  test('docs/hauberk.schema.json is the schema of this program', () => {
    const file = fileURLToPath(new URL('../../../docs/hauberk.schema.json', import.meta.url));
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), JSON.parse(configJsonSchemaText()));
  });

  test('docs/configuration.md names every member', () => {
    const file = fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url));
    const page = readFileSync(file, 'utf8');
    const names = new Set<string>();
    const walk = (value: unknown): void => {
      if (Array.isArray(value)) for (const entry of value) walk(entry);
      if (typeof value !== 'object' || value === null) return;
      const { properties } = value as { properties?: object };
      for (const name of Object.keys(properties ?? {})) names.add(name);
      for (const member of Object.values(value)) walk(member);
    };
    walk(JSON.parse(configJsonSchemaText()));
    assert.ok(names.size > 60);
    assert.deepEqual(
      [...names].filter((name) => !page.includes(`\`${name}\``)),
      [],
    );
  });

  test('the example of the page is accepted', () => {
    const file = fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url));
    const example = /```yaml\n([\s\S]*?)```/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    accepted(load(example));
  });
});

describe('hints', () => {
  test('a name is suggested only when it is near', () => {
    assert.equal(nearestName('protectoin', ['protection', 'path']), 'protection');
    assert.equal(nearestName('zzzzzz', ['protection', 'path']), undefined);
  });
});

test('a configuration made by a program is judged by the same rules', () => {
  assert.ok(parseConfig(minimal(), join(folder, 'made')).ok);
  assert.ok(!parseConfig(minimal([route({ outcome: 'trap' })]), join(folder, 'made')).ok);
  assert.ok(!parseConfig(7, join(folder, 'made')).ok);
});
