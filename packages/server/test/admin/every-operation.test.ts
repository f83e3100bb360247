/** Every operation of the admin API, in one table: who may not call it, what it refuses, what it answers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openFinding } from '@hauberk/privacy';
import { z } from 'zod';
import { adminProblems } from '../../src/admin/admin-problem.ts';
import { problemSchema } from '../../src/admin/documents.ts';
import { problemsOf } from '../../src/admin/openapi.ts';
import type { Operation } from '../../src/admin/operation.ts';
import { operations } from '../../src/admin/operations.ts';
import { areas, verbs } from '../../src/admin/right.ts';
import { issueStartupSecret } from '../../src/admin/startup-secret.ts';
import { findingId } from '../../src/privacy/judge-batch.ts';
import type { PrivacyPut } from '../../src/privacy/privacy-store.ts';
import { subjectTag } from '../../src/privacy/privacy-subject.ts';
import { ask, smsOf } from '../binding-kit.ts';
import { farmEntries } from '../clusters/cluster-kit.ts';
import { decided, engineOf, eventAt } from '../decision/decision-kit.ts';

import { type AdminWorld, type Answered, everything, openAdminWorld } from './world.ts';

let world: AdminWorld;
/** Proposes, approves: two people with all rights. */
let alice: string;
let bob: string;
let stranger: string;
let devices = 0;

before(async () => {
  world = await openAdminWorld();
  alice = await world.token('alice', everything);
  bob = await world.token('bob', everything);
  stranger = await world.token('eve', everything, { organisation: 'other' });
});
after(() => world.close());

/** A request that is accepted. */
interface Good {
  readonly path: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly status: number;
}

/** A farm that the desk of clusters has found. */
const farmFound = async (): Promise<string> => {
  const { clusters } = world.administration;
  assert.ok(clusters);
  if (clusters.list('grey', 1).length === 0) {
    const kept = await world.stores.outbox.append(
      farmEntries({ organisation: 'bank', app: 'corporate' }, 12, world.clock.now - 120_000),
    );
    assert.ok(kept.ok);
    await clusters.drain();
  }
  const [found] = clusters.list('grey', 1);
  assert.ok(found);
  return found.id;
};

const device = (): Promise<string> => {
  devices += 1;
  return world.enrol('bank', 'corporate', `device-${devices}`);
};

/** A proposal that waits. */
const proposed = async (): Promise<Readonly<Record<string, unknown>>> => {
  const path = `/apps/corporate/devices/${await device()}/changes`;
  const answer = await world.ask('POST', path, { token: alice, body: { action: 'unsuspend', reason: 'found again' } });
  assert.equal(answer.status, 202);
  return answer.json;
};

let customers = 0;

/** A customer who is bound, in the app of these tests. */
const bound = async (): Promise<{ readonly profile: string; readonly attempt: string }> => {
  customers += 1;
  const profile = `customer-${customers}`;
  const bank = world.bankOf('corporate');
  const number = `+91981000${String(1000 + customers * 7)}`;
  bank.directory.set(profile, number);
  const issued = await bank.service.requestToken(ask(profile, `${profile}-phone`, { number }));
  assert.ok(issued.ok);
  const caller = { attempt: issued.value.attempt, key: `${profile}-phone` };
  assert.deepEqual(await bank.service.inboundSms(smsOf(issued.value, number)), { outcome: 'counted' });
  await bank.service.reportSentItem(caller, { state: 'delivered', slot: 0 });
  const confirmed = await bank.service.confirm(caller);
  assert.ok(confirmed.ok && confirmed.value.state === 'bound');
  return { profile, attempt: issued.value.attempt };
};

const blocked = async (value: string): Promise<void> => {
  const body = { subject: 'profile', value, reason: 'reported', hours: 24 };
  assert.equal((await world.ask('POST', '/apps/corporate/binding-blocks', { token: alice, body })).status, 200);
};

const approvalPath = async (end = ''): Promise<string> =>
  `/apps/corporate/approvals/${String((await proposed())['id'])}${end}`;

/** An identity of its own. */
let sights = 0;
const identity = async (): Promise<string> => {
  sights += 1;
  const aliases = [{ source: 'vendor', digest: sights.toString(16).padStart(16, '0') }];
  const observation = { atMs: world.clock.now, aliases, attributes: {}, collision: 'distinct' } as const;
  const resolved = await world.administration.identities.resolve(corporate, observation);
  assert.ok(resolved.ok);
  return resolved.value.identity.id;
};
const outcome = async (): Promise<string> => {
  const id = await device();
  const key = { device: id, customer: 'c', route: 'r', key: 'k' };
  const request = { fingerprint: 'f', expiresAtMs: (world.clock.now + 1000) as never, retryUnknown: false };
  const scope = { organisation: 'bank', app: 'corporate' };
  const begun = await world.stores.idempotency.begin(scope, key, request, world.clock.now);
  assert.ok(begun.ok && begun.value.state === 'fresh');
  await world.stores.idempotency.markUnknown(begun.value.attempt, world.clock.now);
  return begun.value.attempt.entry;
};

