/** Two people, one change: over the API, with every way around it that we know. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hours } from '@hauberk/primitives';
import { proposal } from '../../src/admin/approval.ts';
import { type AdminWorld, type Answered, everything, openAdminWorld } from './world.ts';

let world: AdminWorld;
let alice: string;
let bob: string;
let names = 0;

before(async () => {
  world = await openAdminWorld();
  alice = await world.token('alice', everything);
  bob = await world.token('bob', everything);
});
after(() => world.close());

const device = async (): Promise<string> => {
  names += 1;
  return world.enrol('bank', 'retail', `d${names}`);
};

const change = (id: string, action: string, token = alice, headers = {}): Promise<Answered> =>
  world.ask('POST', `/apps/retail/devices/${id}/changes`, { token, body: { action, reason: 'test' }, headers });

const state = async (id: string): Promise<unknown> =>
  (await world.ask('GET', `/apps/retail/devices/${id}`, { token: alice })).json['state'];

interface Proposal {
  readonly id: string;
  readonly changeHash: string;
  readonly state: string;
  readonly change: { readonly kind: string; readonly content: Readonly<Record<string, unknown>> };
}

const proposalOf = (answer: Answered): Proposal => answer.json as unknown as Proposal;

/** A suspended device, and the proposal to give it back. */
const suspended = async (): Promise<{ readonly id: string; readonly proposal: Proposal }> => {
  const id = await device();
  assert.equal((await change(id, 'suspend')).status, 200);
  const asked = await change(id, 'unsuspend');
  assert.equal(asked.status, 202);
  return { id, proposal: proposalOf(asked) };
};

const step = ({ id }: { readonly id: string }, name: string, token: string, body?: unknown): Promise<Answered> =>
  world.ask('POST', `/apps/retail/approvals/${id}/${name}`, { token, ...(body === undefined ? {} : { body }) });

const approve = (proposal: Proposal, token = bob, changeHash = proposal.changeHash): Promise<Answered> =>
  step(proposal, 'approve', token, { changeHash });

