/** The aspect itself, on functions of this process: when callers are looked at, whose chains are, what is held, and that nothing of ours reaches the app. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sensitiveApiOf, sensitiveApis } from '@hauberk/privacy';
import fc from 'fast-check';
import { Attribution, ownerOfPackage, packageAt } from '../src/privacy/attribution.ts';
import { type AspectOptions, PrivacyAspect } from '../src/privacy/core.ts';
import { mySurfaces, wxSurfaces } from '../src/privacy/mini.ts';
import { nativeSurfaces } from '../src/privacy/react-native.ts';
import { isKilled, readStops } from '../src/privacy/stop-rules.ts';
import type { Surface } from '../src/privacy/surface.ts';
import { webSurfaces } from '../src/privacy/web.ts';
import { localDirectives } from './local-directives.ts';
import type { ToldReport } from './privacy-proof.ts';

/** The engine's settings for stacks, which any script may change. */
const settings = Error as unknown as { prepareStackTrace?: unknown; stackTraceLimit: number };

const surface = (path: string, more: Partial<Surface> = {}): Surface => ({
  platform: 'web',
  kind: 'method',
  path,
  api: `web:${path}`,
  answers: 'sync',
  empty: 'text',
  denial: 'SecurityError',
  isExit: false,
  ...more,
});

/** An aspect over an object with one function. */
const open = (options: AspectOptions = {}, surfaces: readonly Surface[] = [surface('read')]) => {
  let nowMs = 1000;
  const reports: ToldReport[] = [];
  const directives = localDirectives();
  const root = { read: (...input: readonly unknown[]) => `read ${input.length}` };
  const platform = { surfaces, address: () => 'https://bank.example/', monotonic: () => nowMs, wall: () => nowMs };
  const report = (kind: string, body: Readonly<Record<string, unknown>>): void => void reports.push({ kind, body });
  const aspect = new PrivacyAspect(platform, { report, directives, ...options });
  aspect.addRealm(root, 'page');
  const rows = () => {
    aspect.flush();
    return reports.flatMap(
      ({ body }) =>
        (body['accesses'] ?? []) as readonly {
          chain: string;
          count: number;
          scene: string;
          owner: string;
          isForeground: boolean;
        }[],
    );
  };
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { aspect, root, directives, reports, rows, pass };
};

describe('callers are looked at', () => {
  it('first, then by sampling, and every call is counted', () => {
    const { aspect, root, rows } = open({ firstCalls: 3, sampleEvery: 10, frequency: { count: 1e6, windowMs: 1000 } });
    for (let index = 0; index < 1003; index += 1) root.read();
    const { stacks } = aspect.status();
    assert.ok(stacks > 60 && stacks < 160, `${stacks}`);
    const all = rows();
    assert.equal(
      all.reduce((sum, { count }) => sum + count, 0),
      1003,
    );
    assert.equal(
      all.filter(({ chain }) => chain === '0000000000000000').reduce((sum, { count }) => sum + count, 0),
      1003 - stacks,
    );
  });

  it('when one call is too many for the window, once a window', () => {
    const { aspect, root, pass } = open({ firstCalls: 0, sampleEvery: 0, frequency: { count: 5, windowMs: 1000 } });
    for (let index = 0; index < 50; index += 1) root.read();
    assert.equal(aspect.status().stacks, 1);
    pass(2000);
    for (let index = 0; index < 50; index += 1) root.read();
    assert.equal(aspect.status().stacks, 2);
  });

  it('while nobody sees the app or nobody was asked, at most four times a second', () => {
    const { aspect, root, pass, rows } = open({ firstCalls: 0, sampleEvery: 0 });
    root.read();
    assert.equal(aspect.status().stacks, 0);
    aspect.setForeground(false);
    root.read();
    root.read();
    assert.equal(aspect.status().stacks, 1);
    pass(300);
    root.read();
    assert.equal(aspect.status().stacks, 2);
    aspect.setForeground(true);
    aspect.setConsented(false);
    pass(300);
    root.read();
    assert.equal(aspect.status().stacks, 3);
    assert.deepEqual(new Set(rows().map(({ isForeground }) => isForeground)), new Set([false, true]));
  });

  it('always when a stop speaks of the function, and only then', () => {
    const { aspect, root, directives } = open({ firstCalls: 0, sampleEvery: 0 });
    const stop = (apis?: readonly string[]) => ({
      id: 'd',
      version: apis === undefined ? 2 : 1,
      body: { stops: [{ chain: '0123456789abcdef', action: 'deny', ...(apis === undefined ? {} : { apis }) }] },
    });
    directives.publish('privacy.stop', stop(['web:other']));
    root.read();
    assert.equal(aspect.status().stacks, 0);
    directives.publish('privacy.stop', stop());
    for (let index = 0; index < 5; index += 1) assert.equal(root.read(), 'read 0');
    assert.equal(aspect.status().stacks, 5);
  });
});