const privacyScope = { organisation: 'bank', app: 'corporate' };
const chain = '0123456789abcdef';
let subjects = 0;

/** A finding about a chain that a device told of, and that device's pseudonym. */
const reported = async (): Promise<{ readonly finding: string; readonly subject: string; readonly device: string }> => {
  subjects += 1;
  const id = await device();
  const { stores, clock, administration } = world;
  const subject = `s${String(subjects).padStart(21, '0')}`;
  const tag = subjectTag(administration.keys, privacyScope, id, clock.now);
  const access = {
    api: 'web:navigator.geolocation.getCurrentPosition',
    chain,
    owner: '@ads/web',
    scene: 'login',
    isForeground: false,
    at: clock.now,
  };
  const finding = findingId('background', `web:made.up${subjects}`, chain);
  const opened = { ...openFinding('background', access), api: `web:made.up${subjects}` };
  const kept = { id: finding, finding: opened, witnesses: ['w'], stoppedBy: null, changedBy: null };
  const known = {
    chain,
    owners: { '@ads/web': ['w'] },
    ownerVersion: '1.0',
    effects: {},
    frames: [{ kind: 'js', script: 'https://bank.example/a.js', name: 'f', line: 1, column: 2 } as const],
    firstAtMs: clock.now,
    lastAtMs: clock.now,
  };
  const total = {
    day: new Date(clock.now).toISOString().slice(0, 10),
    api: access.api,
    chain,
    owner: '@ads/web',
    scene: 'login',
    isForeground: false,
    outcome: 'observed',
    calls: 3,
    firstAtMs: clock.now,
    lastAtMs: clock.now,
  };
  const atMs = clock.now;
  const puts: readonly PrivacyPut[] = [
    { kind: 'subject', id: tag, value: { subject, day: total.day }, atMs },
    { kind: 'alias', id: subject, value: { tag }, atMs },
    { kind: 'finding', id: finding, value: kept, atMs },
    { kind: 'chain', id: chain, value: known, atMs },
    { kind: 'total', id: Object.values(total).slice(0, 7).join('\n'), value: total, atMs },
  ];
  const written = await stores.privacy.commit({ changes: [{ scope: privacyScope, read: [], puts, audit: [] }] }, atMs);
  assert.ok(written.ok);
  return { finding, subject, device: id };
};

const rule = (minutes: number) => ({
  kind: 'background',
  action: 'deny',
  delayMs: null,
  minDevices: 1,
  perDay: 1,
  stopHours: 1,
  expiresAtMs: world.clock.now + minutes * 60_000,
  reason: 'too often by hand',
});

const corporate = { organisation: 'bank', app: 'corporate' };
const newDirective = {
  kind: 'privacy.stop',
  body: { stops: [{ chain: 'c1', action: 'deny' }] },
  guard: { crashesPerMillion: 500 },
  reason: 'reads the location in the background',
};
let directives = 0;

/** A draft; every one in a service of its own, so that none stands in the way of another. */
const drafted = async (): Promise<string> => {
  directives += 1;
  const body = { ...newDirective, service: `service-${directives}` };
  const answer = await world.ask('POST', '/apps/corporate/directives', { token: alice, body });
  assert.equal(answer.status, 201, JSON.stringify(answer.json));
  return String(answer.json['id']);
};

const approvedDirective = async (): Promise<string> => {
  const id = await drafted();
  assert.ok((await world.administration.directives.approve(corporate, id, 'bob')).ok);
  return id;
};

const newToken = { subject: 'carol', label: 'night shift', grants: [{ app: 'corporate', role: 'viewer' }] };

let policies = 0;

/** A document that the facts of every app allow. */
const policyDocument = (id: string): object => ({
  id,
  rules: [{ id: 'r', scenes: ['transfer'], when: 'event.amountMinor > 100', outcome: 'observe', reason: 'large' }],
});

