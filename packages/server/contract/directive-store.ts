/** What every record of directives keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { draftRollout, type Rollout, type RolloutPlan, stepRollout } from '@hauberk/rollout';
import type { DirectiveChange, PublishedDirective } from '../src/storage/directive-store.ts';
import type { Scope } from '../src/storage/scope.ts';
import { accepted, at, bank, type OpenStorageHarness, otherApp, refused, start, withStorage } from './harness.ts';

const plan: RolloutPlan = {
  kind: 'privacy.stop',
  kindVersion: 1,
  service: null,
  body: { stops: [] },
  audience: { versions: [], cohorts: [] },
  stages: [50, 1000],
  guard: null,
  lifeMs: 3_600_000,
  reason: '',
};
const drafted = (id: string): Rollout => accepted(draftRollout(id, plan, 'ann', start));
const staged = (id: string, version = 1): Rollout => {
  const approved = accepted(stepRollout(drafted(id), { type: 'approve', by: 'ben' }, start));
  return accepted(stepRollout(approved, { type: 'stage', version, revision: version }, start));
};
const published = (revision: number, version: number, scope: Scope = bank): PublishedDirective => ({
  revision,
  directive: {
    id: `d${revision}`,
    kind: 'privacy.stop',
    kindVersion: 1,
    version,
    scope: { ...scope, service: null },
    notBeforeMs: start,
    expiresAtMs: at(60),
    target: null,
    body: { stops: [] },
  },
});
const change = (members: Partial<DirectiveChange>): DirectiveChange => ({
  rollouts: [],
  publish: [],
  audit: [],
  ...members,
});
const id = (number: number): string => String(number).padStart(20, '0');

/** The contract of `DirectiveStore`. */
export const directiveStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`directives, ${adapter}`, () => {
    test(
      'a rollout is kept as it was written, each app its own',
      withStorage(open, async ({ stores, other }) => {
        const rollouts = [1, 2, 3].map((number) => ({ rollout: drafted(id(number)), ifRow: 0 }));
        accepted(await stores.directives.commit(bank, change({ rollouts }), start));
        assert.deepEqual(await other.directives.find(bank, id(2)), { scope: bank, row: 1, rollout: drafted(id(2)) });
        assert.equal(await other.directives.find(otherApp, id(2)), undefined);
        const page = await other.directives.list(bank, { newestFirst: true, afterId: id(3), limit: 1 });
        assert.deepEqual(
          page.map(({ rollout }) => rollout.id),
          [id(2)],
        );
        assert.equal((await other.directives.inState('drafted')).length, 3);
        assert.equal((await other.directives.list(bank, { newestFirst: false, state: 'staged', limit: 9 })).length, 0);
      }),
    );
    test(
      'of two changes that saw one row, one is refused, and nothing of it is kept',
      withStorage(open, async ({ stores, other }) => {
        accepted(
          await stores.directives.commit(bank, change({ rollouts: [{ rollout: drafted(id(1)), ifRow: 0 }] }), start),
        );
        const step = (version: number) =>
          change({
            rollouts: [{ rollout: staged(id(1), version), ifRow: 1 }],
            publish: [published(1, 1)],
            audit: [{ actor: 'a', action: 'directive.staged', subject: id(1), facts: {} }],
          });
        const both = await Promise.all([
          stores.directives.commit(bank, step(1), start),
          other.directives.commit(bank, step(1), start),
        ]);
        assert.equal(both.filter(({ ok }) => ok).length, 1);
        assert.equal(
          both.map((each) => (each.ok ? '' : each.code)).find((code) => code !== ''),
          'directive-conflict',
        );
        assert.equal((await stores.directives.published()).length, 1);
        assert.equal((await stores.audit.readAfter(bank, 0, 9)).length, 1);
      }),
    );
    test(
      'versions follow one another in each track, revisions over all of them; none is used twice and none is left out',
      withStorage(open, async ({ stores }) => {
        const commit = async (scope: Scope, ...list: readonly PublishedDirective[]) =>
          stores.directives.commit(scope, change({ publish: list }), start);
        accepted(await commit(bank, published(1, 1), published(2, 2)));
        for (const wrong of [published(2, 3), published(3, 2), published(4, 3), published(3, 4)])
          assert.equal(refused(await commit(bank, wrong)), 'directive-conflict');
        assert.equal(refused(await commit(otherApp, published(3, 1))), 'directive-conflict', 'another scope');
        accepted(await commit(otherApp, published(3, 1, otherApp)));
        accepted(await commit(bank, published(4, 3)));
        assert.equal(await stores.directives.revision(), 4);
        assert.equal(await stores.directives.version({ scope: bank, kind: 'privacy.stop', service: null }), 3);
        assert.equal(await stores.directives.version({ scope: bank, kind: 'privacy.stop', service: 'api' }), 0);
        assert.deepEqual(
          (await stores.directives.published()).map(({ revision }) => revision),
          [1, 2, 3, 4],
        );
      }),
    );
    test(
      'one rollout of a track is staged at a time',
      withStorage(open, async ({ stores }) => {
        const put = (number: number) => change({ rollouts: [{ rollout: staged(id(number)), ifRow: 0 }] });
        accepted(await stores.directives.commit(bank, put(1), start));
        assert.equal(refused(await stores.directives.commit(bank, put(2), start)), 'directive-busy');
        accepted(await stores.directives.commit(otherApp, put(2), start));
      }),
    );
    test(
      'what was counted of the outbox is kept with what it came to, or not at all',
      withStorage(open, async ({ stores }) => {
        const entry = { scope: bank, kind: 'report.session.health', atMs: start, payload: new Uint8Array(1) };
        accepted(await stores.outbox.append([entry, entry]));
        const read = { consumer: 'health', position: 2 };
        const refusedChange = change({ rollouts: [{ rollout: drafted(id(1)), ifRow: 7 }], read });
        assert.equal(refused(await stores.directives.commit(bank, refusedChange, start)), 'directive-conflict');
        assert.equal(await stores.outbox.acknowledged('health'), 0);
        accepted(await stores.directives.commit(bank, change({ read }), start));
        assert.equal(await stores.outbox.acknowledged('health'), 2);
      }),
    );
  });
};