describe('directives', () => {
  const stopAll = (reports: readonly ToldReport[], action: string) => ({
    id: 'd',
    version: 1,
    body: {
      stops: reports
        .filter(({ kind }) => kind === 'privacy.chain')
        .map(({ body }) => ({ chain: body['chain'], action })),
    },
  });

  it('one chain is stopped, the other goes on', () => {
    const { aspect, root, directives, reports } = open();
    const one = (): string => root.read();
    const other = (): string => root.read();
    const both = (): readonly string[] => [one(), other()];
    const twice = (): readonly (readonly string[])[] =>
      [0, 1].map((round) => {
        if (round === 1) {
          aspect.flush();
          const [first] = reports.filter(({ kind }) => kind === 'privacy.chain');
          directives.publish('privacy.stop', {
            id: 'd',
            version: 1,
            body: { stops: [{ chain: first?.body['chain'], action: 'empty' }] },
          });
        }
        return both();
      });
    assert.deepEqual(twice(), [
      ['read 0', 'read 0'],
      ['', 'read 0'],
    ]);
  });

  it('kill lets everything through, uncounted, until it is taken back', () => {
    const { aspect, root, directives } = open();
    directives.publish('kill', { id: 'k', version: 1, body: { kinds: ['privacy.aspect'] } });
    root.read();
    assert.equal(aspect.status().surfaces[0]?.calls, 0);
    directives.publish('kill', undefined);
    root.read();
    assert.equal(aspect.status().surfaces[0]?.calls, 1);
  });

  it('a body that is none stops nothing; an entry that is none leaves the others', () => {
    const good = { chain: '0123456789abcdef', action: 'deny' };
    const stops = [
      good,
      null,
      7,
      { ...good, action: 'erase' },
      { ...good, chain: 'x' },
      { ...good, delayMs: -1 },
      { ...good, apis: 'all' },
    ];
    assert.equal(readStops({ id: 'd', version: 1, body: { stops } }, 0).length, 1);
    for (const body of [null, [], 'x', { stops: 3 }, {}])
      assert.deepEqual(readStops({ id: 'd', version: 1, body }, 0), []);
    assert.equal(isKilled({ id: 'k', version: 1, body: { kinds: ['*'] } }), true);
    assert.equal(isKilled({ id: 'k', version: 1, body: { kinds: ['privacy.stop'] } }), false);
  });

  it('off puts the native back and stops nothing any more', () => {
    const made = open();
    const { aspect, root, directives } = made;
    const twice = [0, 1].map((round) => {
      if (round === 1) {
        aspect.flush();
        directives.publish('privacy.stop', stopAll(made.reports, 'empty'));
        aspect.off();
      }
      return root.read();
    });
    assert.deepEqual(twice, ['read 0', 'read 0']);
  });

  it('a client that throws when it is asked for directives still gets reports', () => {
    const reports: ToldReport[] = [];
    const { aspect, root } = open({ report: (kind, body) => void reports.push({ kind, body }) });
    aspect.connect({
      get directives(): never {
        throw new Error('the option is not set');
      },
    });
    root.read();
    aspect.flush();
    assert.equal(reports.length, 2);
  });
});

