/** Directives are made step by step, and clients that follow the rules end where the desk says they do. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import { type DirectiveBodies, isTargeted, type RolloutPlan, readTarget } from '@hauberk/rollout';
import fc from 'fast-check';
import { countingNow } from '../src/directive/directive-book.ts';
import { type DeskResult, openDirectiveDesk } from '../src/directive/directive-desk.ts';
import { directiveSets, directiveSigner } from '../src/directive/directive-sets.ts';
import type { PublishedDirective, StoredRollout } from '../src/storage/directive-store.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';

const born = epochMs(1_800_000_000_000);
const bank = { organisation: 'bank', app: 'retail' };
const plan: RolloutPlan = {
  kind: 'privacy.stop',
  kindVersion: 1,
  service: null,
  body: { stops: [{ chain: 'c1', action: 'deny' }] },
  audience: { versions: [], cohorts: [] },
  stages: [10, 50, 250, 1000],
  guard: null,
  lifeMs: 86_400_000,
  reason: '',
};
const stops = (...chains: readonly string[]): DirectiveBodies['privacy.stop'] => ({
  stops: chains.map((chain) => ({ chain, action: 'deny' })),
});

const open = () => {
  const { stores } = memoryStorage().connect();
  const clock = { now: born };
  let told = 0;
  const desk = openDirectiveDesk({
    store: stores.directives,
    now: () => clock.now,
    onPublished: async () => {
      told += 1;
    },
  });
  return { stores, clock, desk, told: () => told };
};
const done = async (result: DeskResult): Promise<StoredRollout> => {
  const value = await result;
  assert.ok(value.ok, value.ok ? '' : `${value.code} ${value.detail ?? ''}`);
  return value.value;
};

/** A client that obeys the wire: it takes the newest that is for it and never goes back. */
class Client {
  floor = 0;
  held: PublishedDirective['directive'] | undefined;
  readonly bucket: number;
  readonly cohorts: readonly string[];
  constructor(bucket: number, cohorts: readonly string[] = []) {
    this.bucket = bucket;
    this.cohorts = cohorts;
  }
  fetch(served: readonly PublishedDirective[]): void {
    for (const { directive } of served.toReversed()) {
      const target = directive.target === null ? undefined : readTarget(directive.target);
      const subject = { appVersion: undefined, cohorts: this.cohorts, bucket: this.bucket };
      if (directive.version < this.floor || (target !== undefined && !isTargeted(target, subject))) continue;
      this.floor = directive.version;
      this.held = directive;
    }
  }
  chains(now: EpochMs): readonly string[] {
    if (this.held === undefined || this.held.expiresAtMs <= now) return [];
    return (this.held.body as unknown as DirectiveBodies['privacy.stop']).stops.map(({ chain }) => chain);
  }
}