/** A draft; every one of a policy of its own. */
const draftedPolicy = async (): Promise<{ readonly policy: string; readonly hash: string }> => {
  policies += 1;
  const policy = `policy-${policies}`;
  const body = { document: policyDocument(policy), reason: 'first' };
  const answer = await world.ask('POST', '/apps/corporate/policies', { token: alice, body });
  assert.equal(answer.status, 201, JSON.stringify(answer.json));
  return { policy, hash: String(answer.json['hash']) };
};

const keptModel = async (): Promise<string> => {
  const body = { document: { format: 'hauberk-model-1', seed: policies }, reason: 'first' };
  const answer = await world.ask('POST', '/apps/corporate/models', { token: alice, body });
  assert.equal(answer.status, 201, JSON.stringify(answer.json));
  return String(answer.json['hash']);
};

const listEntry = { id: 'DE12 3456', source: 'fraud desk', reason: 'mule' };
const stagedChange = async (): Promise<string> => {
  const body = { kind: 'payee', add: [listEntry], reason: 'reported' };
  const answer = await world.ask('POST', '/apps/corporate/lists/mules/changes', { token: alice, body });
  assert.equal(answer.status, 202, JSON.stringify(answer.json));
  const { content } = answer.json['change'] as { readonly content: { readonly change: string } };
  return content.change;
};

let events = 0;

/** A decision of a policy of its own, indexed. */
const madeDecision = async (): Promise<string> => {
  const { decisions } = world.administration;
  if (decisions.book.snapshotOf(corporate).policies.length === 0) {
    const { policy, hash } = await draftedPolicy();
    for (const action of ['shadow', 'live'] as const) {
      const step = { policy, version: 1, hash, action, reason: 'r' };
      assert.ok((await decisions.step(corporate, step, 'alice')).ok);
    }
    await decisions.keepTexts();
  }
  events += 1;
  const { id, entry } = decided(engineOf(decisions.book.snapshotOf(corporate)), corporate, eventAt(events));
  assert.ok((await world.stores.outbox.append([entry])).ok);
  await decisions.stream.drain();
  return id;
};

const alertRule = (name: string) => ({
  name,
  severity: 'low',
  scene: null,
  decisionReason: 'large',
  outcome: null,
  group: 'device',
  threshold: 1,
  windowMinutes: 1,
  expiresAtMs: world.clock.now + 86_400_000,
  response: null,
  reason: 'tried',
});

let rules = 0;

const addedAlertRule = async (): Promise<string> => {
  rules += 1;
  const added = await world.administration.decisions.alerts.approve(
    corporate,
    alertRule(`rule ${rules}`) as never,
    'bob',
  );
  assert.ok(added.ok);
  return added.value.id;
};

const raisedAlert = async (): Promise<string> => {
  const rule = await addedAlertRule();
  events += 150;
  await madeDecision();
  const found = await world.administration.decisions.alerts.list(corporate, 'open', 200);
  const id = found.find((each) => each.rule === rule)?.id;
  assert.ok(id !== undefined);
  return id;
};

const openedCase = async (): Promise<string> => {
  const body = { title: 'looked into', decisions: [await madeDecision()] };
  const answer = await world.ask('POST', '/apps/corporate/cases', { token: alice, body });
  assert.equal(answer.status, 201, JSON.stringify(answer.json));
  return String(answer.json['id']);
};

