/** Payments on a bad network, through the real gateway: all arrive, once, and nobody is left in the dark. The seed is printed. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { seededRandom } from '@hauberk/example-bank';
import { flightMs } from '../simulate/fault-proxy.ts';
import { judgeRun, simulateNetwork, trainConditions } from '../simulate/network.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
const runs = isFull ? 1000 : 24;
const seed = Number(process.env['HAUBERK_SEED'] ?? randomInt(1, 1_000_000));

describe('a network that loses, delays and cuts, under apps that are killed', () => {
  it(`${runs} payments: at least 99.9 % complete, none doubled, none lost without a word (seed ${seed})`, async (test) => {
    const conditions = isFull ? trainConditions : { ...trainConditions, scale: 20 };
    const report = await simulateNetwork({ seed, runs, conditions });
    test.diagnostic(`seed ${seed}: ${JSON.stringify(report)}`);
    assert.equal(report.runs, runs);
    assert.deepEqual([report.doubled, report.lost], [0, 0], JSON.stringify(report));
    assert.ok(report.completed >= runs * 0.999, JSON.stringify(report));
    assert.ok(report.kills > 0, 'some app was killed');
  });

  it('the control: with a key for every attempt the same weather books payments twice', async () => {
    const conditions = { ...trainConditions, scale: 40, freshKeys: true };
    let doubled = 0;
    // About one in twelve is doubled, so that one round may be lucky and six never are.
    for (let round = 0; round < 6 && doubled === 0; round += 1)
      ({ doubled } = await simulateNetwork({ seed: seed + round, runs: 40, conditions }));
    assert.ok(doubled > 0);
  });

  it('a flight never takes less than half a round trip, and longer the more is lost', () => {
    const { weather } = trainConditions;
    const mean = (loss: number): number => {
      const random = seededRandom(seed);
      const flights = Array.from({ length: 500 }, () => flightMs(random, { ...weather, loss }, 2800));
      assert.ok(flights.every((ms) => ms >= weather.roundTripMs / 2));
      return flights.reduce((sum, ms) => sum + ms, 0) / flights.length;
    };
    assert.equal(mean(0), weather.roundTripMs / 2);
    assert.ok(mean(0.1) < mean(0.5));
  });

  for (const [told, booked, verdict] of [
    ['sent', 1, 'completed'],
    ['sent', 0, 'lost'],
    ['sent', 2, 'doubled'],
    ['unknown', 2, 'doubled'],
    ['failed', 1, 'lost'],
    ['expired', 1, 'lost'],
    ['expired', 0, 'other'],
    ['unknown', 1, 'other'],
    [undefined, 0, 'lost'],
    [undefined, 1, 'lost'],
  ] as const)
    it(`told ${told ?? 'nothing'} and booked ${booked} times is ${verdict}`, () => {
      assert.equal(judgeRun({ told, booked, reason: '', seconds: 1, killed: 0 }), verdict);
    });
});
