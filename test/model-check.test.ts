/** The proof of binding: the model has the program's table, its properties hold, every guard is needed, and the service walks its trails. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { guards } from '@hauberk/binding';
import { transitionsFile, transitionsText } from '../scripts/binding-model.ts';
import {
  attackers,
  buildVerifier,
  cell,
  check,
  coalitions,
  matrix,
  matrixPage,
  missingTool,
} from '../scripts/model-check.ts';
import { replay } from './support/binding-replay.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
const missing = missingTool();
const skip = missing === undefined ? false : `${missing} is missing`;
const seed = Number(process.env['HAUBERK_SEED'] ?? randomInt(1, 1_000_000));

it('the model has the very table that the program obeys', () => {
  assert.equal(readFileSync(transitionsFile, 'utf8'), transitionsText());
});

describe('the model of binding', { skip }, () => {
  it('P1 to P7 and P9 hold against every attacker that the default guards are meant for', (test) => {
    const verifier = buildVerifier();
    // One coalition is most of the work: it is left to `npm run model-check` and the full size.
    for (const can of coalitions(isFull).slice(0, isFull ? undefined : -2)) {
      const { broken, states, trail } = check(verifier, { can });
      test.diagnostic(`${states} states: ${can.join(', ')}`);
      assert.equal(broken, undefined, trail.join('\n'));
      assert.ok(states > 3);
    }
  });

  it('without any single guard some attacker wins, and the service loses in the same way', async () => {
    const verifier = buildVerifier();
    for (const guard of guards) {
      const lost = attackers
        .filter(({ isBeyond }) => isBeyond !== true)
        .map(({ can }) => ({ can, found: cell(verifier, can, [guard]) }))
        .filter(({ found }) => found.broken !== undefined);
      assert.ok(lost.length > 0, guard);
      for (const { can, found } of isFull ? lost : lost.slice(0, 1)) {
        const { difference, boundKey, steps } = await replay({ can, without: [guard], trail: found.trail });
        assert.equal(difference, undefined, `${guard}: ${JSON.stringify(difference)}\n${found.trail.join('\n')}`);
        assert.ok(steps > 0);
        if (found.broken === 'P1') assert.equal(boundKey, 'key-attacker', guard);
      }
    }
  });

  const walks = isFull ? 1000 : 40;
  it(`${walks} random walks of the model lead the service through the same states (seed ${seed})`, async (test) => {
    const verifier = buildVerifier({ random: true });
    const cans = [...coalitions(true), ...attackers.map(({ can }) => can)];
    let steps = 0;
    for (let walk = 0; walk < walks; walk += 1) {
      const can = cans[walk % cans.length] ?? [];
      const { trail } = check(verifier, { can, properties: [], goal: 6 + (walk % 20), seed: seed + walk });
      const replayed = await replay({ can, trail });
      const shown = `seed ${seed + walk} ${can.join(', ')}: ${JSON.stringify(replayed.difference)}\n${trail.join('\n')}`;
      assert.equal(replayed.difference, undefined, shown);
      steps += replayed.steps;
    }
    test.diagnostic(`seed ${seed}: ${steps} steps`);
    assert.ok(steps > walks);
  });

  it('the control: a trail that the service would not walk is told apart', async () => {
    const lost = { can: ['hooked', 'send', 'read'], without: ['attestation'] } as const;
    const { trail } = check(buildVerifier(), lost);
    const other = trail.map((line) => line.replace(/^STATE 2 /, 'STATE 3 '));
    assert.notDeepEqual(other, trail);
    assert.notEqual((await replay({ ...lost, trail: other })).difference, undefined);
    assert.notEqual((await replay({ can: lost.can, trail })).difference, undefined);
  });

  // `npm run model-check` compares it too.
  if (isFull)
    it('docs/binding-matrix.md is what the model says', () => {
      const page = fileURLToPath(new URL('../docs/binding-matrix.md', import.meta.url));
      assert.equal(readFileSync(page, 'utf8'), matrixPage(matrix(buildVerifier())));
    });
});