/** Operation → a request that is accepted. */
const good: Readonly<Record<string, () => Promise<Good>>> = {
  login: async () => {
    const issued = await issueStartupSecret(world.administration, true);
    assert.ok(issued.ok);
    return { path: '/login', body: { secret: issued.value.text }, status: 201 };
  },
  self: async () => ({ path: '/self', status: 200 }),
  logout: async () => ({ path: '/self', status: 200, token: await world.token('leaver', []) }),
  listRoles: async () => ({ path: '/roles', status: 200 }),
  listTokens: async () => ({ path: '/tokens', query: 'limit=2', status: 200 }),
  createToken: async () => ({ path: '/tokens', body: newToken, status: 201 }),
  findToken: async () => ({ path: `/tokens/${alice.split('_')[1]}`, status: 200 }),
  revokeToken: async () => ({ path: `/tokens/${(await world.token('x', [])).split('_')[1]}`, status: 200 }),
  listDevices: async () => ({ path: '/apps/corporate/devices', query: 'state=enrolled&tier=hardware', status: 200 }),
  findDevice: async () => ({ path: `/apps/corporate/devices/${await device()}`, status: 200 }),
  deviceSignals: async () => ({ path: `/apps/corporate/devices/${await device()}/signals`, status: 200 }),
  deviceTrap: async () => ({ path: `/apps/corporate/devices/${await device()}/trap`, status: 200 }),
  clearDeviceTrap: async () => ({
    path: `/apps/corporate/devices/${await device()}/trap/clear`,
    body: { reason: 'a mistake' },
    status: 200,
  }),
  listSignalReports: async () => ({ path: `/apps/corporate/devices/${await device()}/signal-reports`, status: 200 }),
  changeDevice: async () => ({
    path: `/apps/corporate/devices/${await device()}/changes`,
    body: { action: 'suspend', reason: 'reported' },
    headers: { 'if-match': '"1"' },
    status: 200,
  }),
  changeDevices: async () => ({
    path: '/apps/corporate/device-changes',
    body: { action: 'suspend', reason: 'reported', devices: [await device(), await device()] },
    status: 200,
  }),
  deviceVerdict: async () => ({
    path: `/apps/corporate/devices/${await device()}/verdict`,
    query: 'nonce=what-was-asked',
    status: 200,
  }),
  verdictKeys: async () => ({ path: '/verdict-keys', status: 200 }),
  findIdentity: async () => ({ path: `/apps/corporate/devices/${await identity()}/identity`, status: 200 }),
  changeIdentity: async () => ({
    path: `/apps/corporate/devices/${await identity()}/identity-changes`,
    body: { action: 'merge', other: await identity(), reason: 'one phone' },
    status: 200,
  }),
  resolveIdentity: async () => ({
    path: '/apps/corporate/identities',
    body: { aliases: [{ source: 'vendor', id: 'x' }], attributes: { model: 'a' }, platform: 'android' },
    status: 200,
  }),
  issueStatementChallenge: async () => ({ path: '/apps/corporate/statement-challenges', status: 201 }),
  verifyStatement: async () => ({
    path: '/apps/corporate/statements/verify',
    body: {
      statement: 'x',
      kind: 'sign',
      service: 'api',
      publicKey: 'B'.repeat(87),
      challenge: 'A'.repeat(43),
      dataSha256: 'A'.repeat(43),
    },
    status: 200,
  }),
  listBindings: async () => {
    const { profile } = await bound();
    return { path: '/apps/corporate/bindings', query: `profile=${profile}&live=true`, status: 200 };
  },
  listBindingAttempts: async () => {
    await bound();
    return { path: '/apps/corporate/binding-attempts', query: 'limit=5&state=bound&open=false', status: 200 };
  },
  explainBinding: async () => ({ path: `/apps/corporate/bindings/${(await bound()).attempt}`, status: 200 }),
  endBinding: async () => ({
    path: '/apps/corporate/binding-ends',
    body: { ...(await bound()), reason: 'the customer asked at the counter' },
    status: 202,
  }),
  listBindingBlocks: async () => {
    await blocked('mallory');
    return { path: '/apps/corporate/binding-blocks', status: 200 };
  },
  addBindingBlock: async () => ({
    path: '/apps/corporate/binding-blocks',
    body: { subject: 'device', value: 'A'.repeat(22), reason: 'reported', hours: 48 },
    status: 200,
  }),
  liftBindingBlock: async () => {
    await blocked('malory');
    const body = { subject: 'profile', value: 'malory', reason: 'mistaken' };
    return { path: '/apps/corporate/binding-block-lifts', body, status: 202 };
  },
  listVmns: async () => ({ path: '/apps/corporate/vmns', status: 200 }),
  findNumber: async () => ({
    path: '/apps/corporate/customer-numbers',
    body: { profile: (await bound()).profile, reason: 'a call from the branch' },
    status: 200,
  }),
  listApprovals: async () => ({ path: '/apps/corporate/approvals', query: 'sort=created&limit=5', status: 200 }),
  findApproval: async () => ({ path: await approvalPath(), status: 200 }),
  editApproval: async () => {
    const { id, change } = await proposed();
    const { content } = change as { readonly content: object };
    const edited = { kind: 'device.change', content: { ...content, reason: 'another reason' } };
    return {
      path: `/apps/corporate/approvals/${String(id)}`,
      body: edited,
      headers: { 'if-match': '"1"' },
      status: 200,
    };
  },
  approve: async () => {
    const { id, changeHash } = await proposed();
    return { path: `/apps/corporate/approvals/${String(id)}/approve`, body: { changeHash }, token: bob, status: 200 };
  },
  reject: async () => ({ path: await approvalPath('/reject'), body: { note: 'no' }, token: bob, status: 200 }),
  withdraw: async () => ({ path: await approvalPath('/withdraw'), status: 200 }),
  execute: async () => {
    const { id, changeHash } = await proposed();
    const path = `/apps/corporate/approvals/${String(id)}`;
    await world.ask('POST', `${path}/approve`, { token: bob, body: { changeHash } });
    return { path: `${path}/execute`, status: 200 };
  },
  listPrivacyFindings: async () => {
    await reported();
    return { path: '/apps/corporate/privacy/findings', query: 'state=open&kind=background&limit=2', status: 200 };
  },
  findPrivacyFinding: async () => ({
    path: `/apps/corporate/privacy/findings/${(await reported()).finding}`,
    status: 200,
  }),
  decidePrivacyFinding: async () => ({
    path: `/apps/corporate/privacy/findings/${(await reported()).finding}/decisions`,
    body: { action: 'accept', days: 5, reason: 'known, and gone with the next release' },
    status: 200,
  }),
  listPrivacyChains: async () => {
    await reported();
    return { path: '/apps/corporate/privacy/chains', query: 'limit=2', status: 200 };
  },
  findPrivacyChain: async () => {
    await reported();
    return { path: `/apps/corporate/privacy/chains/${chain}`, status: 200 };
  },
  listPrivacyStops: async () => ({ path: '/apps/corporate/privacy/stops', status: 200 }),
  stopPrivacyChain: async () => {
    await reported();
    const body = { chain, action: 'deny', reason: 'in the background' };
    return { path: '/apps/corporate/privacy/stops', body, status: 200 };
  },
  resumePrivacyChain: async () => {
    await reported();
    const body = { chain, action: 'deny', reason: 'in the background' };
    await world.ask('POST', '/apps/corporate/privacy/stops', { token: alice, body });
    return { path: '/apps/corporate/privacy/resumptions', body: { chain, reason: 'mistaken' }, status: 200 };
  },
  listPrivacyRules: async () => ({ path: '/apps/corporate/privacy/rules', status: 200 }),
  proposePrivacyRule: async () => ({ path: '/apps/corporate/privacy/rules', body: rule(60), status: 202 }),
  endPrivacyRule: async () => {
    const { rules } = world.administration.privacyOf(privacyScope);
    subjects += 1;
    const content = { ...rule(60 + subjects), kind: 'background', action: 'deny' } as const;
    const approved = await rules.approve(privacyScope, content, { id: String(subjects), actor: 'alice and bob' });
    assert.ok(approved.ok);
    const body = { rule: approved.value.id, reason: 'no longer needed' };
    return { path: '/apps/corporate/privacy/rule-ends', body, status: 200 };
  },
  privacyMatrix: async () => {
    await reported();
    return { path: '/apps/corporate/privacy/matrix', query: 'days=7', status: 200 };
  },
  findPrivacySubject: async () => ({
    path: `/apps/corporate/privacy/subjects/${(await reported()).subject}`,
    status: 200,
  }),
  findPrivacySubjectOfDevice: async () => ({
    path: `/apps/corporate/privacy/devices/${(await reported()).device}/subject`,
    status: 200,
  }),
  listConsentKeys: async () => ({ path: '/apps/corporate/privacy/consent-keys', status: 200 }),
  erasePrivacySubject: async () => ({
    path: '/apps/corporate/privacy/erasures',
    body: { subject: (await reported()).subject, reason: 'asked for it' },
    status: 200,
  }),
  listDirectives: async () => {
    await drafted();
    return { path: '/apps/corporate/directives', query: 'limit=5&state=drafted', status: 200 };
  },
  findDirective: async () => ({ path: `/apps/corporate/directives/${await drafted()}`, status: 200 }),
  draftDirective: async () => ({ path: '/apps/corporate/directives', body: newDirective, status: 201 }),
  approveDirective: async () => ({ path: `/apps/corporate/directives/${await drafted()}/approve`, status: 202 }),
  stageDirective: async () => {
    const id = await approvedDirective();
    return { path: `/apps/corporate/directives/${id}/stage`, headers: { 'if-match': '"2"' }, status: 200 };
  },
  haltDirective: async () => {
    const id = await approvedDirective();
    assert.ok((await world.administration.directives.stage(corporate, id, 'alice')).ok);
    return { path: `/apps/corporate/directives/${id}/halt`, body: { reason: 'second thoughts' }, status: 200 };
  },
  revertDirective: async () => {
    const id = await approvedDirective();
    for (const _share of [10, 50, 250, 1000])
      assert.ok((await world.administration.directives.stage(corporate, id, 'alice')).ok);
    return { path: `/apps/corporate/directives/${id}/revert`, body: { reason: 'not needed' }, status: 200 };
  },
  killDirectives: async () => ({
    path: '/apps/corporate/directive-kills',
    body: { kinds: ['*'], reason: 'at night' },
    status: 200,
  }),
  checkPolicy: async () => ({
    path: '/apps/corporate/policy-checks',
    body: { document: policyDocument('tried') },
    status: 200,
  }),
  listPolicies: async () => {
    await draftedPolicy();
    return { path: '/apps/corporate/policies', query: 'state=draft', status: 200 };
  },
  draftPolicy: async () => ({
    path: '/apps/corporate/policies',
    body: { document: policyDocument('drafted'), reason: 'first' },
    status: 201,
  }),
  findPolicy: async () => ({ path: `/apps/corporate/policies/${(await draftedPolicy()).policy}/1`, status: 200 }),
  stepPolicy: async () => {
    const { policy, hash } = await draftedPolicy();
    const body = { action: 'shadow', hash, reason: 'to be watched' };
    return { path: `/apps/corporate/policies/${policy}/1/steps`, body, status: 200 };
  },
  listModels: async () => {
    await keptModel();
    return { path: '/apps/corporate/models', status: 200 };
  },
  findModel: async () => ({ path: `/apps/corporate/models/${await keptModel()}`, status: 200 }),
  keepModel: async () => ({
    path: '/apps/corporate/models',
    body: { document: { format: 'hauberk-model-1' }, reason: 'first' },
    status: 201,
  }),
  activateModel: async () => ({
    path: '/apps/corporate/model-activations',
    body: { model: await keptModel(), reason: 'better' },
    status: 202,
  }),
  dropModel: async () => ({
    path: '/apps/corporate/model-drops',
    body: { model: await keptModel(), reason: 'worse' },
    status: 200,
  }),
  listDecisionLists: async () => ({ path: '/apps/corporate/lists', status: 200 }),
  listDecisionListEntries: async () => {
    const { lists } = world.administration.decisions;
    const add = [{ member: '0123456789abcdef', source: 's', reason: 'r', expiresAtMs: null }];
    const change = { list: 'cards', kind: 'card', add, remove: [] };
    assert.ok((await lists.add(corporate, change, { actor: 'rule x', reason: 'r' })).ok);
    return { path: '/apps/corporate/lists/cards/entries', status: 200 };
  },
  changeDecisionList: async () => ({
    path: '/apps/corporate/lists/mules/changes',
    body: { kind: 'payee', add: [listEntry], reason: 'reported' },
    status: 202,
  }),
  findDecisionListChange: async () => ({ path: `/apps/corporate/list-changes/${await stagedChange()}`, status: 200 }),
  listDecisions: async () => {
    await madeDecision();
    return { path: '/apps/corporate/decisions', query: 'outcome=observe&limit=1', status: 200 };
  },
  findDecision: async () => ({ path: `/apps/corporate/decisions/${await madeDecision()}`, status: 200 }),
  explainDecision: async () => ({ path: `/apps/corporate/decisions/${await madeDecision()}/why`, status: 200 }),
  readDecisionRecords: async () => {
    await madeDecision();
    return { path: '/apps/corporate/decision-records', query: 'limit=1', status: 200 };
  },
  findDecisionText: async () => {
    await madeDecision();
    const [live] = world.administration.decisions.book.snapshotOf(corporate).policies;
    return { path: `/apps/corporate/decision-texts/policy-${live?.hash.slice(0, 32) ?? ''}`, status: 200 };
  },
  intelligenceStatus: async () => ({ path: '/intelligence', status: 200 }),
  addIntelligence: async () => ({
    path: '/intelligence/6e2b1d5c-0a3f-4a57-8f3e-2d7b8a9c0e11/objects',
    body: { objects: [{ type: 'indicator' }] },
    status: 200,
  }),
  shareIntelligence: async () => ({
    path: '/intelligence/6e2b1d5c-0a3f-4a57-8f3e-2d7b8a9c0e11/shares',
    body: { partner: 'bank-b', cluster: 'farm-1', entities: [{ kind: 'phone', id: '+8613800138000' }] },
    status: 200,
  }),
  listClusters: async () => {
    await farmFound();
    return { path: '/apps/corporate/clusters', query: 'grade=watch', status: 200 };
  },
  findCluster: async () => ({ path: `/apps/corporate/clusters/${await farmFound()}`, status: 200 }),
  proposeClusterList: async () => ({
    path: `/apps/corporate/clusters/${await farmFound()}/list-proposals`,
    body: { list: 'black-devices', days: 30, reason: 'a farm' },
    status: 202,
  }),
  listAlertRules: async () => {
    await addedAlertRule();
    return { path: '/apps/corporate/alert-rules', status: 200 };
  },
  addAlertRule: async () => ({ path: '/apps/corporate/alert-rules', body: alertRule('added'), status: 200 }),
  endAlertRule: async () => ({
    path: '/apps/corporate/alert-rule-ends',
    body: { rule: await addedAlertRule(), reason: 'enough' },
    status: 200,
  }),
  listAlerts: async () => ({ path: '/apps/corporate/alerts', query: 'state=open&limit=3', status: 200 }),
  stepAlert: async () => ({
    path: `/apps/corporate/alerts/${await raisedAlert()}/steps`,
    body: { action: 'close', note: 'seen' },
    status: 200,
  }),
  listCases: async () => {
    await openedCase();
    return { path: '/apps/corporate/cases', query: 'state=open&owner=alice', status: 200 };
  },
  openCase: async () => ({
    path: '/apps/corporate/cases',
    body: { title: 'looked into', decisions: [await madeDecision()] },
    status: 201,
  }),
  findCase: async () => ({ path: `/apps/corporate/cases/${await openedCase()}`, status: 200 }),
  stepCase: async () => ({
    path: `/apps/corporate/cases/${await openedCase()}/steps`,
    body: { action: 'close', outcome: 'honest', text: 'all well' },
    status: 200,
  }),
  listAudit: async () => ({ path: '/apps/corporate/audit', query: 'limit=3&after=0', status: 200 }),
  listOrganisationAudit: async () => ({ path: '/audit', status: 200 }),
  listUnknownOutcomes: async () => {
    await outcome();
    return { path: '/apps/corporate/unknown-outcomes', status: 200 };
  },
  settleUnknownOutcome: async () => ({
    path: `/apps/corporate/unknown-outcomes/${await outcome()}`,
    body: { settlement: 'executed' },
    status: 200,
  }),
};

