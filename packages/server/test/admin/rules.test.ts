/** The rules of the administration without any I/O: rights, people, secrets, proposals. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { type EpochMs, epochMs, type Result } from '@hauberk/primitives';
import fc from 'fast-check';
import {
  hashSecret,
  isSameHash,
  mintSecret,
  parseSecret,
  personOf,
  secretText,
  timeOrderedId,
  tokenEnd,
} from '../../src/admin/admin-token.ts';
import {
  type Approval,
  type ApprovalEvent,
  changeHash,
  isExpired,
  proposal,
  stepApproval,
} from '../../src/admin/approval.ts';
import { areIndependent, lineageOfIssued, type Person } from '../../src/admin/person.ts';
import {
  areas,
  builtInRoles,
  isAllowed,
  isRightPattern,
  isRole,
  rightsBeyond,
  rightsOf,
  rightText,
  verbs,
} from '../../src/admin/right.ts';

describe('rights', () => {
  const operator = [{ app: 'retail', role: 'operator' }];

  test('a role gives its rights on its app and nothing beyond', () => {
    assert.ok(isAllowed(operator, builtInRoles, { app: 'retail', area: 'devices', verb: 'write' }));
    assert.ok(!isAllowed(operator, builtInRoles, { app: 'corporate', area: 'devices', verb: 'write' }));
    assert.ok(!isAllowed(operator, builtInRoles, { app: '*', area: 'devices', verb: 'read' }));
    assert.ok(!isAllowed(operator, builtInRoles, { app: 'retail', area: 'approvals', verb: 'approve' }));
    assert.ok(!isAllowed(operator, builtInRoles, { app: 'retail', area: 'tokens', verb: 'read' }));
  });

  test('only the administrator role gives everything; nobody else may issue tokens', () => {
    for (const role of Object.keys(builtInRoles)) {
      const isEverything = areas.every((area) =>
        verbs.every((verb) => isAllowed([{ app: '*', role }], builtInRoles, { app: 'x', area, verb })),
      );
      assert.equal(isEverything, role === 'administrator', role);
      const issues = isAllowed([{ app: '*', role }], builtInRoles, { app: '*', area: 'tokens', verb: 'write' });
      assert.equal(issues, role === 'administrator', role);
    }
  });

  test('nobody both proposes and approves by a built-in role but the administrator', () => {
    for (const role of Object.keys(builtInRoles).filter((name) => name !== 'administrator')) {
      const given = rightsOf({ app: 'a', role }, builtInRoles);
      const approves = given.some(({ verb }) => verb === 'approve');
      assert.ok(!approves || given.every(({ verb }) => verb !== 'write'), role);
    }
  });

  test('a single right stands for itself; a role that is gone or misspelt gives nothing', () => {
    assert.deepEqual(rightsOf({ app: 'a', role: 'devices:read' }, builtInRoles), [
      { app: 'a', area: 'devices', verb: 'read' },
    ]);
    for (const role of ['', 'nobody', 'devices', 'devices:', ':read', 'devices:read:x', 'toString', '__proto__', '*']) {
      assert.deepEqual(rightsOf({ app: '*', role }, builtInRoles), [], role);
      assert.equal(isRole(role, builtInRoles), false, role);
    }
    assert.equal(rightText({ app: '*', area: 'keys', verb: 'read' }), 'keys:read on every app');
    assert.ok(isRightPattern('*:read') && isRightPattern('devices:*') && !isRightPattern('devices:delete'));
  });

  test('nobody gives rights that they do not have: what is beyond is exactly what isAllowed denies', () => {
    const role = fc.constantFrom(...Object.keys(builtInRoles), 'devices:read', '*:approve', 'keys:*', 'nonsense');
    const grants = fc.array(fc.record({ app: fc.constantFrom('*', 'a', 'b'), role }), { maxLength: 3 });
    fc.assert(
      fc.property(grants, grants, (asked, held) => {
        const beyond = rightsBeyond(asked, held, builtInRoles);
        for (const area of areas)
          for (const verb of verbs)
            for (const app of ['a', 'b', '*']) {
              const right = { app, area, verb };
              const gains = isAllowed(asked, builtInRoles, right) && !isAllowed(held, builtInRoles, right);
              if (gains) assert.ok(beyond.length > 0);
            }
        for (const right of beyond) assert.ok(!isAllowed(held, builtInRoles, right));
      }),
    );
  });
});

describe('people', () => {
  const root: Person = { subject: 'root', token: 't0', lineage: [] };
  const issued = (by: Person, subject: string): Person => ({ subject, token: subject, lineage: lineageOfIssued(by) });
  const alice = issued(root, 'alice');
  const bob = issued(root, 'bob');

  test('two that the local administrator issued are two people', () => {
    assert.ok(areIndependent(alice, bob) && areIndependent(bob, alice));
  });

  test('nobody is two people: same subject, issued by the other, or both issued by a third', () => {
    const second = issued(alice, 'alice-two');
    const third = issued(alice, 'alice-three');
    const deep = issued(third, 'deep');
    for (const [one, other] of [
      [alice, { ...alice, token: 'other' }],
      [alice, second],
      [alice, deep],
      [second, third],
      [second, deep],
      [root, alice],
    ] as const) {
      assert.equal(areIndependent(one, other), false, `${one.subject} ${other.subject}`);
      assert.equal(areIndependent(other, one), false, `${other.subject} ${one.subject}`);
    }
    assert.ok(areIndependent(deep, bob));
    // Those whom different administrators stand behind share nobody.
    assert.ok(areIndependent(alice, { subject: 'x', token: 'x', lineage: ['other-root'] }));
  });
});

describe('secrets', () => {
  const now = epochMs(1_800_000_000_000);

  test('what is minted is read back; each kind reads only its own', () => {
    for (const kind of ['token', 'startup'] as const) {
      const minted = mintSecret(now);
      const text = secretText(kind, minted);
      assert.deepEqual(parseSecret(kind, text), minted);
      assert.equal(parseSecret(kind === 'token' ? 'startup' : 'token', text), undefined);
      for (const changed of [`${text}A`, text.slice(1), ` ${text}`, `${text}\n`, text.toUpperCase(), ''])
        assert.equal(parseSecret(kind, changed), undefined);
    }
  });

  test('the hash depends on key, kind, id and secret', () => {
    const key = randomBytes(32);
    const minted = mintSecret(now);
    const hash = hashSecret(key, 'token', minted);
    assert.ok(isSameHash(hash, hashSecret(key, 'token', minted)));
    const { id } = mintSecret(now);
    for (const other of [
      hashSecret(randomBytes(32), 'token', minted),
      hashSecret(key, 'startup', minted),
      hashSecret(key, 'token', { ...minted, id }),
      hashSecret(key, 'token', { ...minted, secret: mintSecret(now).secret }),
      new Uint8Array(0),
    ])
      assert.ok(!isSameHash(hash, other));
  });

  test('a token ends when it expires or is revoked, and names its person', () => {
    const token = {
      id: 't1',
      organisation: 'bank',
      subject: 'alice',
      lineage: ['root'],
      label: '',
      grants: [],
      createdBy: 'root',
      createdAtMs: now,
      expiresAtMs: epochMs(now + 10),
      lastUsedAtMs: null,
      revokedAtMs: null,
    };
    assert.equal(tokenEnd(token, epochMs(now + 9)), undefined);
    assert.equal(tokenEnd(token, epochMs(now + 10)), 'expired');
    assert.equal(tokenEnd({ ...token, revokedAtMs: now }, epochMs(now + 10)), 'revoked');
    assert.deepEqual(personOf(token), { token: 't1', subject: 'alice', lineage: ['root'] });
  });

  test('ids sort by time', () => {
    const ids = [0, 1, 15, 16, 255, 1_800_000_000_000, 1_800_000_000_001].map((at) => timeOrderedId(epochMs(at)));
    assert.deepEqual(ids.toSorted(), ids);
    assert.ok(ids.every((id) => /^[0-9a-f]{20}$/.test(id)));
  });

  test('any text is read or not, without an exception', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        const parts = parseSecret('token', text);
        if (parts !== undefined) assert.equal(secretText('token', parts), text);
      }),
    );
  });
});

const alice: Person = { subject: 'alice', token: 'a1', lineage: ['root'] };
const bob: Person = { subject: 'bob', token: 'b1', lineage: ['root'] };
const carol: Person = { subject: 'carol', token: 'c1', lineage: ['root'] };
const scope = { organisation: 'bank', app: 'retail' };
const at = (minute: number): EpochMs => epochMs(1_800_000_000_000 + minute * 60_000);
const change = { kind: 'test', content: { devices: ['d1'] } };
const fresh = (): Approval => proposal('01', scope, change, alice, { now: at(0), expiresAtMs: at(60) });
const value = (result: Result<Approval>): Approval => {
  assert.ok(result.ok, result.ok ? '' : result.code);
  return result.value;
};
const code = (result: Result<Approval>): string => (result.ok ? 'accepted' : result.code);
const approve = (by: Person, changeHashSeen: string): ApprovalEvent => ({
  event: 'approve',
  by,
  changeHash: changeHashSeen,
  note: '',
});

describe('four eyes', () => {
  test('proposed, approved by another, begun, finished; each step raises the version', () => {
    const pending = fresh();
    const approved = value(stepApproval(pending, approve(bob, pending.changeHash), at(1)));
    const begun = value(stepApproval(approved, { event: 'begin', by: bob, changeHash: pending.changeHash }, at(2)));
    const finish = { event: 'finish', by: bob, changeHash: pending.changeHash, done: true, outcome: [1] } as const;
    const done = value(stepApproval(begun, finish, at(3)));
    assert.deepEqual(
      [pending, approved, begun, done].map(({ version, state }) => `${version} ${state}`),
      ['1 pending', '2 approved', '3 executing', '4 executed'],
    );
    assert.deepEqual([done.outcome, done.decision?.by], [[1], bob]);
  });

  test('nobody approves or rejects their own', () => {
    const pending = fresh();
    assert.equal(code(stepApproval(pending, approve(alice, pending.changeHash), at(1))), 'approval-own');
    const second: Person = { subject: 'second-self', token: 'x', lineage: ['root', 'alice'] };
    assert.equal(code(stepApproval(pending, approve(second, pending.changeHash), at(1))), 'approval-own');
    assert.equal(code(stepApproval(pending, { event: 'reject', by: second, note: '' }, at(1))), 'approval-own');
  });

  test('what was seen is what is approved: another hash is refused, and an edit lapses what was approved', () => {
    const pending = fresh();
    assert.equal(code(stepApproval(pending, approve(bob, '0'.repeat(64)), at(1))), 'approval-changed');
    const approved = value(stepApproval(pending, approve(bob, pending.changeHash), at(1)));
    const edit = { event: 'edit', by: alice, change: { ...change, content: { devices: ['d2'] } } } as const;
    const edited = value(stepApproval(approved, edit, at(2)));
    assert.deepEqual([edited.state, edited.decision], ['pending', null]);
    assert.notEqual(edited.changeHash, pending.changeHash);
    assert.equal(code(stepApproval(edited, approve(bob, pending.changeHash), at(3))), 'approval-changed');
    for (const hash of [pending.changeHash, edited.changeHash]) {
      const begin = stepApproval(edited, { event: 'begin', by: alice, changeHash: hash }, at(3));
      assert.ok(!begin.ok);
    }
    // An edit that changes nothing lapses nothing.
    assert.equal(value(stepApproval(approved, { ...edit, change }, at(2))), approved);
  });

  test('the hash names proposal, scope, proposer and the whole change', () => {
    const base = fresh();
    const others = [
      { ...base, id: '02' },
      { ...base, scope: { ...scope, app: 'corporate' } },
      { ...base, scope: { ...scope, organisation: 'other' } },
      { ...base, proposer: bob },
      { ...base, change: { ...change, kind: 'other' } },
      { ...base, change: { ...change, content: { devices: ['d1', 'd2'] } } },
    ].map((each) => changeHash(each));
    assert.equal(new Set([base.changeHash, ...others]).size, others.length + 1);
  });

  test('only who proposed edits or withdraws', () => {
    assert.equal(code(stepApproval(fresh(), { event: 'withdraw', by: bob }, at(1))), 'approval-foreign');
    assert.equal(code(stepApproval(fresh(), { event: 'edit', by: bob, change }, at(1))), 'approval-foreign');
  });

  test('nothing happens after its time, but what was begun is finished', () => {
    const pending = fresh();
    assert.ok(isExpired(pending, at(60)) && !isExpired(pending, at(59)));
    const approved = value(stepApproval(pending, approve(bob, pending.changeHash), at(59)));
    const begin = { event: 'begin', by: bob, changeHash: pending.changeHash } as const;
    for (const event of [approve(bob, pending.changeHash), { event: 'withdraw', by: alice }, begin] as const) {
      assert.equal(code(stepApproval(pending, event, at(60))), 'approval-expired');
      assert.equal(code(stepApproval(approved, event, at(60))), 'approval-expired');
    }
    const begun = value(stepApproval(approved, begin, at(59)));
    const finish = { ...begin, event: 'finish', done: false, outcome: null } as const;
    assert.equal(value(stepApproval(begun, finish, at(90))).state, 'failed');
  });

  test('whatever is tried in whatever order, nothing is carried out that another person did not approve as it stands', () => {
    const contents = ['x', 'y'];
    const event = fc.record({
      event: fc.constantFrom('edit', 'approve', 'reject', 'withdraw', 'begin', 'finish'),
      by: fc.constantFrom(alice, bob, carol),
      content: fc.constantFrom(...contents),
      minute: fc.integer({ min: 0, max: 70 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 14 }), (steps) => {
        let held = proposal('01', scope, { kind: 'test', content: 'x' }, alice, { now: at(0), expiresAtMs: at(60) });
        for (const { event: kind, by, content, minute } of steps) {
          const seen = changeHash({ ...held, change: { kind: 'test', content } });
          const next = {
            event: kind,
            by,
            change: { kind: 'test', content },
            changeHash: seen,
            note: '',
            done: true,
            outcome: null,
          } as ApprovalEvent;
          const before = held;
          const answer = stepApproval(held, next, at(minute));
          if (!answer.ok) continue;
          held = answer.value;
          if (held === before) continue;
          assert.equal(held.version, before.version + 1);
          if (held.state === 'executing') {
            assert.equal(before.state, 'approved');
            assert.ok(minute < 60);
          }
          if (['approved', 'executing', 'executed'].includes(held.state)) {
            assert.notEqual(held.decision?.by.subject, held.proposer.subject);
            assert.equal(held.changeHash, changeHash(held));
          }
          if (['executing', 'executed'].includes(held.state)) assert.deepEqual(held.change, before.change);
        }
      }),
      { numRuns: 500 },
    );
  });
});