describe('scenes', () => {
  it('rows name the scene that the call was made in', () => {
    const { aspect, root, rows } = open({ scene: 'login', firstCalls: 0, sampleEvery: 0 });
    root.read();
    aspect.setScene('payment');
    root.read();
    root.read();
    assert.deepEqual(
      rows().map(({ scene, count }) => [scene, count]),
      [
        ['login', 1],
        ['payment', 2],
      ],
    );
  });
});

describe('owners', () => {
  const frame = (script: string, line = 1, column = 1) => ({ kind: 'js', script, name: '', line, column }) as const;
  const map = {
    packages: ['app', 'sdk-a@1.2.0', '@scope/b@2.0.0'],
    ranges: [
      [1, 0, 0],
      [1, 100, 1],
      [1, 200, 2],
    ],
  } as const;
  const attribution = new Attribution(
    {
      modules: { 'assets/main.js': map },
      scripts: { 'https://cdn.example/': 'any@1.0.0', 'https://cdn.example/ads/': 'ads@3.1.0' },
    },
    () => 'https://bank.example/app/',
  );

  it('the longest told beginning, then the module map, then the host, then the bringer, then the app', () => {
    const own = 'https://bank.example/assets/main.js';
    attribution.bring('https://bank.example/late.js', { name: 'sdk-a', version: '1.2.0' });
    for (const [frames, name] of [
      [[frame('https://cdn.example/ads/x.js')], 'ads'],
      [[frame('https://cdn.example/other.js')], 'any'],
      [[frame(own, 1, 101)], 'sdk-a'],
      [[frame(own, 1, 100)], 'app'],
      [[frame(own, 1, 5000)], '@scope/b'],
      [[frame('https://other.example:8443/x.js')], 'other.example:8443'],
      [[frame('https://bank.example/late.js')], 'sdk-a'],
      [[frame('https://bank.example/page')], 'app'],
      [[], 'app'],
    ] as const)
      assert.equal(attribution.ownerOf(frames).name, name);
  });

  it('packages that pass calls on do not own them', () => {
    const passing = new Attribution(
      { scripts: { 'https://a/': 'zone.js@0.16.0', 'https://b/': 'wrap', 'https://c/': 'sdk' }, passing: ['wrap'] },
      () => '',
    );
    assert.equal(
      passing.ownerOf([frame('https://a/z.js'), frame('https://b/w.js'), frame('https://c/s.js')]).name,
      'sdk',
    );
  });

  it('the place in a file is found as a search from the start would', () => {
    const place = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 50 }));
    fc.assert(
      fc.property(
        fc.array(place, { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 60 }),
        (places, line, column) => {
          const sorted = places.toSorted(([l1, c1], [l2, c2]) => l1 - l2 || c1 - c2);
          const ranges = sorted.map(([l, c], index) => [l, c, index] as const);
          const packages = ranges.map((_range, index) => `p${index}`);
          const expected = ranges.filter(([l, c]) => l < line || (l === line && c <= column - 1)).at(-1)?.[2];
          assert.equal(
            packageAt({ packages, ranges }, line, column),
            expected === undefined ? undefined : `p${expected}`,
          );
        },
      ),
    );
  });

  it('names that no report could carry are the app', () => {
    assert.deepEqual(ownerOfPackage('@a/b@1.0.0'), { name: '@a/b', version: '1.0.0' });
    assert.deepEqual(ownerOfPackage('plain'), { name: 'plain' });
    assert.deepEqual(ownerOfPackage('<img>'), { name: 'app' });
  });
});

