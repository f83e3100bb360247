/** Operations on alerts and cases. */
import type { Result } from '@hauberk/primitives';
import { z } from 'zod';
import type { CaseStep } from '../decision/case-book.ts';
import { alertStates } from '../decision/case-rows.ts';
import { type AdminRefusal, deny } from './admin-problem.ts';
import { alertRuleContentSchema } from './case-content.ts';
import {
  alertRuleDocument,
  alertRuleEndSchema,
  alertRuleSchema,
  alertRulesSchema,
  alertSchema,
  alertStepSchema,
  alertsSchema,
  caseSchema,
  caseStepSchema,
  casesSchema,
  type NewCaseStep,
  newCaseSchema,
} from './case-documents.ts';
import { decisionRefusal } from './decision-operations.ts';
import { changeOrPropose, scopeOf } from './device-operations.ts';
import { approvalSchema, defaultPage, pageQuery } from './documents.ts';
import { type AdminReply, type Operation, operation, reply } from './operation.ts';
import { missingRight, propose } from './proposed-change.ts';
import { rightText } from './right.ts';

const reads = { kind: 'app', area: 'decisions', verb: 'read' } as const;
const writes = { kind: 'app', area: 'decisions', verb: 'write' } as const;
const { limit } = pageQuery;

const answer = <Value>(
  status: number,
  result: Result<Value, string>,
  document: (value: Value) => unknown,
): AdminReply | AdminRefusal => (result.ok ? reply(status, document(result.value)) : decisionRefusal(result));
const same = <Value>(value: Value): Value => value;

const listAlertRules: Operation = operation({
  id: 'listAlertRules',
  method: 'GET',
  path: '/apps/{app}/alert-rules',
  tag: 'decisions',
  summary: 'Rules over decisions, ended ones too.',
  access: reads,
  replies: { 200: { description: 'All of them.', schema: alertRulesSchema } },
  run: async ({ administration, path }, caller) =>
    reply(200, { items: (await administration.decisions.alerts.rules(scopeOf(caller, path))).map(alertRuleDocument) }),
});

const expiredRule = (expiresAtMs: number): AdminRefusal =>
  deny('malformed', {
    detail: 'rule-expired',
    errors: [
      {
        in: 'body',
        pointer: '/expiresAtMs',
        message: `${expiresAtMs} is ${new Date(expiresAtMs).toISOString()}, which has passed`,
      },
    ],
  });

const addAlertRule: Operation = operation({
  id: 'addAlertRule',
  method: 'POST',
  path: '/apps/{app}/alert-rules',
  tag: 'decisions',
  summary: 'Puts a rule in force; one that answers by itself is proposed: two people must agree on exactly this rule.',
  access: writes,
  body: alertRuleContentSchema,
  replies: {
    200: { description: 'In force.', schema: alertRuleSchema },
    202: { description: 'Proposed: somebody else must approve it.', schema: approvalSchema },
  },
  problems: ['decision-state', 'approvals-full'],
  run: async ({ administration, now, path, body }, caller) => {
    const scope = scopeOf(caller, path);
    // Before anybody is asked to approve what would never count.
    if (body.expiresAtMs <= now) return expiredRule(body.expiresAtMs);
    if (body.response !== null) {
      const change = { kind: 'alert.rule', content: { ...body } } as const;
      const missing = missingRight(administration, caller.grants, change, scope.app);
      if (missing !== undefined)
        return deny('right-missing', missing === 'unknown' ? {} : { right: rightText(missing) });
      return propose(administration, scope, change, caller);
    }
    return answer(200, await administration.decisions.alerts.approve(scope, body, caller.subject), alertRuleDocument);
  },
});

const endAlertRule: Operation = operation({
  id: 'endAlertRule',
  method: 'POST',
  path: '/apps/{app}/alert-rule-ends',
  tag: 'decisions',
  summary:
    'Ends a rule and takes back what it put on its list. Devices that it suspended come back as devices do: where that needs two people, it is proposed.',
  access: writes,
  body: alertRuleEndSchema,
  replies: {
    200: { description: 'The rule.', schema: alertRuleSchema },
    202: { description: 'Ended; somebody else must approve that its devices come back.', schema: approvalSchema },
  },
  problems: ['decision-state', 'approvals-full'],
  run: async ({ administration, path, body }, caller) => {
    const { alerts } = administration.decisions;
    const scope = scopeOf(caller, path);
    const ended = await alerts.end(scope, body.rule, body.reason, caller.subject);
    if (!ended.ok) return decisionRefusal(ended);
    const devices = await alerts.answers.suspended(scope, ended.value);
    const back = { action: 'unsuspend', reason: `rule ${body.rule} ended`, devices } as const;
    const change = { kind: 'device.change', content: back } as const;
    // Whoever may not touch devices ends the rule all the same; its devices come back when their days are over.
    if (devices.length > 0 && missingRight(administration, caller.grants, change, scope.app) === undefined) {
      const given = await changeOrPropose(administration, scope, back, caller);
      if (!given.ok || given.status === 202) return given;
    }
    return reply(200, alertRuleDocument(ended.value));
  },
});