describe('four eyes over the API', () => {
  test('one suspends alone; giving back takes another person', async () => {
    const { id, proposal } = await suspended();
    assert.equal(await state(id), 'suspended');
    assert.equal((await approve(proposal, alice)).json['code'], 'approval-own');
    const approved = await approve(proposal);
    assert.deepEqual([approved.status, approved.json['state']], [200, 'executed']);
    assert.equal(await state(id), 'enrolled');
  });

  test('everything may be said twice, and happens once', async () => {
    const { id, proposal } = await suspended();
    assert.equal(proposalOf(await change(id, 'unsuspend')).id, proposal.id, 'the same proposal waits');
    const answers = await Promise.all([approve(proposal), approve(proposal), approve(proposal)]);
    for (const { json } of answers) assert.equal(json['state'], 'executed', JSON.stringify(json));
    const { generation } = (await world.ask('GET', `/apps/retail/devices/${id}`, { token: alice })).json;
    assert.equal(generation, 3, 'enrolled, suspended, given back');
    const again = await step(proposal, 'execute', bob);
    assert.deepEqual(again.json['outcome'], answers[0]?.json['outcome']);
  });

  test('an approval that is played back does nothing once the device was suspended again', async () => {
    const { id, proposal } = await suspended();
    await approve(proposal);
    assert.equal((await change(id, 'suspend')).status, 200);
    for (const token of [alice, bob]) {
      await approve(proposal, token);
      await step(proposal, 'execute', token);
    }
    assert.equal(await state(id), 'suspended');
  });

  test('an edited change lapses: the old hash is refused, the new one needs its own approval', async () => {
    const { id, proposal } = await suspended();
    const other = await device();
    await change(other, 'suspend');
    const content = { ...proposal.change.content, devices: [{ id: other, generation: 2 }] };
    const edited = await world.ask('PUT', `/apps/retail/approvals/${proposal.id}`, {
      token: alice,
      body: { kind: 'device.change', content },
      headers: { 'if-match': '"1"' },
    });
    assert.deepEqual([edited.status, edited.headers.get('etag')], [200, '"2"']);
    assert.equal((await approve(proposal)).json['code'], 'approval-changed');
    assert.deepEqual([await state(id), await state(other)], ['suspended', 'suspended']);
    await approve(proposalOf(edited));
    assert.deepEqual([await state(id), await state(other)], ['suspended', 'enrolled']);
    const late = await world.ask('PUT', `/apps/retail/approvals/${proposal.id}`, {
      token: alice,
      body: { kind: 'device.change', content },
      headers: { 'if-match': '"2"' },
    });
    assert.equal(late.json['code'], 'version-differs');
  });

  test('an edit names the version that was read', async () => {
    const { proposal } = await suspended();
    const put = (headers: Readonly<Record<string, string>>) =>
      world.ask('PUT', `/apps/retail/approvals/${proposal.id}`, { token: alice, body: proposal.change, headers });
    assert.equal((await put({})).json['code'], 'version-required');
    assert.equal((await put({ 'if-match': 'W/"1"' })).json['code'], 'malformed');
    assert.equal((await put({ 'if-match': '"9"' })).json['code'], 'version-differs');
    assert.equal((await put({ 'if-match': '"1"' })).status, 200);
  });

  test('a device that has changed since is left alone, and told of', async () => {
    const { id, proposal } = await suspended();
    await change(id, 'lost');
    const { json } = await approve(proposal);
    assert.equal(json['state'], 'failed');
    const { results } = json['outcome'] as { readonly results: readonly { readonly code: string }[] };
    assert.equal(results[0]?.code, 'device-changed');
    assert.equal(await state(id), 'lost');
  });

  test('a proposal lapses with the token that made it, and ends with its time', async () => {
    const carol = await world.token('carol', everything);
    const id = await device();
    await change(id, 'suspend');
    const proposal = proposalOf(await change(id, 'unsuspend', carol));
    await world.ask('DELETE', '/self', { token: carol });
    assert.equal((await approve(proposal)).json['code'], 'approval-lapsed');
    const later = (await suspended()).proposal;
    world.clock.now = (world.clock.now + hours(24)) as typeof world.clock.now;
    alice = await world.token('alice', everything);
    bob = await world.token('bob', everything);
    assert.equal((await approve(later)).json['code'], 'approval-lapsed', 'its token has ended too');
    const [shown] = [await world.ask('GET', `/apps/retail/approvals/${later.id}`, { token: bob })];
    assert.equal(shown.json['state'], 'expired');
    assert.equal((await step(later, 'reject', bob, { note: 'late' })).json['code'], 'approval-expired');
  });

  test('a crash between approval and end is made good by execute', async () => {
    const { id, proposal } = await suspended();
    const scope = { organisation: 'bank', app: 'retail' };
    const by = { subject: 'bob', token: bob.split('_')[1] ?? '', lineage: ['root'] };
    const { approvals } = world.stores;
    const { changeHash } = proposal;
    await approvals.step(scope, proposal.id, { event: 'approve', by, changeHash, note: '' }, world.clock.now);
    await approvals.step(scope, proposal.id, { event: 'begin', by, changeHash }, world.clock.now);
    // The change itself was made before the crash.
    await world.administration.devicesOf(scope).reinstate(id, { actor: 'alice', reason: 'test' });
    const done = await step(proposal, 'execute', alice);
    assert.equal(done.json['state'], 'executed', JSON.stringify(done.json));
    assert.equal(await state(id), 'enrolled');
  });

  test('nobody makes a second self: who issues a token stands behind it', async () => {
    const grants = [{ app: '*', role: 'administrator' }];
    const issue = async (token: string, subject: string): Promise<string> =>
      String((await world.ask('POST', '/tokens', { token, body: { subject, label: 'x', grants } })).json['secret']);
    const second = await issue(alice, 'alice-two');
    const third = await issue(alice, 'alice-three');
    const { id, proposal } = await suspended();
    for (const token of [second, third]) assert.equal((await approve(proposal, token)).json['code'], 'approval-own');
    const other = proposalOf(await change(id, 'unsuspend', second));
    for (const token of [alice, third]) assert.equal((await approve(other, token)).json['code'], 'approval-own');
    assert.equal((await approve(other, bob)).json['state'], 'executed');
  });

  test('many at once need two people, and many one after the other too', async () => {
    const dave = await world.token('dave', everything);
    const ids = [await device(), await device(), await device(), await device()];
    const many = await world.ask('POST', '/apps/retail/device-changes', {
      token: dave,
      body: { action: 'revoke', reason: 'test', devices: ids },
    });
    assert.equal(many.status, 202);
    const statuses = [];
    for (const id of ids) statuses.push((await change(id, 'revoke', dave)).status);
    assert.deepEqual(statuses, [200, 200, 202, 202], 'the third within the hour makes many');
    assert.deepEqual(await Promise.all(ids.map(state)), ['revoked', 'revoked', 'enrolled', 'enrolled']);
    world.clock.now = (world.clock.now + hours(1)) as typeof world.clock.now;
    assert.equal((await change(ids[2] ?? '', 'revoke', dave)).status, 200);
    const approved = await approve(proposalOf(many));
    const { results } = approved.json['outcome'] as { readonly results: readonly { readonly code: string | null }[] };
    assert.deepEqual(
      results.map(({ code }) => code),
      [null, null, null, null],
    );
  });

  test('the configuration decides which changes need two people', async () => {
    const held = world.settings.current;
    world.settings.current = { ...held, fourEyes: { ...held.fourEyes, suspend: 'always', unsuspend: 'never' } };
    const id = await device();
    assert.equal((await change(id, 'suspend')).status, 202);
    assert.equal((await change(id, 'unsuspend')).status, 200);
    world.settings.current = held;
  });
});

