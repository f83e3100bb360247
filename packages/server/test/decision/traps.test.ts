/** Traps: marks that count for their time, canaries that prove themselves, stories in the clothes of real replies. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nodeCrypto } from '@hauberk/crypto/node';
import { utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { isCanary, mintCanary } from '../../src/decision/canary-values.ts';
import { Stories } from '../../src/decision/stories.ts';
import { reserveMarks, TrapMarks } from '../../src/decision/trap-marks.ts';
import { withCanary } from '../../src/decision/worker-decisions.ts';
import type { Route } from '../../src/gateway/route.ts';

describe('marks of traps', () => {
  const open = (marks = 256) => {
    const memory = reserveMarks(marks, new Uint8Array(8));
    return [new TrapMarks(memory), new TrapMarks(memory)] as const;
  };

  test('another thread reads a mark, until it ends or is taken back', () => {
    const [one, other] = open();
    one.mark('device\na', 'honey', 100, 200);
    one.mark('device\na', 'canary', 110, 210);
    assert.deepEqual(other.read('device\na', 150), { kinds: ['honey', 'canary'], sinceSeconds: 100 });
    assert.equal(other.read('device\nb', 150), undefined);
    assert.equal(other.read('device\na', 211), undefined);
    assert.ok(other.clear('device\na'));
    assert.equal(one.read('device\na', 150), undefined);
    one.mark('device\na', 'decoy', 300, 400);
    assert.deepEqual(one.read('device\na', 300), { kinds: ['decoy'], sinceSeconds: 300 });
  });

  test('what ends first makes way; no mark is ever read as somebody else’s', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(400), fc.nat(1000)), { maxLength: 600 }), (steps) => {
        const [marks] = open(64);
        const told = new Map<string, number>();
        for (const [name, until] of steps) {
          marks.mark(`device\n${name}`, 'decoy', 0, until);
          told.set(`device\n${name}`, Math.max(until, told.get(`device\n${name}`) ?? 0));
        }
        for (let name = 0; name <= 400; name += 1) {
          const read = marks.read(`device\n${name}`, 0);
          if (read !== undefined && !told.has(`device\n${name}`)) return false;
        }
        return true;
      }),
      { numRuns: 50 },
    );
  });

  test('a name that was just marked is read, however full the memory is', () => {
    const [marks] = open(64);
    for (let each = 0; each < 5000; each += 1) {
      marks.mark(`device\n${each}`, 'decoy', each, each + 100);
      assert.ok(marks.read(`device\n${each}`, each) !== undefined);
    }
  });
});

describe('canaries', () => {
  const [key, otherKey] = [nodeCrypto.importMac(new Uint8Array(32)), nodeCrypto.importMac(utf8('k'.repeat(32)))];

  test('a canary is known by its maker, is the same for one device, and looks like an account number', () => {
    const minted = mintCanary(nodeCrypto, key, 'device-1');
    assert.match(minted, /^[1-9]\d{17}$/);
    assert.equal(mintCanary(nodeCrypto, key, 'device-1'), minted);
    assert.notEqual(mintCanary(nodeCrypto, key, 'device-2'), minted);
    assert.ok(isCanary(nodeCrypto, key, minted));
    assert.ok(!isCanary(nodeCrypto, otherKey, minted));
  });

  test('no other number is one', () => {
    const minted = mintCanary(nodeCrypto, key, 'device-1');
    fc.assert(
      fc.property(fc.nat(17), fc.nat(9), (place, digit) => {
        const changed = minted.slice(0, place) + String(digit) + minted.slice(place + 1);
        return changed === minted || !isCanary(nodeCrypto, key, changed);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => !isCanary(nodeCrypto, key, text)));
  });

  test('a decoy’s body gets one in every place that wants it', () => {
    const body = utf8('{"accounts":["{{canary}}","{{canary}}"]}');
    assert.equal(Buffer.from(withCanary(body, () => '123')).toString(), '{"accounts":["123","123"]}');
    const plain = utf8('{}');
    assert.equal(
      withCanary(plain, () => assert.fail('not asked for')),
      plain,
    );
  });
});

describe('stories', () => {
  const route = (id: string): Route => ({ id, service: 'bank', decoy: undefined }) as unknown as Route;
  const stories = (holdMs = 0, heldRequests = 4) =>
    new Stories({
      limits: { holdMs, heldRequests },
      decoys: new Map([['done', { status: 201, contentType: 'application/json', body: utf8('{"ok":true}') }]]),
      bodyFor: (_device, body) => body,
      random: () => 0,
    });

  test('a story wears the headers of a real reply, and none that belong to one reply only', () => {
    const told = stories();
    const headers = ['content-type', 'text/html', 'x-powered-by', 'core', 'etag', '"1"', 'set-cookie', 'a=b'];
    told.see(route('transfer'), 201, headers, 0);
    assert.deepEqual(told.tell(route('transfer'), 'd', 'done')?.headers, [
      'content-type',
      'application/json',
      'x-powered-by',
      'core',
    ]);
    // A route that is only a trap has no replies of its own and borrows those of its service.
    assert.deepEqual(told.tell(route('decoy'), 'd', 'done')?.headers.slice(2), ['x-powered-by', 'core']);
    assert.equal(told.tell(route('transfer'), 'd', 'unknown'), undefined);
  });

  test('errors of the service are nothing to imitate', () => {
    const told = stories();
    told.see(route('transfer'), 500, ['x-error', 'yes'], 0);
    assert.deepEqual(told.tell(route('transfer'), 'd', 'done')?.headers, ['content-type', 'application/json']);
  });

  test('a flood is not held back beyond the cap', async () => {
    const told = stories(20, 4);
    const all = Array.from({ length: 50 }, () => told.tarry(route('transfer')));
    assert.equal(told.held, 4);
    await Promise.all(all);
    assert.equal(told.held, 0);
  });
});
