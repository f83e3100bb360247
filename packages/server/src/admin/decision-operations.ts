/** Operations on what is decided by: policies, lists, models. */
import type { JsonValue, Result } from '@hauberk/primitives';
import { z } from 'zod';
import type { PolicyFaultTold } from '../decision/policy-check.ts';
import { policyStates } from '../decision/policy-life.ts';
import type { PolicyStepContent } from '../decision/policy-office.ts';
import { type AdminProblemCode, type AdminRefusal, deny } from './admin-problem.ts';
import {
  modelActivationSchema,
  modelDetailSchema,
  modelDocument,
  modelDoneSchema,
  modelDropSchema,
  modelSchema,
  modelsSchema,
  newModelSchema,
  newPolicySchema,
  policiesSchema,
  policyCheckSchema,
  policyDetail,
  policyDetailSchema,
  policyDocument,
  policyFaultsSchema,
  policySchema,
  policyStepSchema,
} from './decision-documents.ts';
import { scopeOf } from './device-operations.ts';
import { approvalSchema } from './documents.ts';
import { type AdminReply, type Operation, operation, reply } from './operation.ts';
import { propose } from './proposed-change.ts';

const reads = { kind: 'app', area: 'policy', verb: 'read' } as const;
const writes = { kind: 'app', area: 'policy', verb: 'write' } as const;
const proposed = { description: 'Proposed: somebody else must approve it.', schema: approvalSchema };

/** Documents are larger than other bodies, and conditions as JSON nest. */
export const documentBody = { bytes: 2_097_152, keys: 131_072, depth: 64 } as const;
const modelBody = { bytes: 6_291_456, keys: 131_072, depth: 16 } as const;

const unknowns: readonly string[] = [
  'policy-unknown',
  'model-unknown',
  'change-unknown',
  'decision-unknown',
  'rule-unknown',
  'alert-unknown',
  'case-unknown',
];
const busy: readonly string[] = ['storage-overloaded', 'storage-full', 'storage-closed'];

/** What the room of decisions refuses, as the API says it. */
export const decisionRefusal = ({
  code,
  detail,
}: {
  readonly code: string;
  readonly detail?: string | undefined;
}): AdminRefusal => {
  const told: AdminProblemCode = unknowns.includes(code)
    ? 'not-found'
    : busy.includes(code)
      ? 'overloaded'
      : 'decision-state';
  return deny(told, { detail: detail === undefined ? code : `${code}: ${detail}` });
};

const answer = <Value>(
  status: number,
  result: Result<Value, string>,
  document: (value: Value) => unknown,
): AdminReply | AdminRefusal => (result.ok ? reply(status, document(result.value)) : decisionRefusal(result));

/** Faults with pointers into the body: where a person finds them. */
const faultsRefusal = (faults: readonly PolicyFaultTold[]): AdminRefusal =>
  deny('malformed', {
    detail: 'policy-faults',
    errors: faults.slice(0, 20).map(({ path, at, code, message, hint }) => ({
      in: 'body',
      pointer: `/document${path}`,
      message: `${code} at character ${at}: ${message}${hint === null ? '' : `; ${hint}`}`,
    })),
  });

const checkPolicy: Operation = operation({
  id: 'checkPolicy',
  method: 'POST',
  path: '/apps/{app}/policy-checks',
  tag: 'decisions',
  summary: 'Checks the document of a policy against the facts and lists of the app; keeps nothing.',
  access: reads,
  body: policyCheckSchema,
  bodyLimits: documentBody,
  replies: { 200: { description: 'What was found.', schema: policyFaultsSchema } },
  run: async ({ administration, path, body }, caller) => {
    const checked = await administration.decisions.check(scopeOf(caller, path), body.document as JsonValue);
    const none = { policy: null, hash: null, scenes: [], rules: 0, notes: [], faults: [] };
    return reply(200, { ...none, ...checked });
  },
});

const listPolicies: Operation = operation({
  id: 'listPolicies',
  method: 'GET',
  path: '/apps/{app}/policies',
  tag: 'decisions',
  summary: 'Versions of policies, by policy and version.',
  access: reads,
  query: { state: z.enum(policyStates).optional() },
  replies: { 200: { description: 'All of them.', schema: policiesSchema } },
  run: async ({ administration, path, query }, caller) => {
    const all = await administration.decisions.book.policies(scopeOf(caller, path));
    const asked = all.filter(({ state }) => query.state === undefined || state === query.state);
    return reply(200, { items: asked.map(policyDocument) });
  },
});

const draftPolicy: Operation = operation({
  id: 'draftPolicy',
  method: 'POST',
  path: '/apps/{app}/policies',
  tag: 'decisions',
  summary:
    'Keeps a document as the next version of its policy, as a draft. What is wrong with it is told with pointers.',
  access: writes,
  body: newPolicySchema,
  bodyLimits: documentBody,
  replies: { 201: { description: 'The version.', schema: policySchema } },
  problems: ['decision-state'],
  run: async ({ administration, path, body }, caller) => {
    const { document, reason } = body;
    const scope = scopeOf(caller, path);
    const drafted = await administration.decisions.draft(scope, document as JsonValue, reason, caller.subject);
    if (!drafted.ok && 'faults' in drafted) return faultsRefusal(drafted.faults);
    return answer(201, drafted, policyDocument);
  },
});

