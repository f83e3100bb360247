/** Operations on privacy that decide something: findings, stops, response rules, erasure. */
import type { Result } from '@hauberk/primitives';
import type { RuleContent } from '../privacy/response-rules.ts';
import type { StopOrder } from '../privacy/stop-chains.ts';
import { type AdminProblemCode, type AdminRefusal, deny } from './admin-problem.ts';
import { scopeOf } from './device-operations.ts';
import { approvalSchema } from './documents.ts';
import { type AdminReply, type Operation, operation, reply } from './operation.ts';
import { ruleContentSchema, stopOrderSchema } from './privacy-content.ts';
import {
  erasedSchema,
  erasureSchema,
  findingDecisionSchema,
  findingDocument,
  findingSchema,
  oneRuleSchema,
  resumeSchema,
  ruleEndSchema,
  stoppedSchema,
} from './privacy-documents.ts';
import { privacyOf } from './privacy-operations.ts';
import { propose } from './proposed-change.ts';

const writes = { kind: 'app', area: 'privacy', verb: 'write' } as const;
const proposed = { description: 'Proposed: somebody else must approve it.', schema: approvalSchema };

const problemOf: Readonly<Record<string, AdminProblemCode>> = {
  'finding-unknown': 'not-found',
  'chain-unknown': 'not-found',
  'stop-unknown': 'not-found',
  'rule-unknown': 'not-found',
  'subject-unknown': 'not-found',
  'finding-state': 'privacy-state',
  'stops-full': 'privacy-state',
  'privacy-conflict': 'privacy-state',
};

const answer = <Value>(
  result: Result<Value, string>,
  document: (value: Value) => unknown,
): AdminReply | AdminRefusal => {
  if (result.ok) return reply(200, document(result.value));
  const code = problemOf[result.code];
  return code === undefined ? deny('overloaded') : deny(code, { detail: result.detail ?? result.code });
};

const same = <Value>(value: Value): Value => value;

const decidePrivacyFinding: Operation = operation({
  id: 'decidePrivacyFinding',
  method: 'POST',
  path: '/apps/{app}/privacy/findings/{finding}/decisions',
  tag: 'privacy',
  summary: 'Accepts a finding for a while, or says that a release is without it: seen again, it is open again.',
  access: writes,
  body: findingDecisionSchema,
  replies: { 200: { description: 'The finding.', schema: findingSchema } },
  problems: ['privacy-state'],
  run: async (call, caller) => {
    const { action, reason, days } = call.body;
    const decision = action === 'accept' ? ({ action, days: days ?? 1 } as const) : ({ action } as const);
    const decided = await privacyOf(call, caller).decide(call.path['finding'] ?? '', decision, reason, caller.subject);
    return answer(decided, findingDocument);
  },
});

/** Without members that say nothing: the content is hashed. */
export const stopContent = (order: StopOrder): StopOrder =>
  Object.fromEntries(Object.entries(order).filter(([, value]) => value !== undefined)) as unknown as StopOrder;

const stopPrivacyChain: Operation = operation({
  id: 'stopPrivacyChain',
  method: 'POST',
  path: '/apps/{app}/privacy/stops',
  tag: 'privacy',
  summary:
    'Stops a chain on devices by a signed directive. Look at the chain first: its preview tells what this meets.',
  access: writes,
  body: stopOrderSchema,
  replies: { 200: { description: 'Stopped.', schema: stoppedSchema }, 202: proposed },
  problems: ['privacy-state', 'approvals-full'],
  run: async (call, caller) => {
    const { administration, path, body } = call;
    const privacy = privacyOf(call, caller);
    const scope = scopeOf(caller, path);
    if ((await privacy.chain(body.chain)) === undefined) return deny('not-found');
    const content = stopContent(body);
    if (privacy.stopsNeedTwo) return propose(administration, scope, { kind: 'privacy.stop', content }, caller);
    return answer(await privacy.stops.stop(scope, content, caller.subject), same);
  },
});

const resumePrivacyChain: Operation = operation({
  id: 'resumePrivacyChain',
  method: 'POST',
  path: '/apps/{app}/privacy/resumptions',
  tag: 'privacy',
  summary: 'Lets a stopped chain go on; its findings are open again.',
  access: writes,
  body: resumeSchema,
  replies: { 200: { description: 'It goes on.', schema: stoppedSchema } },
  problems: ['privacy-state'],
  run: async (call, caller) => {
    const { chain, reason } = call.body;
    const scope = scopeOf(caller, call.path);
    return answer(await privacyOf(call, caller).stops.resume(scope, chain, reason, caller.subject), same);
  },
});

const proposePrivacyRule: Operation = operation({
  id: 'proposePrivacyRule',
  method: 'POST',
  path: '/apps/{app}/privacy/rules',
  tag: 'privacy',
  summary: 'Proposes a response rule: what it stops later needs nobody, so two people must always agree on the rule.',
  access: writes,
  body: ruleContentSchema,
  replies: { 202: proposed },
  problems: ['approvals-full'],
  run: ({ administration, path, body }, caller) => {
    const content: RuleContent = { ...body };
    return propose(administration, scopeOf(caller, path), { kind: 'privacy.rule', content }, caller);
  },
});

const endPrivacyRule: Operation = operation({
  id: 'endPrivacyRule',
  method: 'POST',
  path: '/apps/{app}/privacy/rule-ends',
  tag: 'privacy',
  summary: 'Ends a response rule and everything that it stopped.',
  access: writes,
  body: ruleEndSchema,
  replies: { 200: { description: 'The rule.', schema: oneRuleSchema } },
  problems: ['privacy-state'],
  run: async (call, caller) => {
    const { rule, reason } = call.body;
    const scope = scopeOf(caller, call.path);
    return answer(await privacyOf(call, caller).rules.revoke(scope, rule, reason, caller.subject), same);
  },
});

const erasePrivacySubject: Operation = operation({
  id: 'erasePrivacySubject',
  method: 'POST',
  path: '/apps/{app}/privacy/erasures',
  tag: 'privacy',
  summary: 'Erases what leads from a device to its pseudonym, and what hangs on that person alone. Cannot be undone.',
  access: writes,
  body: erasureSchema,
  replies: { 200: { description: 'Erased.', schema: erasedSchema } },
  problems: ['privacy-state'],
  run: async (call, caller) => {
    const { subject, device, reason } = call.body;
    const name = subject === undefined ? { device: device ?? '' } : { subject };
    return answer(await privacyOf(call, caller).erase(name, reason, caller.subject), same);
  },
});

/** Operations on privacy that decide something. */
export const privacyChangeOperations: readonly Operation[] = [
  decidePrivacyFinding,
  stopPrivacyChain,
  resumePrivacyChain,
  proposePrivacyRule,
  endPrivacyRule,
  erasePrivacySubject,
];
