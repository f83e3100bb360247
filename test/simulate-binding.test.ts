/** Honest customers and attackers against the binding service: nobody is bound wrongly, and each control shows that somebody could be. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Guard } from '@hauberk/binding';
import { isAsPromised, simulateBinding } from '../simulate/binding.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
const runs = isFull ? 100_000 : 4000;
const seed = Number(process.env['HAUBERK_SEED'] ?? randomInt(1, 1_000_000));

describe('phones that are bound among attackers', () => {
  it(`${runs} runs: no wrong bind, and who is not disturbed is bound (seed ${seed})`, async (test) => {
    const report = await simulateBinding({ seed, runs });
    test.diagnostic(`seed ${seed}: ${JSON.stringify(report)}`);
    assert.equal(report.runs, runs);
    assert.equal(report.wrongBinds, 0);
    assert.ok(isAsPromised(report), JSON.stringify(report));
    const { attacker, network, customer } = report.honestDeclinedBy;
    assert.equal(report.honestBound + attacker + network + customer, report.honestRuns);
    if (isFull) for (const [kind, count] of Object.entries(report.attackerRuns)) assert.ok(count >= 1000, kind);
  });

  const needed: readonly Guard[] = [
    'attestation',
    'second-factor',
    'revocation-list',
    'swap-date',
    'number-match',
    'one-number',
    'delivery-report',
    'otp-read',
    'own-key',
  ];
  for (const guard of needed)
    it(`the control: without ${guard} attackers win`, async () => {
      let wrongBinds = 0;
      // About one run in three hundred for the rarest, so that ten rounds are never all lucky.
      for (let round = 0; round < 10 && wrongBinds === 0; round += 1)
        ({ wrongBinds } = await simulateBinding({ seed: seed + round, runs: 1000, without: [guard] }));
      assert.ok(wrongBinds > 0);
    });

  it('a seed repeats everything', async () => {
    const [one, other] = [await simulateBinding({ seed, runs: 300 }), await simulateBinding({ seed, runs: 300 })];
    assert.deepEqual(one, other);
    assert.notDeepEqual(await simulateBinding({ seed: seed + 1, runs: 300 }), one);
  });
});
