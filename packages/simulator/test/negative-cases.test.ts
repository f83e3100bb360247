/** Every kind of bad device is refused, each for a reason that is its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCase, negativeCases } from '../src/index.ts';

for (const negative of negativeCases)
  test(`${negative.name}: ${negative.expectedReason}`, () => {
    const answer = checkCase(negative);
    assert.ok(answer.ok, answer.ok ? '' : `${answer.code} ${answer.detail ?? ''}`);
    assert.ok(answer.value > 0, 'at least one form');
  });

test('there are at least 45 of them, and no two have a name in common, nor two of a platform a reason', (context) => {
  const reasons = new Set(negativeCases.map(({ expectedReason }) => expectedReason));
  const names = new Set(negativeCases.map(({ name }) => name));
  const pairs = new Set(negativeCases.map(({ platform, expectedReason }) => `${platform} ${expectedReason}`));
  context.diagnostic(`${negativeCases.length} kinds of bad device, ${reasons.size} reasons`);
  assert.ok(reasons.size >= 45);
  assert.equal(pairs.size, negativeCases.length);
  assert.equal(names.size, negativeCases.length);
});
