/** What every record of API tokens and of proposals keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { days, epochMs } from '@hauberk/primitives';
import type { StoredAdminToken } from '../src/admin/admin-token.ts';
import { type Approval, changeHash, proposal } from '../src/admin/approval.ts';
import type { Person } from '../src/admin/person.ts';
import type { StartupSecret } from '../src/storage/admin-token-store.ts';
import { maxOpenApprovals } from '../src/storage/approval-store.ts';
import type { Scope } from '../src/storage/scope.ts';
import {
  accepted,
  at,
  bank,
  bytes,
  type OpenStorageHarness,
  otherApp,
  otherBank,
  refused,
  start,
  withStorage,
} from './harness.ts';

const acting = { actor: 'root', now: start };

const storedToken = (id: string, organisation = 'bank'): StoredAdminToken => ({
  id,
  organisation,
  subject: `subject-${id}`,
  lineage: ['root'],
  label: 'a test',
  grants: [{ app: '*', role: 'operator' }],
  createdBy: 'root',
  createdAtMs: start,
  expiresAtMs: epochMs(start + days(1)),
  lastUsedAtMs: null,
  revokedAtMs: null,
  hash: bytes(32, 7),
  keyId: 4711,
});

const startup = (id: string, organisation = 'bank'): StartupSecret => ({
  id,
  organisation,
  hash: bytes(32, 9),
  keyId: 4711,
  createdAtMs: start,
  expiresAtMs: at(60),
  usedAtMs: null,
});

/** The contract of `AdminTokenStore`. */
export const adminTokenStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`admin tokens, ${adapter}`, () => {
    test(
      'a token is found by its id with its hash, and listed without it, only for its organisation',
      withStorage(open, async ({ stores, other }) => {
        const token = storedToken('02');
        const issued = accepted(await stores.adminTokens.issue(token, acting));
        assert.ok(!('hash' in issued));
        accepted(await stores.adminTokens.issue(storedToken('01'), acting));
        accepted(await stores.adminTokens.issue(storedToken('03', 'other'), acting));
        const found = await other.adminTokens.find('02');
        assert.deepEqual({ ...found, hash: Uint8Array.from(found?.hash ?? []) }, token);
        const listed = await other.adminTokens.list('bank', { limit: 10 });
        assert.deepEqual(
          listed.map(({ id }) => id),
          ['01', '02'],
        );
        assert.ok(listed.every((each) => !('hash' in each)));
        const [next] = await other.adminTokens.list('bank', { limit: 1, afterId: '01' });
        assert.equal(next?.id, '02');
        assert.equal(await stores.adminTokens.find('99'), undefined);
      }),
    );
    test(
      'a token is revoked once, by its own organisation only; use is noted',
      withStorage(open, async ({ stores, other }) => {
        accepted(await stores.adminTokens.issue(storedToken('01'), acting));
        assert.equal(refused(await stores.adminTokens.revoke('other', '01', acting)), 'token-unknown');
        assert.equal(refused(await stores.adminTokens.revoke('bank', '02', acting)), 'token-unknown');
        assert.equal(accepted(await stores.adminTokens.touch('01', at(1))), true);
        assert.equal(accepted(await stores.adminTokens.touch('02', at(1))), false);
        const revoked = accepted(await other.adminTokens.revoke('bank', '01', { actor: 'root', now: at(2) }));
        assert.deepEqual([revoked.lastUsedAtMs, revoked.revokedAtMs], [at(1), at(2)]);
        const again = accepted(await stores.adminTokens.revoke('bank', '01', { actor: 'root', now: at(3) }));
        assert.equal(again.revokedAtMs, at(2));
      }),
    );
    test(
      'a start-up secret is issued while an organisation has neither token nor waiting secret, or by force',
      withStorage(open, async ({ stores, other }) => {
        const { adminTokens } = stores;
        accepted(await adminTokens.issueStartup(startup('01'), false, acting));
        assert.equal(refused(await adminTokens.issueStartup(startup('02'), false, acting)), 'startup-not-needed');
        accepted(await adminTokens.issueStartup(startup('03', 'other'), false, acting));
        // Expired and never used: nobody could begin otherwise.
        const later = { actor: 'root', now: at(60) };
        accepted(await adminTokens.issueStartup({ ...startup('04'), expiresAtMs: at(120) }, false, later));
        assert.equal(await other.adminTokens.findStartup('01'), undefined);
        assert.equal((await other.adminTokens.findStartup('04'))?.keyId, 4711);
        accepted(await adminTokens.issue(storedToken('05'), acting));
        assert.equal(
          refused(await adminTokens.issueStartup(startup('06'), false, { actor: 'root', now: at(500) })),
          'startup-not-needed',
        );
        accepted(await adminTokens.issueStartup(startup('07'), true, acting));
        assert.equal(await adminTokens.findStartup('04'), undefined);
      }),
    );
    test(
      'of many who redeem one start-up secret at once, one gets a token; an expired one gets nobody anything',
      withStorage(open, async ({ stores, other }) => {
        accepted(await stores.adminTokens.issueStartup(startup('01'), false, acting));
        const racing = Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? stores : other).adminTokens.redeemStartup('01', storedToken(`1${index}`), acting),
        );
        const answers = await Promise.all(racing);
        assert.equal(answers.filter(({ ok }) => ok).length, 1);
        assert.equal((await other.adminTokens.list('bank', { limit: 50 })).length, 1);
        accepted(await stores.adminTokens.issueStartup(startup('02'), true, acting));
        const late = { actor: 'root', now: at(60) };
        assert.equal(
          refused(await stores.adminTokens.redeemStartup('02', storedToken('90'), late)),
          'startup-secret-used',
        );
        assert.equal(await stores.adminTokens.find('90'), undefined);
      }),
    );
    test(
      'a full record issues nothing and uses nothing up',
      withStorage(open, async ({ stores, fill }) => {
        accepted(await stores.adminTokens.issueStartup(startup('01'), false, acting));
        await fill(true);
        // Large, so that no page has room left for it.
        const large = { ...storedToken('90'), label: 'x'.repeat(200_000) };
        assert.equal(refused(await stores.adminTokens.redeemStartup('01', large, acting)), 'storage-full');
        await fill(false);
        accepted(await stores.adminTokens.redeemStartup('01', storedToken('91'), acting));
      }),
    );
  });
};

