/** The changes that two people must agree on: how each is read, which right it asks for, and that it is carried out exactly as it stands. */
import {
  accept,
  after as afterTime,
  canonicalJson,
  hours,
  type JsonValue,
  type Result,
  refuse,
} from '@hauberk/primitives';
import type { BindingAdministration } from '../binding/binding-administration.ts';
import type { Block } from '../binding/binding-store.ts';
import type { AlertRuleContent } from '../decision/case-rows.ts';
import { stateAfter } from '../decision/policy-life.ts';
import type { ListContent } from '../decision/policy-list.ts';
import type { ModelContent } from '../decision/policy-model.ts';
import type { PolicyStepContent } from '../decision/policy-office.ts';
import type { DirectiveDesk } from '../directive/directive-desk.ts';
import type { RuleContent } from '../privacy/response-rules.ts';
import type { StopOrder } from '../privacy/stop-chains.ts';
import type { Scope } from '../storage/scope.ts';
import type { AdminRefusal } from './admin-problem.ts';
import { deny } from './admin-problem.ts';
import { timeOrderedId } from './admin-token.ts';
import type { Administration, Caller } from './administration.ts';
import { type ProposedChange, proposal } from './approval.ts';
import { approvalDocument } from './approval-documents.ts';
import { changeDevices, contentJson, type DeviceChangeContent } from './device-changes.ts';
import { type DirectiveApprovalContent, type DirectiveKill, killPlanOf } from './directive-plan.ts';
import { type AdminReply, reply } from './operation.ts';
import { type Grant, isAllowed, type Right } from './right.ts';
import { storageRefusal } from './storage-problem.ts';

/** The end of exactly one binding. */
export interface BindingEndContent {
  readonly attempt: string;
  readonly profile: string;
  readonly device: string;
  readonly boundAtMs: number;
  readonly reason: string;
}

/** Exactly one block of an operator, taken back. */
export interface BlockLiftContent {
  readonly subject: Block['subject'];
  readonly value: string;
  readonly atMs: number;
  readonly untilMs: number;
  readonly reason: string;
}

/** Changes of what is decided by. */
export type DecisionChange =
  | { readonly kind: 'policy.step'; readonly content: PolicyStepContent }
  | { readonly kind: 'list.change'; readonly content: ListContent }
  | { readonly kind: 'model.activate'; readonly content: ModelContent }
  | { readonly kind: 'alert.rule'; readonly content: AlertRuleContent };

/** Every kind with its content. */
export type KnownChange =
  | { readonly kind: 'device.change'; readonly content: DeviceChangeContent }
  | { readonly kind: 'binding.end'; readonly content: BindingEndContent }
  | { readonly kind: 'binding.unblock'; readonly content: BlockLiftContent }
  | { readonly kind: 'privacy.stop'; readonly content: StopOrder }
  | { readonly kind: 'privacy.rule'; readonly content: RuleContent }
  | { readonly kind: 'directive.approve'; readonly content: DirectiveApprovalContent }
  | { readonly kind: 'directive.kill'; readonly content: DirectiveKill }
  | DecisionChange;

/** A change as it is hashed and kept. */
export const keptChange = (change: KnownChange): ProposedChange => ({
  kind: change.kind,
  content: change.kind === 'device.change' ? contentJson(change.content) : ({ ...change.content } as JsonValue),
});

const policyKinds: readonly string[] = [
  'directive.approve',
  'directive.kill',
  'policy.step',
  'list.change',
  'model.activate',
];

/** The right that a kind of change asks for; undefined for a kind that nobody knows. */
const rightOfChange = (kind: string, app: string): Right | undefined => {
  if (kind === 'device.change') return { app, area: 'devices', verb: 'write' };
  if (kind === 'alert.rule') return { app, area: 'decisions', verb: 'write' };
  if (kind === 'privacy.stop' || kind === 'privacy.rule') return { app, area: 'privacy', verb: 'write' };
  if (policyKinds.includes(kind)) return { app, area: 'policy', verb: 'write' };
  return kind === 'binding.end' || kind === 'binding.unblock' ? { app, area: 'binding', verb: 'write' } : undefined;
};

/** The first right that a change asks for and that is not among these; undefined when all are. A rule that suspends devices asks for theirs, too. */
export const missingRight = (
  { settings }: Administration,
  grants: readonly Grant[],
  { kind, content }: Pick<KnownChange, 'kind' | 'content'> | ProposedChange,
  app: string,
): Right | 'unknown' | undefined => {
  const right = rightOfChange(kind, app);
  if (right === undefined) return 'unknown';
  const isSuspending = kind === 'alert.rule' && (content as unknown as AlertRuleContent).response?.action === 'suspend';
  const needed: readonly Right[] = [right, ...(isSuspending ? [{ app, area: 'devices', verb: 'write' } as const] : [])];
  return needed.find((each) => !isAllowed(grants, settings().roles, each));
};

/** Keeps a change for a second person, and answers the proposal. */
export const propose = async (
  administration: Administration,
  scope: Scope,
  change: KnownChange,
  { subject, token, lineage }: Caller,
): Promise<AdminReply | AdminRefusal> => {
  const now = administration.now();
  const expiresAtMs = afterTime(now, hours(administration.settings().approvalHours));
  const made = proposal(
    timeOrderedId(now),
    scope,
    keptChange(change),
    { subject, token, lineage },
    { now, expiresAtMs },
  );
  const kept = await administration.stores.approvals.propose(made, now);
  if (!kept.ok) return kept.code === 'approvals-full' ? deny('approvals-full') : storageRefusal({ code: kept.code });
  return reply(202, approvalDocument(kept.value, now), String(kept.value.version));
};