describe('the registry', () => {
  const all = [...webSurfaces, ...wxSurfaces, ...mySurfaces, ...nativeSurfaces];

  it('every surface has a function of the catalogue, once a kind, and an answer when it is stopped', () => {
    for (const { api, isExit } of all)
      assert.ok(sensitiveApiOf(api) !== undefined && (!isExit || sensitiveApiOf(api)?.isExit), api);
    assert.equal(new Set(all.map(({ platform, kind, path }) => `${platform} ${kind} ${path}`)).size, all.length);
    assert.deepEqual(
      all.filter(({ empty, denial }) => empty === '-' && denial === '='),
      [],
    );
  });

  it('every function of the catalogue has a surface, except what React Native reads from constants', () => {
    const watched = new Set(all.map(({ api }) => api));
    assert.deepEqual(
      sensitiveApis.filter(({ id }) => !watched.has(id)).map(({ id }) => id),
      ['react-native:DeviceInfo.getModel', 'react-native:AsyncStorage.getItem', 'react-native:Dimensions.get'].toSorted(
        (one, other) =>
          sensitiveApis.findIndex(({ id }) => id === one) - sensitiveApis.findIndex(({ id }) => id === other),
      ),
    );
  });
});

describe('nothing of ours reaches the app', () => {
  const thrower = (): never => {
    throw new Error('secret fault');
  };

  it('whatever fails in here, the native answers as it would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.anything(), { maxLength: 4 }),
        fc.constantFrom('report', 'clock', 'stack', 'limit', 'none'),
        fc.boolean(),
        (input, fault, isExit) => {
          const { prepareStackTrace, stackTraceLimit } = settings;
          let isBroken = false;
          const surfaces = [surface('read', { isExit }), surface('fail', { isExit })];
          const root = {
            read: (...args: readonly unknown[]) => args,
            fail: (): never => {
              throw new RangeError('of the native');
            },
          };
          const monotonic = (): number => (isBroken && fault === 'clock' ? thrower() : 5);
          const report = fault === 'report' ? thrower : () => undefined;
          const aspect = new PrivacyAspect({ surfaces, address: () => '', monotonic, wall: () => 5 }, { report });
          aspect.addRealm(root, 'page');
          isBroken = true;
          if (fault === 'stack') settings.prepareStackTrace = thrower;
          if (fault === 'limit') settings.stackTraceLimit = 0;
          try {
            const given = root.read(...input);
            assert.ok(given.length === input.length && given.every((value, index) => Object.is(value, input[index])));
            assert.throws(() => root.fail(), RangeError);
          } finally {
            settings.prepareStackTrace = prepareStackTrace;
            settings.stackTraceLimit = stackTraceLimit;
            aspect.off();
          }
        },
      ),
    );
  });

  it('a report that fails in the queue does not reach the timer that sends it', () => {
    const { aspect, root } = open({ report: thrower });
    root.read();
    assert.doesNotThrow(() => aspect.flush());
    assert.ok(aspect.status().faults > 0);
  });

  it('what the app set of Error is there again after a look at the caller', () => {
    const { prepareStackTrace, stackTraceLimit } = settings;
    const mine = (_error: Error, frames: readonly unknown[]): number => frames.length;
    settings.prepareStackTrace = mine;
    settings.stackTraceLimit = 3;
    try {
      const { root, rows } = open();
      root.read();
      assert.equal(settings.prepareStackTrace, mine);
      assert.equal(settings.stackTraceLimit, 3);
      assert.notEqual(rows()[0]?.chain, '0000000000000000');
    } finally {
      settings.prepareStackTrace = prepareStackTrace;
      settings.stackTraceLimit = stackTraceLimit;
    }
  });

  it('no argument and no result is in any report', () => {
    const { root, aspect, reports } = open({}, [surface('read', { isExit: true })]);
    root.read('https://api.example/path?card=4111111111111111', 'sesame');
    aspect.flush();
    assert.doesNotMatch(JSON.stringify(reports), /4111|sesame|path\?|read \d/);
    assert.match(JSON.stringify(reports), /api\.example/);
  });
});