const findPolicy: Operation = operation({
  id: 'findPolicy',
  method: 'GET',
  path: '/apps/{app}/policies/{policy}/{version}',
  tag: 'decisions',
  summary: 'A version with its document.',
  access: reads,
  replies: { 200: { description: 'The version.', schema: policyDetailSchema } },
  run: async ({ administration, path }, caller) => {
    const { policy = '', version = '' } = path;
    const kept = await administration.decisions.book.policy(scopeOf(caller, path), policy, Number(version));
    return kept === undefined ? deny('not-found') : reply(200, policyDetail(kept));
  },
});

/** Whether a step may change what becomes of a request: what only watches needs nobody, and a way back must not wait for the second person. */
const isWeighty = (action: PolicyStepContent['action'], state: string): boolean =>
  action === 'live' || action === 'challenge' || (action === 'retire' && (state === 'live' || state === 'challenger'));

const stepPolicy: Operation = operation({
  id: 'stepPolicy',
  method: 'POST',
  path: '/apps/{app}/policies/{policy}/{version}/steps',
  tag: 'decisions',
  summary:
    'Lets a version take a step: shadow, challenge, live, rollback, retire. Where two people must agree it is proposed, bound to the hash of the document.',
  access: writes,
  body: policyStepSchema,
  replies: { 200: { description: 'The version.', schema: policySchema }, 202: proposed },
  problems: ['decision-state', 'approvals-full'],
  run: async ({ administration, path, body }, caller) => {
    const { policy = '', version = '' } = path;
    const scope = scopeOf(caller, path);
    const office = administration.decisions;
    const kept = await office.book.policy(scope, policy, Number(version));
    if (kept === undefined) return deny('not-found');
    if (kept.hash !== body.hash) return decisionRefusal({ code: 'policy-changed' });
    const { perMille, ...told } = body;
    const content: PolicyStepContent = {
      policy,
      version: Number(version),
      ...told,
      ...(perMille === undefined ? {} : { perMille }),
    };
    if (isWeighty(body.action, kept.state) && administration.settings().fourEyes.policy !== 'never')
      return propose(administration, scope, { kind: 'policy.step', content }, caller);
    return answer(200, await office.step(scope, content, caller.subject), policyDocument);
  },
});

const listModels: Operation = operation({
  id: 'listModels',
  method: 'GET',
  path: '/apps/{app}/models',
  tag: 'decisions',
  summary: 'Models that are kept, and which one is active.',
  access: reads,
  replies: { 200: { description: 'All of them.', schema: modelsSchema } },
  run: async ({ administration, path }, caller) =>
    reply(200, { items: (await administration.decisions.models.list(scopeOf(caller, path))).map(modelDocument) }),
});

const findModel: Operation = operation({
  id: 'findModel',
  method: 'GET',
  path: '/apps/{app}/models/{model}',
  tag: 'decisions',
  summary: 'A model with its document.',
  access: reads,
  replies: { 200: { description: 'The model.', schema: modelDetailSchema } },
  run: async ({ administration, path }, caller) => {
    const kept = await administration.decisions.models.find(scopeOf(caller, path), path['model'] ?? '');
    if (kept === undefined) return deny('not-found');
    return reply(200, { ...modelDocument(kept), document: JSON.parse(kept.document) as unknown });
  },
});

const keepModel: Operation = operation({
  id: 'keepModel',
  method: 'POST',
  path: '/apps/{app}/models',
  tag: 'decisions',
  summary: 'Keeps a model. Nothing is decided by it before it is activated.',
  access: writes,
  body: newModelSchema,
  bodyLimits: modelBody,
  replies: { 201: { description: 'The model.', schema: modelSchema } },
  problems: ['decision-state'],
  run: async ({ administration, path, body }, caller) => {
    const { document, reason } = body;
    const scope = scopeOf(caller, path);
    const kept = await administration.decisions.models.keep(scope, document as JsonValue, reason, caller.subject);
    return answer(201, kept, modelDocument);
  },
});

const activateModel: Operation = operation({
  id: 'activateModel',
  method: 'POST',
  path: '/apps/{app}/model-activations',
  tag: 'decisions',
  summary: 'Makes a kept model the one that counts, or none; proposes it where two people must agree.',
  access: writes,
  body: modelActivationSchema,
  replies: { 200: { description: 'It counts.', schema: modelDoneSchema }, 202: proposed },
  problems: ['decision-state', 'approvals-full'],
  run: async ({ administration, path, body }, caller) => {
    const scope = scopeOf(caller, path);
    const { models } = administration.decisions;
    if (body.model !== '' && (await models.find(scope, body.model)) === undefined) return deny('not-found');
    if (administration.settings().fourEyes.model !== 'never')
      return propose(administration, scope, { kind: 'model.activate', content: { ...body } }, caller);
    return answer(200, await models.activate(scope, body, caller.subject), () => ({ model: body.model }));
  },
});

const dropModel: Operation = operation({
  id: 'dropModel',
  method: 'POST',
  path: '/apps/{app}/model-drops',
  tag: 'decisions',
  summary: 'Forgets a model that is not active.',
  access: writes,
  body: modelDropSchema,
  replies: { 200: { description: 'It is gone.', schema: modelDoneSchema } },
  problems: ['decision-state'],
  run: async ({ administration, path, body }, caller) => {
    const { models } = administration.decisions;
    const dropped = await models.drop(scopeOf(caller, path), body.model, body.reason, caller.subject);
    return answer(200, dropped, () => ({ model: body.model }));
  },
});

/** Operations on policies and models. */
export const decisionOperations: readonly Operation[] = [
  checkPolicy,
  listPolicies,
  draftPolicy,
  findPolicy,
  stepPolicy,
  listModels,
  findModel,
  keepModel,
  activateModel,
  dropModel,
];