describe('changes of one device', () => {
  test('a state that forbids it, a version that has passed and a device of another app are told apart', async () => {
    const id = await device();
    assert.equal((await change(id, 'suspend', alice, { 'if-match': '"7"' })).json['code'], 'version-differs');
    const done = await change(id, 'suspend', alice, { 'if-match': '"1"' });
    assert.deepEqual([done.status, done.headers.get('etag')], [200, '"2"']);
    await change(id, 'revoke');
    const refused = await change(id, 'suspend');
    assert.deepEqual([refused.status, refused.json['code']], [409, 'device-state']);
    const elsewhere = await world.enrol('bank', 'corporate', 'elsewhere');
    assert.equal((await change(elsewhere, 'suspend')).json['code'], 'not-found');
    const list = await world.ask('POST', '/apps/retail/device-changes', {
      token: alice,
      body: { action: 'suspend', reason: 'test', devices: [id, elsewhere] },
    });
    assert.equal(list.json['code'], 'malformed');
    assert.deepEqual(list.json['errors'], [
      { in: 'body', pointer: '/devices/1', message: 'names no device of this app' },
    ]);
  });

  test('a reason is one printable line', async () => {
    const id = await device();
    for (const reason of ['', 'two\nlines', 'escape \u001b[2J', 'turned \u202e round', 'x'.repeat(257)]) {
      const body = { action: 'suspend', reason };
      const answer = await world.ask('POST', `/apps/retail/devices/${id}/changes`, { token: alice, body });
      assert.equal(answer.json['code'], 'malformed', JSON.stringify(reason));
    }
    assert.equal(await state(id), 'enrolled');
  });
});