interface Performed {
  readonly done: boolean;
  readonly outcome: JsonValue;
}

const performed = (id: string, state: string, result: Result<unknown, string>): Performed => ({
  done: result.ok,
  outcome: {
    results: [{ id, code: result.ok ? null : result.code, state: result.ok ? state : null, generation: null }],
  },
});

const endBinding = async (
  bindings: BindingAdministration,
  { attempt, profile, device, boundAtMs }: BindingEndContent,
  actor: string,
): Promise<Performed> => {
  const held = await bindings.binding(profile);
  // What was approved names this binding; another one of the same customer is somebody else's decision.
  const isSame = held?.id === attempt && held.device === device && held.boundAtMs === boundAtMs;
  const ended = isSame ? await bindings.end({ id: attempt, profile }, actor) : refuse('binding.unknown');
  return performed(attempt, 'ended', ended);
};

const liftBlock = async (
  bindings: BindingAdministration,
  { subject, value, atMs, untilMs }: BlockLiftContent,
  actor: string,
): Promise<Performed> => {
  const held = await bindings.block({ subject, value });
  if (held === undefined) return performed(`${subject} ${value}`, 'lifted', accept(true));
  const isSame = held.atMs === atMs && held.untilMs === untilMs;
  const lifted = isSame ? await bindings.liftBlock(held, actor) : refuse('block-changed');
  return performed(`${subject} ${value}`, 'lifted', lifted);
};

const approveDraft = async (
  desk: DirectiveDesk,
  scope: Scope,
  { directive, plan }: DirectiveApprovalContent,
  actor: string,
): Promise<Performed> => {
  const held = await desk.find(scope, directive);
  // What was approved is this plan to the letter, whatever stands in the record.
  if (
    held === undefined ||
    canonicalJson({ ...held.rollout.plan } as unknown as JsonValue) !== canonicalJson(plan as JsonValue)
  )
    return performed(directive, 'approved', refuse('directive-changed'));
  if (held.rollout.approvedBy === actor) return performed(directive, 'approved', accept(true));
  return performed(directive, 'approved', await desk.approve(scope, directive, actor));
};

const performStep = async (
  { decisions }: Administration,
  scope: Scope,
  content: PolicyStepContent,
  actor: string,
): Promise<Performed> => {
  const { policy, version, action } = content;
  const name = `${policy} ${version}`;
  const held = await decisions.book.policy(scope, policy, version);
  // Carried out before a crash: the same person did the same to it.
  if (held?.changedBy === actor && held.state === stateAfter[action]) return performed(name, held.state, accept(held));
  const stepped = await decisions.step(scope, content, actor);
  return performed(name, stepped.ok ? stepped.value.state : '', stepped);
};

/** Carries a change out. Called again after a crash, it comes to the same end. */
export const performChange = async (
  administration: Administration,
  scope: Scope,
  { kind, content }: ProposedChange,
  actor: string,
): Promise<Performed> => {
  // The schema of its kind judged the content before it was kept.
  const change = { kind, content } as unknown as KnownChange;
  if (change.kind === 'device.change') {
    const { results } = await changeDevices(administration.devicesOf(scope), change.content, actor);
    return {
      done: results.some(({ code }) => code === null),
      outcome: { results: results.map((each) => ({ ...each })) },
    };
  }
  if (change.kind === 'privacy.stop') {
    const { stops } = administration.privacyOf(scope);
    return performed(change.content.chain, 'stopped', await stops.stop(scope, change.content, actor));
  }
  if (change.kind === 'privacy.rule') {
    const { rules } = administration.privacyOf(scope);
    const approval = { id: canonicalJson(content), actor };
    return performed('rule', 'active', await rules.approve(scope, change.content, approval));
  }
  if (change.kind === 'directive.approve') return approveDraft(administration.directives, scope, change.content, actor);
  if (change.kind === 'directive.kill') {
    const killed = await administration.directives.publish(scope, killPlanOf(change.content), {
      draft: actor,
      approve: actor,
    });
    return performed('kill', 'complete', killed);
  }
  if (change.kind === 'policy.step') return performStep(administration, scope, change.content, actor);
  if (change.kind === 'list.change') {
    const { lists } = administration.decisions;
    return performed(change.content.list, 'changed', await lists.apply(scope, change.content, actor));
  }
  if (change.kind === 'alert.rule') {
    const { alerts } = administration.decisions;
    return performed('rule', 'active', await alerts.approve(scope, change.content, actor));
  }
  if (change.kind === 'model.activate') {
    const { models } = administration.decisions;
    return performed(change.content.model, 'active', await models.activate(scope, change.content, actor));
  }
  const bindings = administration.bindingsOf(scope);
  if (bindings === undefined) return performed(scope.app, '', refuse('binding.none'));
  return change.kind === 'binding.end'
    ? endBinding(bindings, change.content, actor)
    : liftBlock(bindings, change.content, actor);
};
