/** Policies, lists and models through the admin API: who may do what, what two people agree on, what is told of a wrong document. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type AdminWorld, type Answered, everything, openAdminWorld } from './world.ts';

let world: AdminWorld;
let alice: string;
let bob: string;
const scope = { organisation: 'bank', app: 'retail' };
const app = '/apps/retail';

before(async () => {
  world = await openAdminWorld();
  alice = await world.token('alice', everything);
  bob = await world.token('bob', everything);
});
after(() => world.close());

const post = (path: string, body: unknown, token = alice): Promise<Answered> =>
  world.ask('POST', `${app}${path}`, { token, body });

const documentOf = (id: string, when = 'event.amountMinor > 100'): object => ({
  id,
  rules: [{ id: 'r', scenes: [id], when, outcome: 'challenge', reason: 'large' }],
});

const drafted = async (id: string, when?: string) => {
  const answer = await post('/policies', { document: documentOf(id, when), reason: 'r' });
  assert.equal(answer.status, 201, JSON.stringify(answer.json));
  const { version, hash } = answer.json as { version: number; hash: string };
  return { version, hash };
};

const step = (id: string, version: number, hash: string, action: string, more: object = {}, token = alice) =>
  post(`/policies/${id}/${version}/steps`, { action, hash, reason: 'r', ...more }, token);

const changeOf = (answer: Answered): { readonly id: string; readonly changeHash: string } => {
  assert.equal(answer.status, 202, JSON.stringify(answer.json));
  return answer.json as { id: string; changeHash: string };
};

const approve = ({ id, changeHash }: { readonly id: string; readonly changeHash: string }, token: string) =>
  post(`/approvals/${id}/approve`, { changeHash }, token);

test('every fault of a document is told with where it stands and what may have been meant', async () => {
  const rules = [
    { id: 'a', when: 'event.amountMinr > 1', outcome: 'deny', reason: 'x' },
    { id: 'b', when: '1 +', outcome: 'deny', reason: 'x' },
    { id: 'c', when: 'event.type', outcome: 'deny', reason: 'x' },
    { id: 'd', when: 'true', outcome: 'perhaps', reason: 'x' },
    { id: 'e', when: 'payee.id in list("nobody")', outcome: 'deny', reason: 'x' },
  ];
  const checked = await post('/policy-checks', { document: { id: 'wrong', rules } });
  const faults = checked.json['faults'] as readonly { path: string; code: string; at: number; hint: string | null }[];
  assert.equal(checked.json['ok'], false);
  assert.deepEqual(
    faults.map(({ path, code }) => [path, code]),
    [
      ['/rules/0/when', 'policy.unknown-field'],
      ['/rules/1/when', 'policy.syntax'],
      ['/rules/2/when', 'policy.type'],
      ['/rules/3', 'policy.malformed'],
      ['/rules/4/when', 'policy.unknown-list'],
    ],
  );
  assert.match(faults[0]?.hint ?? '', /event\.amountMinor/);
  const kept = await post('/policies', { document: { id: 'wrong', rules }, reason: 'r' });
  assert.equal(kept.json['code'], 'malformed');
  const errors = kept.json['errors'] as readonly { pointer: string; message: string }[];
  assert.equal(errors[0]?.pointer, '/document/rules/0/when');
  assert.match(errors[0]?.message ?? '', /character \d+/);
});

test('a policy goes live only when another person approves exactly that step', async () => {
  const { version, hash } = await drafted('pay');
  assert.equal((await step('pay', version, hash, 'shadow')).status, 200);
  const proposal = changeOf(await step('pay', version, hash, 'live'));
  assert.equal((await approve(proposal, alice)).json['code'], 'approval-own');
  assert.equal(world.administration.decisions.book.snapshotOf(scope).policies.length, 0);
  const done = await approve(proposal, bob);
  assert.equal(done.json['state'], 'executed', JSON.stringify(done.json));
  assert.deepEqual(
    world.administration.decisions.book.snapshotOf(scope).policies.map(({ policy, hash: live }) => [policy, live]),
    [['pay', hash]],
  );
  const history = (await world.stores.audit.readAfter(scope, 0, 1000)).map(({ action }) => action);
  assert.ok(history.includes('policy.live'));
});

test('an edited proposal loses its approval: who approves by the old hash is refused', async () => {
  const first = await drafted('login', 'event.amountMinor > 1');
  const second = await drafted('login', 'event.amountMinor > 2');
  for (const each of [first, second]) await step('login', each.version, each.hash, 'shadow');
  const proposal = changeOf(await step('login', first.version, first.hash, 'live'));
  const content = { policy: 'login', version: second.version, hash: second.hash, action: 'live', reason: 'r' };
  const edited = await world.ask('PUT', `${app}/approvals/${proposal.id}`, {
    token: alice,
    body: { kind: 'policy.step', content },
    headers: { 'if-match': '"1"' },
  });
  assert.equal(edited.status, 200, JSON.stringify(edited.json));
  assert.equal((await approve(proposal, bob)).json['code'], 'approval-changed');
  assert.equal((await world.administration.decisions.book.policy(scope, 'login', 1))?.state, 'shadow');
  assert.equal((await approve(changeOf({ ...edited, status: 202 }), bob)).json['state'], 'executed');
  assert.equal((await world.administration.decisions.book.policy(scope, 'login', 2))?.state, 'live');
});

test('a way back needs nobody else, and only leads to what two people agreed on before', async () => {
  const first = await drafted('limits', 'event.amountMinor > 1');
  const refused = await step('limits', first.version, first.hash, 'rollback');
  assert.equal(refused.json['code'], 'decision-state');
  for (const when of ['event.amountMinor > 1', 'event.amountMinor > 2']) {
    const { version, hash } = await drafted('limits', when);
    await post(`/policies/limits/${version}/steps`, { action: 'shadow', hash, reason: 'r' });
    const done = await approve(changeOf(await step('limits', version, hash, 'live')), bob);
    assert.equal(done.json['state'], 'executed', JSON.stringify(done.json));
  }
  const back = await step('limits', first.version, first.hash, 'rollback');
  assert.equal(back.json['state'], 'live', JSON.stringify(back.json));
});

test('a list takes a change whole when another person agrees; ids never reach the record', async () => {
  const add = [
    { id: 'DE00 SECRET 1', source: 'fraud desk', reason: 'mule' },
    { id: 'DE00 SECRET 2', source: 'fraud desk', reason: 'mule', expiresAtMs: world.clock.now + 1000 },
  ];
  const proposal = changeOf(await post('/lists/mules/changes', { kind: 'payee', add, reason: 'reported' }));
  assert.equal((await approve(proposal, alice)).json['code'], 'approval-own');
  assert.equal((await world.ask('GET', `${app}/lists/mules/entries`, { token: alice })).json['code'], 'not-found');
  assert.equal((await approve(proposal, bob)).json['state'], 'executed');
  const office = world.administration.decisions;
  const members = add.map(({ id }) => office.pseudonym('payee', id)).toSorted();
  assert.deepEqual(office.book.snapshotOf(scope).lists, [{ name: 'mules', members }]);
  const entries = await world.ask('GET', `${app}/lists/mules/entries`, { token: alice });
  assert.ok(!JSON.stringify(entries.json).includes('SECRET'));
  assert.ok(!JSON.stringify(await world.stores.audit.readAfter(scope, 0, 1000)).includes('SECRET'));
  // A policy may ask the list from now on.
  assert.equal((await drafted('mule-check', 'payee.id in list("mules")')).version, 1);
  world.clock.now = (world.clock.now + 2000) as typeof world.clock.now;
  await office.upkeep();
  assert.equal(office.book.snapshotOf(scope).lists[0]?.members.length, 1);
  const other = await post('/lists/mules/changes', { kind: 'card', add, reason: 'r' });
  assert.equal(other.json['code'], 'decision-state');
});

test('the staged entries behind an approved hash cannot be exchanged', async () => {
  const add = [{ id: 'a', source: 's', reason: 'r' }];
  const proposal = changeOf(await post('/lists/cards/changes', { kind: 'card', add, reason: 'r' }));
  const { change } = (proposal as unknown as { change: { content: { change: string } } }).change.content;
  const forged = { list: 'cards', kind: 'card', add: [], remove: [], by: 'eve', atMs: 0 };
  const puts = [{ kind: 'staged', id: change, value: forged, atMs: 0 }] as const;
  await world.stores.decisions.commit({ changes: [{ scope, read: [], puts, audit: [] }] }, world.clock.now);
  const done = await approve(proposal, bob);
  assert.equal(done.json['state'], 'failed', JSON.stringify(done.json));
});

test('a model counts once another person agrees, and cannot be forgotten while it does', async () => {
  const kept = await post('/models', { document: { format: 'hauberk-model-1', seed: 1 }, reason: 'r' });
  const model = String(kept.json['hash']);
  const proposal = changeOf(await post('/model-activations', { model, reason: 'better' }));
  assert.equal((await approve(proposal, alice)).json['code'], 'approval-own');
  assert.equal((await approve(proposal, bob)).json['state'], 'executed');
  assert.equal(world.administration.decisions.book.snapshotOf(scope).model?.hash, model);
  assert.equal((await post('/model-drops', { model, reason: 'r' })).json['code'], 'decision-state');
  const none = changeOf(await post('/model-activations', { model: '', reason: 'worse' }));
  assert.equal((await approve(none, bob)).json['state'], 'executed');
  assert.equal(world.administration.decisions.book.snapshotOf(scope).model, null);
  assert.equal((await post('/model-drops', { model, reason: 'r' })).status, 200);
});

test('who only reads may change nothing of it', async () => {
  const reader = await world.token('reader', [{ app: 'retail', role: 'approver' }]);
  const { version, hash } = await drafted('readers');
  const refusals = await Promise.all([
    post('/policies', { document: documentOf('x'), reason: 'r' }, reader),
    step('readers', version, hash, 'shadow', {}, reader),
    post('/lists/cards/changes', { kind: 'card', add: [{ id: 'a', source: 's', reason: 'r' }], reason: 'r' }, reader),
    post('/models', { document: {}, reason: 'r' }, reader),
  ]);
  for (const answer of refusals) assert.equal(answer.json['code'], 'right-missing');
  assert.equal((await world.ask('GET', `${app}/policies`, { token: reader })).status, 200);
});