const send = ({ path, query, body, headers }: Good, operation: Operation, over: object = {}): Promise<Answered> =>
  world.ask(operation.method, query === undefined ? path : `${path}?${query}`, {
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
    ...over,
  });

const refused = (answer: Answered, operation: Operation, code: string): void => {
  assert.equal(answer.json['code'], code, JSON.stringify(answer.json));
  const problem = adminProblems[code as keyof typeof adminProblems];
  assert.equal(answer.status, problem.status);
  assert.equal(answer.json['title'], problem.title);
  assert.ok(answer.headers.get('content-type')?.startsWith('application/problem+json'));
  assert.deepEqual(z.parse(problemSchema, answer.json), answer.json);
  assert.ok((problemsOf(operation) as readonly string[]).includes(code), `${operation.id} does not tell of ${code}`);
};

const pointers = (answer: Answered): readonly string[] =>
  ((answer.json['errors'] ?? []) as readonly { readonly in: string; readonly pointer: string }[]).map(
    (error) => `${error.in}${error.pointer}`,
  );

/** Every right but one. */
const allBut = (area: string, verb: string) =>
  areas
    .flatMap((each) => verbs.map((other) => `${each}:${other}`))
    .filter((right) => right !== `${area}:${verb}`)
    .map((role) => ({ app: '*', role }));