describe('further refusals', () => {
  test('who may issue tokens gives no right that they do not have', async () => {
    const desk = await world.token('desk', [
      { app: '*', role: 'tokens:write' },
      { app: 'retail', role: 'operator' },
    ]);
    const issue = (app: string, role: string) =>
      world.ask('POST', '/tokens', { token: desk, body: { subject: 'x', label: 'x', grants: [{ app, role }] } });
    for (const [app, role] of [
      ['*', 'administrator'],
      ['*', 'operator'],
      ['corporate', 'viewer'],
      ['retail', 'approver'],
    ] as const) {
      const answer = await issue(app, role);
      assert.deepEqual([answer.status, answer.json['code']], [403, 'grant-beyond'], `${app} ${role}`);
      assert.match(String(answer.json['right']), / on /);
    }
    assert.equal((await issue('retail', 'viewer')).status, 201);
    const body = { subject: 'x', label: 'x', grants: [{ app: 'elsewhere', role: 'viewer' }], days: 91 };
    assert.equal((await world.ask('POST', '/tokens', { token: alice, body })).json['code'], 'malformed');
  });

  test('another person neither edits nor withdraws; what is rejected stays rejected', async () => {
    const { id, proposal } = await suspended();
    assert.equal((await step(proposal, 'withdraw', bob)).json['code'], 'approval-foreign');
    const put = { token: bob, body: proposal.change, headers: { 'if-match': '"1"' } };
    assert.equal(
      (await world.ask('PUT', `/apps/retail/approvals/${proposal.id}`, put)).json['code'],
      'approval-foreign',
    );
    assert.equal((await step(proposal, 'reject', bob, { note: 'no' })).json['state'], 'rejected');
    assert.equal((await approve(proposal)).json['code'], 'approval-closed');
    assert.equal((await step(proposal, 'withdraw', alice)).json['code'], 'approval-closed');
    assert.equal((await step(proposal, 'execute', alice)).json['code'], 'approval-closed');
    assert.equal(await state(id), 'suspended');
  });

  test('whoever neither proposed nor may approve has nothing carried out', async () => {
    const { proposal } = await suspended();
    const auditor = await world.token('auditor', [{ app: '*', role: 'auditor' }]);
    assert.equal((await step(proposal, 'execute', auditor)).json['code'], 'right-missing');
    assert.equal((await step(proposal, 'execute', alice)).json['code'], 'approval-pending');
  });

  test('a fault is told as a fault and as nothing else', async () => {
    const held = world.settings.current;
    world.settings.current = {
      ...held,
      get roles(): never {
        throw new Error('a secret of the program');
      },
    };
    const answer = await world.ask('GET', '/roles', { token: bob });
    world.settings.current = held;
    assert.deepEqual([answer.status, answer.json['code']], [500, 'internal']);
    assert.ok(!JSON.stringify(answer.json).includes('a secret of the program'));
    assert.ok(world.log.some(({ event }) => event === 'admin.fault'));
  });

  test('more proposals than an app may have waiting are refused', async () => {
    const id = await world.enrol('bank', 'corporate', 'crowded');
    const scope = { organisation: 'bank', app: 'corporate' };
    const by = { subject: 'crowd', token: 'c', lineage: [] };
    const life = { now: world.clock.now, expiresAtMs: world.clock.now + 1000 } as never;
    for (let index = 0; index < 1000; index += 1) {
      const change = { kind: 'device.change', content: index };
      await world.stores.approvals.propose(proposal(String(index), scope, change, by, life), world.clock.now);
    }
    const path = `/apps/corporate/devices/${id}/changes`;
    const full = await world.ask('POST', path, { token: alice, body: { action: 'unsuspend', reason: 'test' } });
    assert.deepEqual([full.status, full.json['code']], [409, 'approvals-full']);
  });
});

describe('a record that takes no writes', () => {
  test('nothing is done, and every write says when to come back; reading goes on', async () => {
    const { id, proposal } = await suspended();
    world.fill(true);
    const body = { subject: 'x', label: 'x', grants: [{ app: '*', role: 'viewer' }] };
    const answers = [
      await world.ask('POST', '/tokens', { token: alice, body }),
      await world.ask('DELETE', '/self', { token: alice }),
      await change(id, 'lost'),
      await change(id, 'unsuspend', bob),
      await approve(proposal),
      await step(proposal, 'withdraw', alice),
    ];
    for (const answer of answers) assert.equal(answer.json['code'], 'overloaded', JSON.stringify(answer.json));
    assert.equal(await state(id), 'suspended');
    world.fill(false);
    assert.equal((await approve(proposal)).json['state'], 'executed');
  });
});

describe('limits', () => {
  test('a token is limited on its own, an address that guesses soon', async () => {
    const held = world.settings.current;
    world.settings.current = { ...held, requestsPerSecond: 1 };
    const eager = await world.token('eager', everything);
    const statuses = await Promise.all(
      Array.from({ length: 15 }, async () => (await world.ask('GET', '/self', { token: eager })).status),
    );
    assert.equal(statuses.filter((status) => status === 200).length, 10);
    assert.equal((await world.ask('GET', '/self', { token: bob })).status, 200);
    world.settings.current = held;
    const guesses = [];
    for (let turn = 0; turn < 12; turn += 1) guesses.push(await world.ask('GET', '/self', { token: 'nonsense' }));
    assert.deepEqual(
      [guesses[9]?.status, guesses[11]?.status, guesses[11]?.headers.get('retry-after') !== null],
      [401, 429, true],
    );
    assert.equal((await world.ask('GET', '/self', { token: bob })).status, 200, 'a good token still is');
  });

  test('the log names token and operation, and holds nothing that was sent', async () => {
    const id = await device();
    const body = { action: 'suspend', reason: 'a very private reason' };
    await world.ask('POST', `/apps/retail/devices/${id}/changes`, { token: alice, body });
    const line = world.log.findLast(({ event }) => event === 'admin.request');
    assert.deepEqual([line?.['operation'], line?.['token']], ['changeDevice', alice.split('_')[1]]);
    const all = JSON.stringify(world.log);
    for (const secret of ['private reason', alice, bob, 'nonsense']) assert.ok(!all.includes(secret), secret);
  });
});