describe('the desk of directives', () => {
  it('a rollout reaches its share, then everybody, and nobody twice', async () => {
    const { desk, stores, told } = open();
    const { rollout } = await done(desk.draft(bank, plan, 'ann'));
    assert.equal((await desk.stage(bank, rollout.id, 'ann')).ok, false, 'nobody approved it');
    await done(desk.approve(bank, rollout.id, 'ben'));
    const clients = Array.from({ length: 1000 }, (_, bucket) => new Client(bucket));
    for (const share of [10, 50, 250, 1000]) {
      await done(desk.stage(bank, rollout.id, 'ann'));
      const served = countingNow(await stores.directives.published(), born);
      for (const client of clients) client.fetch(served);
      assert.equal(clients.filter((client) => client.chains(born).length > 0).length, share);
    }
    assert.equal((await desk.find(bank, rollout.id))?.rollout.state, 'complete');
    assert.equal(told(), 4);
    const audit = await stores.audit.readAfter(bank, 0, 99);
    assert.deepEqual(
      audit.map(({ action }) => action),
      ['directive.drafted', 'directive.approved', ...Array.from({ length: 4 }, () => 'directive.staged')],
    );
  });

  it('a halted rollout gives every device back what it had', async () => {
    const { desk, stores } = open();
    const staff = { versions: [], cohorts: ['staff'] };
    const by = { draft: 'ann', approve: 'ben' };
    await done(desk.publish(bank, { ...plan, body: stops('all') }, by));
    await done(desk.publish(bank, { ...plan, body: stops('staff'), audience: staff }, by));
    const clients = [new Client(5), new Client(900), new Client(5, ['staff']), new Client(900, ['staff'])];
    const see = async () => {
      const served = countingNow(await stores.directives.published(), born);
      for (const client of clients) client.fetch(served);
      return clients.map((client) => client.chains(born)[0]);
    };
    assert.deepEqual(await see(), ['all', 'all', 'staff', 'staff']);
    const { rollout } = await done(desk.draft(bank, { ...plan, body: stops('new') }, 'ann'));
    await done(desk.approve(bank, rollout.id, 'ben'));
    await done(desk.stage(bank, rollout.id, 'ann'));
    assert.deepEqual(await see(), ['new', 'all', 'new', 'staff']);
    await done(desk.halt(bank, rollout.id, 'guard', 'guard: crash'));
    assert.deepEqual(await see(), ['all', 'all', 'staff', 'staff']);
    const late = new Client(5);
    late.fetch(countingNow(await stores.directives.published(), born));
    assert.deepEqual(late.chains(born), ['all']);
  });

  it('the first of its kind that is reverted leaves nothing, also once that expired', async () => {
    const { desk, stores, clock } = open();
    const { rollout } = await done(desk.publish(bank, plan, { draft: 'ann', approve: 'ben' }));
    await done(desk.revert(bank, rollout.id, 'ann', 'was wrong'));
    const early = new Client(1);
    early.fetch(countingNow(await stores.directives.published(), born));
    assert.deepEqual(early.chains(born), []);
    clock.now = epochMs(born + plan.lifeMs);
    const late = new Client(1);
    late.fetch(countingNow(await stores.directives.published(), clock.now));
    assert.deepEqual(late.chains(born), []);
  });

  it('what was published while a rollout was under way stays when it is halted', async () => {
    const { desk, stores } = open();
    const { rollout } = await done(desk.draft(bank, plan, 'ann'));
    await done(desk.approve(bank, rollout.id, 'ben'));
    await done(desk.stage(bank, rollout.id, 'ann'));
    await done(desk.publish(bank, { ...plan, body: stops('urgent') }, { draft: 'ann', approve: 'ben' }));
    await done(desk.halt(bank, rollout.id, 'guard', 'guard: crash'));
    const client = new Client(1);
    client.fetch(countingNow(await stores.directives.published(), born));
    assert.deepEqual(client.chains(born), ['urgent']);
  });

  it('what replaced something and expired does not bring it back', async () => {
    const { desk, stores } = open();
    const by = { draft: 'ann', approve: 'ben' };
    await done(desk.publish(bank, { ...plan, body: stops('long'), lifeMs: 864_000_000 }, by));
    await done(desk.publish(bank, { ...plan, body: stops(), lifeMs: 60_000 }, by));
    assert.deepEqual(countingNow(await stores.directives.published(), epochMs(born + 120_000)), []);
  });

  it('steps at once: each version is used once, and all are there', async () => {
    const { desk, stores } = open();
    const by = { draft: 'ann', approve: 'ben' };
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((chain) => done(desk.publish(bank, { ...plan, body: stops(chain) }, by))),
    );
    const versions = (await stores.directives.published()).map(({ directive }) => directive.version);
    assert.deepEqual(versions, [1, 2, 3, 4]);
  });

  it('an older row is refused, a lapsed draft expires', async () => {
    const { desk, clock } = open();
    const { rollout, row } = await done(desk.draft(bank, plan, 'ann'));
    await done(desk.approve(bank, rollout.id, 'ben'));
    const late = await desk.stage(bank, rollout.id, 'ann', row);
    assert.equal(late.ok ? '' : late.code, 'directive-row');
    clock.now = epochMs(born + 30 * 86_400_000);
    await desk.tick();
    assert.equal((await desk.find(bank, rollout.id))?.rollout.state, 'expired');
  });

  it('whatever is published, halted and reverted: revisions rise without a gap and served sets hold what counts', async () => {
    const act = fc.record({
      what: fc.constantFrom('publish', 'start', 'stage', 'halt', 'revert'),
      cohort: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 20 }), async (acts) => {
        const { desk, stores } = open();
        let last: string | undefined;
        for (const [index, { what, cohort }] of acts.entries()) {
          const audience = { versions: [], cohorts: cohort ? ['staff'] : [] };
          const made = { ...plan, audience, body: stops(`c${index}`) };
          if (what === 'publish')
            last = (await done(desk.publish(bank, made, { draft: 'a', approve: 'b' }))).rollout.id;
          if (what === 'start') {
            last = (await done(desk.draft(bank, made, 'a'))).rollout.id;
            await done(desk.approve(bank, last, 'b'));
          }
          if (last === undefined) continue;
          if (what === 'stage') await desk.stage(bank, last, 'a');
          if (what === 'halt') await desk.halt(bank, last, 'a', 'x');
          if (what === 'revert') await desk.revert(bank, last, 'a', 'x');
        }
        const published = await stores.directives.published();
        assert.deepEqual(
          published.map(({ revision }) => revision),
          published.map((_, index) => index + 1),
        );
        // Who was there all the time and who comes at the end agree, whatever their bucket and cohort.
        for (const bucket of [0, 30, 100, 999])
          for (const cohorts of [[], ['staff']]) {
            const late = new Client(bucket, cohorts);
            late.fetch(countingNow(published, born));
            const always = new Client(bucket, cohorts);
            for (let end = 1; end <= published.length; end += 1)
              always.fetch(countingNow(published.slice(0, end), born));
            assert.deepEqual(late.chains(born), always.chains(born));
          }
      }),
      { numRuns: 100 },
    );
  });
});