test('the table holds every operation and no other', () => {
  assert.deepEqual(Object.keys(good).toSorted(), operations.map(({ id }) => id).toSorted());
});

for (const operation of operations) {
  const { id, access } = operation;
  const make = async (): Promise<Good> => {
    const made = good[id];
    assert.ok(made !== undefined);
    return made();
  };
  describe(id, () => {
    test('is answered as documented, with nothing beyond that', async () => {
      const request = await make();
      const answer = await send(request, operation, access.kind === 'open' ? {} : { token: request.token ?? alice });
      assert.equal(answer.status, request.status, JSON.stringify(answer.json));
      const schema = operation.replies[answer.status]?.schema;
      assert.ok(schema !== undefined);
      assert.deepEqual(z.parse(schema, answer.json), answer.json);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    });

    test('what is not known is refused with a pointer', async () => {
      const request = await make();
      const token = request.token ?? alice;
      const query = await send({ ...request, query: 'surprise=1' }, operation, { token });
      refused(query, operation, 'malformed');
      assert.deepEqual(pointers(query), ['query/surprise']);
      const twice = await send({ ...request, query: 'limit=1&limit=2' }, operation, { token });
      refused(twice, operation, 'malformed');
      if (operation.body === undefined) return;
      const body = await send({ ...request, body: { ...(request.body as object), surprise: 1 } }, operation, { token });
      refused(body, operation, 'malformed');
      assert.deepEqual(pointers(body), ['body/surprise']);
      for (const text of ['', '{', '[]', '{"a":1,"a":2}', '"x"', '{"__proto__":1}'])
        refused(await send({ ...request, body: text }, operation, { token }), operation, 'malformed');
    });

    if (operation.body !== undefined)
      test('takes no other media type and no more than its bound', async () => {
        const request = await make();
        const token = request.token ?? alice;
        const headers = { ...request.headers, 'content-type': 'text/plain' };
        refused(await send({ ...request, headers }, operation, { token }), operation, 'unsupported');
        const large = await send(
          { ...request, body: `{"a":"${'x'.repeat((operation.bodyLimits?.bytes ?? 65_536) + 4096)}"}` },
          operation,
          { token },
        );
        refused(large, operation, 'too-large');
      });

    test('a page of another site is refused', async () => {
      const request = await make();
      const token = request.token ?? alice;
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
        refused(
          await send({ ...request, headers: { ...request.headers, ...headers } }, operation, { token }),
          operation,
          'cross-site',
        );
    });

    if (access.kind === 'open') return;

    test('without a good token nobody is let in, and all look alike', async () => {
      const request = await make();
      const [, tokenId = ''] = alice.split('_');
      const tokens = [
        undefined,
        'nonsense',
        `hbk_${tokenId}_${'A'.repeat(43)}`,
        `hbk_${'0'.repeat(20)}_${'A'.repeat(43)}`,
        await world.token('late', everything, { expiresAtMs: world.clock.now }),
      ];
      for (const token of tokens) {
        // Each from its own second: failed logins of one address are limited.
        world.clock.now = (world.clock.now + 60_000) as typeof world.clock.now;
        const answer = await send(request, operation, { token });
        refused(answer, operation, 'login-required');
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
        const { instance: _instance, ...rest } = answer.json;
        assert.deepEqual(Object.keys(rest).toSorted(), ['code', 'status', 'title', 'type']);
      }
    });

    if (access.kind === 'token') return;

    test('without the right it is refused, whatever else the token may do', async () => {
      const request = await make();
      const token = await world.token('lacking', allBut(access.area, access.verb));
      const answer = await send(request, operation, { token });
      refused(answer, operation, 'right-missing');
      assert.match(String(answer.json['right']), new RegExp(`^${access.area}:${access.verb} on `));
      const elsewhere = [{ app: 'retail', role: 'administrator' }];
      refused(await send(request, operation, { token: await world.token('x', elsewhere) }), operation, 'right-missing');
    });

    test('to another organisation nothing of it exists', async () => {
      const request = await make();
      const foreign = await send(request, operation, { token: stranger });
      const named = operation.path.includes('{token}');
      if (access.kind === 'app' || named) refused(foreign, operation, 'not-found');
      // The same id under an app of its own name is not there either.
      const moved = { ...request, path: request.path.replace('/apps/corporate/', '/apps/retail/') };
      if (/\{(device|approval|entry)\}/.test(operation.path))
        refused(await send(moved, operation, { token: stranger }), operation, 'not-found');
    });

    // Policies and lists have names that people gave; what has none of them is in decisions.test.ts.
    if (/\{(?!app|policy|version|list)/.test(operation.path))
      test('what has no such id is not there', async () => {
        const request = await make();
        const last =
          request.path.split('/').find((part) => /^(?:[0-9a-f]{16}|[0-9a-f]{20}|[A-Za-z0-9_-]{22,})$/.test(part)) ?? '';
        assert.ok(last.length >= 16);
        const absent = (last.length <= 20 ? 'f' : 'A').repeat(last.length);
        for (const wrong of [absent, 'x', '%00', '..%2f..', '*'])
          refused(
            await send({ ...request, path: request.path.replace(last, wrong) }, operation, {
              token: request.token ?? alice,
            }),
            operation,
            'not-found',
          );
      });
  });
}

test('no other path and no other method is served', async () => {
  assert.equal((await world.ask('GET', '/nothing', { token: alice })).json['code'], 'not-found');
  assert.equal((await world.ask('PUT', '/self', { token: alice })).json['code'], 'method-not-allowed');
  assert.equal((await world.ask('GET', `/self?${'a=1&'.repeat(2000)}`, { token: alice })).json['code'], 'malformed');
  assert.equal((await fetch(`${world.url}/admin/v2/self`)).status, 421);
  const document = await fetch(`${world.url}/admin/v1/openapi.json`);
  assert.equal(document.status, 200);
  assert.equal(typeof (await document.json()), 'object');
});
