/** Bodies and targets are read strictly: what is not exactly right is nothing at all. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  bucketInput,
  bucketOf,
  compareVersions,
  type DirectiveTarget,
  directiveKinds,
  isKilled,
  isTargeted,
  maxStops,
  readDirectiveBody,
  readKill,
  readPrivacyStop,
  readSessionHealth,
  readTarget,
} from '../src/index.ts';

const bucket = (salt: string, device: string): number =>
  bucketOf(createHash('sha256').update(bucketInput(salt, device)).digest());

describe('bodies', () => {
  const stop = { chain: 'c1', action: 'deny' };
  for (const [name, body, isRight] of [
    ['nothing stopped', { stops: [] }, true],
    ['one chain', { stops: [stop] }, true],
    ['some functions of a chain', { stops: [{ ...stop, apis: ['web:navigator.geolocation'] }] }, true],
    ['a wait', { stops: [{ chain: 'c1', action: 'delay', delayMs: 500 }] }, true],
    ['no list', {}, false],
    ['a list of no functions, which could mean none or all', { stops: [{ ...stop, apis: [] }] }, false],
    ['an unknown action', { stops: [{ ...stop, action: 'explode' }] }, false],
    ['a wait without its length', { stops: [{ ...stop, action: 'delay' }] }, false],
    ['a wait of a day', { stops: [{ ...stop, action: 'delay', delayMs: 86_400_000 }] }, false],
    ['a length without a wait', { stops: [{ ...stop, delayMs: 5 }] }, false],
    ['a chain twice', { stops: [stop, { ...stop, action: 'empty' }] }, false],
    ['a member that nobody defined', { stops: [], more: 1 }, false],
    [
      'too many',
      { stops: Array.from({ length: maxStops + 1 }, (_, index) => ({ ...stop, chain: `c${index}` })) },
      false,
    ],
  ] as const)
    it(`privacy.stop: ${name}`, () => assert.equal(readPrivacyStop(body) !== undefined, isRight));

  it('each kind reads its own nothing', () => {
    for (const [kind, rule] of Object.entries(directiveKinds))
      assert.deepEqual(readDirectiveBody(kind, rule.kindVersion, rule.nothing), { ok: true, value: rule.nothing });
  });

  it('unknown kinds and versions are refused by name', () => {
    assert.equal(readDirectiveBody('toString', 1, {}).ok, false);
    const code = (kind: string, version: number, body: unknown): string => {
      const read = readDirectiveBody(kind, version, body);
      return read.ok ? 'ok' : read.code;
    };
    assert.equal(code('domain.plan', 1, {}), 'directive.kind');
    assert.equal(code('privacy.stop', 2, { stops: [] }), 'directive.kind-version');
    assert.equal(code('privacy.stop', 1, { stops: 1 }), 'directive.body');
  });

  it('the kill switch sets kinds aside, all with a star, never itself', () => {
    const all = readKill({ kinds: ['*'] });
    assert.equal(isKilled(all, 'privacy.stop'), true);
    assert.equal(isKilled(all, 'kill'), false);
    assert.equal(isKilled(readKill({ kinds: ['privacy.stop'] }), 'domain.plan'), false);
    assert.equal(isKilled(readKill({ kinds: [] }), 'privacy.stop'), false);
    assert.equal(readKill({ kinds: ['has space'] }), undefined);
  });

  it('no JSON makes a reader throw, and what it reads it reads again', () => {
    const readers = [readPrivacyStop, readKill, readTarget, readSessionHealth];
    const pieces = fc.constantFrom('stops', 'kinds', 'chain', 'action', 'apis', 'perMille', 'salt', 'versions', 'from');
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue(),
        fc.dictionary(pieces, tie('any'), { maxKeys: 5 }),
        fc.array(tie('any'), { maxLength: 4 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, (given) => {
        for (const read of readers) {
          const first = read(given);
          if (first !== undefined) assert.deepEqual(read(JSON.parse(JSON.stringify(first))), first);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('targets', () => {
  const everybody: DirectiveTarget = { versions: [], cohorts: [], perMille: 1000, salt: 's' };
  const me = { appVersion: '2.4.1', cohorts: ['staff'], bucket: 70 };
  for (const [name, target, isMine] of [
    ['everybody', everybody, true],
    ['no share at all', { ...everybody, perMille: 0 }, false],
    ['a share that holds the device', { ...everybody, perMille: 71 }, true],
    ['a share that ends before it', { ...everybody, perMille: 70 }, false],
    ['from my version on', { ...everybody, versions: [{ from: '2.4.1', below: null }] }, true],
    ['below my version', { ...everybody, versions: [{ from: null, below: '2.4.1' }] }, false],
    [
      'one of two ranges',
      {
        ...everybody,
        versions: [
          { from: null, below: '2' },
          { from: '2.4', below: '2.10' },
        ],
      },
      true,
    ],
    ['my cohort', { ...everybody, cohorts: ['beta', 'staff'] }, true],
    ['another cohort', { ...everybody, cohorts: ['beta'] }, false],
  ] as const)
    it(`${name}: ${isMine ? 'meant' : 'not meant'}`, () => {
      assert.equal(isTargeted(target, me), isMine);
      assert.deepEqual(readTarget(JSON.parse(JSON.stringify(target))), target);
    });

  it('an app without a version is in no range, a device without an id in no part', () => {
    const ranged = { ...everybody, versions: [{ from: '0', below: null }] };
    assert.equal(isTargeted(ranged, { ...me, appVersion: undefined }), false);
    assert.equal(isTargeted(ranged, { ...me, appVersion: 'newest' }), false);
    assert.equal(isTargeted({ ...everybody, perMille: 999 }, { ...me, bucket: undefined }), false);
    assert.equal(isTargeted(everybody, { ...me, bucket: undefined }), true);
  });

  it('versions are compared by number, and what follows a dash does not count', () => {
    assert.ok((compareVersions('1.10', '1.9.9') ?? 0) > 0);
    assert.equal(compareVersions('1.2', '1.2.0.0'), 0);
    assert.equal(compareVersions('1.2.0-beta.1', '1.2.0+7'), 0);
    assert.equal(compareVersions('1.2.x', '1.2'), undefined);
  });

  it('a larger share of one draw holds every device of a smaller one, and each draw is another', () => {
    const devices = Array.from({ length: 4000 }, (_, index) => `device-${index}`);
    const within = (salt: string, perMille: number) =>
      new Set(devices.filter((device) => bucket(salt, device) < perMille));
    const five = within('a', 50);
    assert.ok(five.size > 120 && five.size < 280, String(five.size));
    const quarter = within('a', 250);
    assert.ok([...five].every((device) => quarter.has(device)));
    assert.ok([...within('b', 50)].filter((device) => five.has(device)).length < 40);
  });

  it('the place of a device is written down: every client of any platform finds the same', () => {
    assert.deepEqual(
      ['device-0', 'device-1', 'device-2'].map((device) => bucket('salt', device)),
      [814, 481, 555],
    );
  });
});