const listAlerts: Operation = operation({
  id: 'listAlerts',
  method: 'GET',
  path: '/apps/{app}/alerts',
  tag: 'decisions',
  summary: 'Alerts, the newest first.',
  access: reads,
  query: { limit, state: z.enum(alertStates).optional() },
  replies: { 200: { description: 'The newest of them.', schema: alertsSchema } },
  run: async ({ administration, path, query }, caller) => {
    const { alerts } = administration.decisions;
    return reply(200, { items: await alerts.list(scopeOf(caller, path), query.state, query.limit ?? defaultPage) });
  },
});

const stepAlert: Operation = operation({
  id: 'stepAlert',
  method: 'POST',
  path: '/apps/{app}/alerts/{alert}/steps',
  tag: 'decisions',
  summary: 'Acknowledges or closes an alert.',
  access: writes,
  body: alertStepSchema,
  replies: { 200: { description: 'The alert.', schema: alertSchema } },
  problems: ['decision-state'],
  run: async ({ administration, path, body }, caller) => {
    const { alerts } = administration.decisions;
    const state = body.action === 'close' ? 'closed' : 'acknowledged';
    return answer(
      200,
      await alerts.step(scopeOf(caller, path), path['alert'] ?? '', state, body.note, caller.subject),
      same,
    );
  },
});

const listCases: Operation = operation({
  id: 'listCases',
  method: 'GET',
  path: '/apps/{app}/cases',
  tag: 'decisions',
  summary: 'Cases, the newest first.',
  access: reads,
  query: {
    limit,
    state: z.enum(['open', 'closed']).optional(),
    owner: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/)
      .optional(),
  },
  replies: { 200: { description: 'The newest of them.', schema: casesSchema } },
  run: async ({ administration, path, query }, caller) => {
    const { limit: most = defaultPage, ...asked } = query;
    return reply(200, { items: await administration.decisions.cases.list(scopeOf(caller, path), asked, most) });
  },
});

const openCase: Operation = operation({
  id: 'openCase',
  method: 'POST',
  path: '/apps/{app}/cases',
  tag: 'decisions',
  summary: 'Opens a case over decisions, or over those of an alert.',
  access: writes,
  body: newCaseSchema,
  replies: { 201: { description: 'The case.', schema: caseSchema } },
  problems: ['decision-state'],
  run: async ({ administration, path, body }, caller) => {
    const { title, decisions = [], alert } = body;
    return answer(
      201,
      await administration.decisions.cases.open(scopeOf(caller, path), { title, decisions, alert }, caller.subject),
      same,
    );
  },
});

const findCase: Operation = operation({
  id: 'findCase',
  method: 'GET',
  path: '/apps/{app}/cases/{case}',
  tag: 'decisions',
  summary: 'A case with its notes.',
  access: reads,
  replies: { 200: { description: 'The case.', schema: caseSchema } },
  run: async ({ administration, path }, caller) => {
    const found = await administration.decisions.cases.find(scopeOf(caller, path), path['case'] ?? '');
    return found === undefined ? deny('not-found') : reply(200, found);
  },
});

const stepOf = ({ action, owner = '', text = '', outcome = 'unclear' }: NewCaseStep): CaseStep => {
  if (action === 'assign') return { action, owner };
  return action === 'close' ? { action, outcome, text } : { action, text };
};

const stepCase: Operation = operation({
  id: 'stepCase',
  method: 'POST',
  path: '/apps/{app}/cases/{case}/steps',
  tag: 'decisions',
  summary: 'Assigns, notes, closes with an outcome, or opens again.',
  access: writes,
  body: caseStepSchema,
  replies: { 200: { description: 'The case.', schema: caseSchema } },
  problems: ['decision-state'],
  run: async ({ administration, path, body }, caller) => {
    const { cases } = administration.decisions;
    return answer(200, await cases.step(scopeOf(caller, path), path['case'] ?? '', stepOf(body), caller.subject), same);
  },
});

/** Operations on alerts and cases. */
export const caseOperations: readonly Operation[] = [
  listAlertRules,
  addAlertRule,
  endAlertRule,
  listAlerts,
  stepAlert,
  listCases,
  openCase,
  findCase,
  stepCase,
];
