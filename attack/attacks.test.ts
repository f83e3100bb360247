/** Every known attack against a real gateway with several worker threads, each with its control; and docs/threats.md against the code. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { runAttack } from './attack.ts';
import { attacks } from './catalogue.ts';
import { startWorld } from './world.ts';

test('docs/threats.md lists exactly the attacks that there are', () => {
  const documented = [...readFileSync('docs/threats.md', 'utf8').matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(
    (match) => match[1],
  );
  assert.deepEqual(new Set(documented), new Set(attacks.map(({ id }) => id)));
  assert.equal(documented.length, attacks.length);
});

test('every attack bounces off, and succeeds without the guard', async (suite) => {
  const world = await startWorld(3);
  try {
    for (const attack of attacks) {
      await suite.test(`${attack.id}: ${attack.expected}`, async () => {
        const report = await runAttack(attack, world);
        assert.equal(report.controlSucceeded, true, `the control did not succeed: ${report.observed}`);
        assert.equal(report.held, true, report.observed);
      });
    }
  } finally {
    await world.close();
  }
});
