/** What the administration counts of itself. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hours } from '@hauberk/primitives';
import { adminFigures } from '../../src/admin/admin-figures.ts';
import { type AdminWorld, everything, openAdminWorld } from './world.ts';

let world: AdminWorld;
before(async () => {
  world = await openAdminWorld();
});
after(() => world.close());

test('calls are counted by operation and outcome, proposals by app and state until their time is over', async () => {
  const alice = await world.token('alice', everything);
  const bob = await world.token('bob', everything);
  const device = await world.enrol('bank', 'corporate', 'a');
  const body = { action: 'unsuspend', reason: 'found' };
  const path = `/apps/corporate/devices/${device}/changes`;
  const proposed = await world.ask('POST', path, { token: alice, body });
  assert.equal(proposed.status, 202);
  await world.ask('GET', '/self', { token: alice });
  await world.ask('GET', '/self', { token: bob });
  await world.ask('GET', '/self');
  await world.ask('GET', '/nothing', { token: alice });
  const figures = await adminFigures(world.administration);
  const countOf = (operation: string, outcome: string): number =>
    figures.calls.find((each) => each.operation === operation && each.outcome === outcome)?.count ?? 0;
  assert.deepEqual(
    [
      countOf('changeDevice', 'done'),
      countOf('self', 'done'),
      countOf('self', 'login-required'),
      countOf('none', 'not-found'),
    ],
    [1, 2, 1, 1],
  );
  const open = async (): Promise<readonly string[]> =>
    (await adminFigures(world.administration)).approvals
      .filter(({ count }) => count > 0)
      .map(({ app, state, count }) => `${app} ${state} ${count}`);
  assert.deepEqual(await open(), ['corporate pending 1']);
  world.clock.now = (world.clock.now + hours(25)) as typeof world.clock.now;
  assert.deepEqual(await open(), []);
});