const alice: Person = { subject: 'alice', token: 'a1', lineage: ['root'] };
const bob: Person = { subject: 'bob', token: 'b1', lineage: ['root'] };

const proposed = (id: string, members: { readonly scope?: Scope; readonly content?: string } = {}): Approval =>
  proposal(id, members.scope ?? bank, { kind: 'test.change', content: members.content ?? 'x' }, alice, {
    now: start,
    expiresAtMs: at(60),
  });

/** The contract of `ApprovalStore`. */
export const approvalStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`approvals, ${adapter}`, () => {
    test(
      'a proposal is found and listed by its app only, in either order, by state',
      withStorage(open, async ({ stores, other }) => {
        for (const id of ['01', '02', '03'])
          accepted(await stores.approvals.propose(proposed(id, { content: id }), start));
        accepted(await stores.approvals.propose(proposed('04', { scope: otherBank }), start));
        assert.deepEqual(await other.approvals.find(bank, '02'), proposed('02', { content: '02' }));
        accepted(await stores.approvals.propose(proposed('05', { scope: otherApp }), start));
        for (const id of ['04', '05']) assert.equal(await other.approvals.find(bank, id), undefined);
        accepted(await stores.approvals.step(bank, '02', { event: 'withdraw', by: alice }, at(1)));
        const ids = async (page: Parameters<typeof other.approvals.list>[1]) =>
          (await other.approvals.list(bank, page)).map(({ id }) => id);
        assert.deepEqual(await ids({ newestFirst: true, limit: 10 }), ['03', '02', '01']);
        assert.deepEqual(await ids({ newestFirst: false, limit: 2 }), ['01', '02']);
        assert.deepEqual(await ids({ newestFirst: true, limit: 10, afterId: '03' }), ['02', '01']);
        assert.deepEqual(await ids({ newestFirst: false, limit: 10, afterId: '01' }), ['02', '03']);
        assert.deepEqual(await ids({ newestFirst: true, limit: 10, state: 'pending' }), ['03', '01']);
      }),
    );
    test(
      'the same change by the same person waits once, until it is decided or expires',
      withStorage(open, async ({ stores, other }) => {
        const first = accepted(await stores.approvals.propose(proposed('01'), start));
        assert.equal(accepted(await other.approvals.propose(proposed('02'), at(1))).id, first.id);
        assert.equal(accepted(await other.approvals.propose(proposed('03'), at(60))).id, '03');
        accepted(await stores.approvals.step(bank, '03', { event: 'withdraw', by: alice }, at(1)));
        accepted(await stores.approvals.step(bank, '01', { event: 'withdraw', by: alice }, at(1)));
        assert.equal(accepted(await other.approvals.propose(proposed('04'), at(2))).id, '04');
      }),
    );
    test(
      'only so many proposals of an app wait at a time; another app is not held up',
      withStorage(open, async ({ stores }) => {
        const { approvals } = stores;
        const many = Array.from({ length: maxOpenApprovals }, (_, index) => String(index).padStart(4, '0'));
        for (const answer of await Promise.all(
          many.map((id) => approvals.propose(proposed(id, { content: id }), start)),
        ))
          accepted(answer);
        const next = proposed('9999', { content: 'one more' });
        assert.equal(refused(await approvals.propose(next, start)), 'approvals-full');
        accepted(await approvals.propose(proposed('9998', { scope: otherApp }), start));
        accepted(await approvals.step(bank, '0007', { event: 'withdraw', by: alice }, start));
        accepted(await approvals.propose(next, start));
      }),
    );
    test(
      'steps are kept and judged one after the other; a version that has passed is refused',
      withStorage(open, async ({ stores, other }) => {
        const { changeHash: hash } = accepted(await stores.approvals.propose(proposed('01'), start));
        const approve = { event: 'approve', by: bob, changeHash: hash, note: 'seen' } as const;
        assert.equal(refused(await stores.approvals.step(bank, '09', approve, at(1))), 'approval-unknown');
        assert.equal(refused(await stores.approvals.step(otherBank, '01', approve, at(1))), 'approval-unknown');
        assert.equal(refused(await stores.approvals.step(bank, '01', approve, at(1), 2)), 'approval-version');
        const edit = { event: 'edit', by: alice, change: { kind: 'test.change', content: ['y', 1, null] } } as const;
        const [edited, approved] = await Promise.all([
          stores.approvals.step(bank, '01', edit, at(2)),
          other.approvals.step(bank, '01', approve, at(2)),
        ]);
        assert.ok(edited.ok);
        // Whichever came first: the change that stands now was not approved.
        const held = await other.approvals.find(bank, '01');
        assert.deepEqual([held?.state, held?.decision, held?.change], ['pending', null, edit.change]);
        assert.equal(held?.changeHash, changeHash({ ...proposed('01'), change: edit.change }));
        if (!approved.ok) assert.equal(approved.code, 'approval-changed');
        const again = { ...approve, changeHash: held?.changeHash ?? '' };
        accepted(await stores.approvals.step(bank, '01', again, at(3)));
        accepted(await stores.approvals.step(bank, '01', { ...again, event: 'begin' }, at(4)));
        const finish = { ...again, event: 'finish', done: true, outcome: { changed: ['d1'] } } as const;
        const done = accepted(await other.approvals.step(bank, '01', finish, at(5)));
        assert.deepEqual(await stores.approvals.find(bank, '01'), done);
        assert.deepEqual([done.state, done.outcome, done.decision?.by], ['executed', { changed: ['d1'] }, bob]);
      }),
    );
  });
};