describe('sets of directives', () => {
  it('each app and service gets its own, signed once for each key; revisions do not fall when something expires', async () => {
    const { desk, stores, clock } = open();
    const by = { draft: 'ann', approve: 'ben' };
    await done(desk.publish(bank, plan, by));
    await done(desk.publish({ organisation: 'bank', app: '*' }, { ...plan, kind: 'kill', body: { kinds: [] } }, by));
    await done(desk.publish(bank, { ...plan, service: 'api' }, by));
    await done(desk.publish({ organisation: 'other', app: 'retail' }, plan, by));
    let kid = 'd1';
    const pair = nodeCrypto.generateKeyPair('p256', 'sign');
    const sign = directiveSigner(nodeCrypto, () => ({ kid, pair }));
    const served = { organisation: 'bank', apps: ['retail', 'corporate'], services: ['api', 'web'] };
    const made = async () => directiveSets(await stores.directives.published(), served, sign, clock.now);
    const sets = await made();
    assert.deepEqual(
      sets.map(({ app, service, revision, documents }) => [app, service, revision, documents.length]),
      [
        ['retail', 'api', 3, 3],
        ['retail', 'web', 2, 2],
        ['corporate', 'api', 2, 1],
        ['corporate', 'web', 2, 1],
      ],
    );
    assert.deepEqual(await made(), sets);
    kid = 'd2';
    assert.notDeepEqual(await made(), sets);
    clock.now = epochMs(born + plan.lifeMs);
    assert.deepEqual(
      (await made()).map(({ revision, documents }) => [revision, documents.length]),
      [
        [3, 0],
        [2, 0],
        [2, 0],
        [2, 0],
      ],
    );
  });
});
