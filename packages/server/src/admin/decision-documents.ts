/** The documents of policies, lists and models. */
import { z } from 'zod';
import { type KeptPolicy, policyActions, policyStates } from '../decision/policy-life.ts';
import { maxChanged } from '../decision/policy-list.ts';
import type { KeptModel } from '../decision/policy-rows.ts';
import { contentHash } from './decision-content.ts';
import { named } from './documents.ts';
import { privacyReason as reason } from './privacy-content.ts';

const instant = z.int().min(0).describe('Milliseconds since 1970.');

/** A document as somebody sends it: an object of JSON. */
const document = z.record(z.string(), z.unknown());

/** A policy that is to be checked. */
export const policyCheckSchema: z.ZodType<{ readonly document: Readonly<Record<string, unknown>> }> = named(
  'PolicyToCheck',
  z.strictObject({ document }),
);

/** A policy that is to be kept. */
export const newPolicySchema: z.ZodType<{
  readonly document: Readonly<Record<string, unknown>>;
  readonly reason: string;
}> = named('NewPolicy', z.strictObject({ document: document.describe('docs/policy-language.md'), reason }));

/** What a check found. */
export const policyFaultsSchema: z.ZodType = named(
  'PolicyCheck',
  z.object({
    ok: z.boolean(),
    policy: z.string().nullable(),
    hash: z.string().nullable(),
    scenes: z.array(z.string()),
    rules: z.int(),
    notes: z.array(z.string()),
    faults: z.array(
      z.object({
        path: z.string().describe('JSON pointer into the document.'),
        rule: z.string(),
        code: z.string(),
        at: z.int().describe('Character of the condition.'),
        message: z.string(),
        hint: z.string().nullable(),
      }),
    ),
  }),
);

const guard = z.object({
  sessions: z.int().describe('Devices of a day, by the first decision about each.'),
  challenged: z.int(),
  denied: z.int(),
});

const policyShape = {
  policy: z.string(),
  version: z.int(),
  hash: z.string(),
  state: z.enum(policyStates),
  scenes: z.array(z.string()).describe('Empty for all that no other policy names.'),
  reason: z.string(),
  draftedBy: z.string(),
  changedBy: z.string(),
  createdAtMs: instant,
  changedAtMs: instant,
  liveAtMs: instant.nullable(),
  perMille: z.int().nullable(),
  guard: z
    .object({ challenger: guard, champion: guard, halted: z.string().nullable() })
    .nullable()
    .describe('What the sequential guard of a challenger has counted.'),
};

/** A version of a policy. */
export const policySchema: z.ZodType = named('Policy', z.object(policyShape));
/** The same with its document. */
export const policyDetailSchema: z.ZodType = named('PolicyDetail', z.object({ ...policyShape, document }));
/** All versions. */
export const policiesSchema: z.ZodType = named('Policies', z.object({ items: z.array(policySchema) }));

const arm = ({ sessions, crashed, failed }: { sessions: number; crashed: number; failed: number }): object => ({
  sessions,
  challenged: crashed,
  denied: failed,
});

const haltedNames = { crash: 'challenged', error: 'denied' } as const;

/** The document of a version. */
export const policyDocument = (kept: KeptPolicy): object => {
  const { document: _text, salt: _salt, guard: state, ...shown } = kept;
  const told =
    state === null
      ? null
      : {
          challenger: arm(state.counts.staged),
          champion: arm(state.counts.control),
          halted: state.halted === null ? null : haltedNames[state.halted],
        };
  return { ...shown, guard: told };
};

/** The same with its text. */
export const policyDetail = (kept: KeptPolicy): object => ({
  ...policyDocument(kept),
  document: JSON.parse(kept.document) as unknown,
});

/** A step of a version. */
export interface NewPolicyStep {
  readonly action: (typeof policyActions)[number];
  readonly hash: string;
  readonly perMille?: number | undefined;
  readonly reason: string;
}

/** What is asked for when a version takes a step. */
export const policyStepSchema: z.ZodType<NewPolicyStep> = named(
  'NewPolicyStep',
  z
    .strictObject({
      action: z.enum(policyActions),
      hash: contentHash.describe('Of the document as you saw it.'),
      perMille: z.int().min(1).max(500).optional().describe('Share of a challenger in thousandths.'),
      reason,
    })
    .refine(({ action, perMille }) => (action === 'challenge') === (perMille !== undefined), {
      path: ['perMille'],
      message: 'is for challenge, which needs it',
    }),
);

const listShape = {
  name: z.string(),
  kind: z.string(),
  entries: z.int(),
  changedBy: z.string(),
  createdAtMs: instant,
  changedAtMs: instant,
};
/** All lists. */
export const listsSchema: z.ZodType = named('DecisionLists', z.object({ items: z.array(z.object(listShape)) }));

const entryShape = {
  member: z.string().describe('Keyed hash of the entity.'),
  source: z.string(),
  reason: z.string(),
  expiresAtMs: instant.nullable(),
};
/** A page of entries. */
export const listEntriesSchema: z.ZodType = named(
  'DecisionListEntries',
  z.object({
    items: z.array(z.object({ ...entryShape, addedAtMs: instant, addedBy: z.string() })),
    next: z.string().nullable(),
  }),
);

/** An entity by its id, which is hashed at once, or by its keyed hash. */
export interface NamedMember {
  readonly id?: string | undefined;
  readonly member?: string | undefined;
}

/** An entry that is to be added. */
export interface NewListEntry extends NamedMember {
  readonly source: string;
  readonly reason: string;
  readonly expiresAtMs?: number | null | undefined;
}

/** What is asked for when a list changes. */
export interface NewListChange {
  readonly kind: string;
  readonly add?: readonly NewListEntry[] | undefined;
  readonly remove?: readonly NamedMember[] | undefined;
  readonly reason: string;
}

const id = z.string().min(1).max(256);
const member = z.string().regex(/^[0-9a-f]{16}$/);
const isOne = (named_: NamedMember): boolean => (named_.id === undefined) !== (named_.member === undefined);
const one = { message: 'names an entity by id or by member' };

/** The body of a change of a list. */
export const listChangeSchema: z.ZodType<NewListChange> = named(
  'NewListChange',
  z
    .strictObject({
      kind: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/)
        .describe('The kind of entity that the list holds.'),
      add: z
        .array(
          z
            .strictObject({
              id: id.optional(),
              member: member.optional(),
              source: reason,
              reason,
              expiresAtMs: instant.nullable().optional().describe('Without end when absent.'),
            })
            .refine(isOne, one),
        )
        .max(maxChanged)
        .optional(),
      remove: z
        .array(z.strictObject({ id: id.optional(), member: member.optional() }).refine(isOne, one))
        .max(maxChanged)
        .optional(),
      reason,
    })
    .refine(({ add = [], remove = [] }) => add.length + remove.length > 0, 'changes nothing')
    .refine(({ add = [], remove = [] }) => add.length + remove.length <= maxChanged, `at most ${maxChanged} entries`),
);

/** A staged change, for whoever is to agree. */
export const stagedListSchema: z.ZodType = named(
  'StagedListChange',
  z.object({
    list: z.string(),
    kind: z.string(),
    by: z.string(),
    atMs: instant,
    adds: z.int(),
    removes: z.int(),
    add: z.array(z.object(entryShape)).describe('The first 200.'),
    remove: z.array(z.string()).describe('The first 200.'),
  }),
);

/** A change that needed nobody else. */
export const listChangedSchema: z.ZodType = named(
  'ListChanged',
  z.object({ list: z.string(), change: z.string(), adds: z.int(), removes: z.int() }),
);

const modelShape = {
  hash: z.string(),
  state: z.enum(['kept', 'active']),
  reason: z.string(),
  uploadedBy: z.string(),
  changedBy: z.string(),
  createdAtMs: instant,
  changedAtMs: instant,
};
/** A model. */
export const modelSchema: z.ZodType = named('DecisionModel', z.object(modelShape));
/** A model with its document. */
export const modelDetailSchema: z.ZodType = named('DecisionModelDetail', z.object({ ...modelShape, document }));
/** All models. */
export const modelsSchema: z.ZodType = named('DecisionModels', z.object({ items: z.array(modelSchema) }));
/** A model that is to be kept. */
export const newModelSchema: z.ZodType<{
  readonly document: Readonly<Record<string, unknown>>;
  readonly reason: string;
}> = named(
  'NewDecisionModel',
  z.strictObject({ document: document.describe('A file of hauberk learn --out.'), reason }),
);
/** Which model counts. */
export const modelActivationSchema: z.ZodType<{ readonly model: string; readonly reason: string }> = named(
  'ModelActivation',
  z.strictObject({
    model: z
      .string()
      .regex(/^(?:[0-9a-f]{64})?$/)
      .describe('Empty for none.'),
    reason,
  }),
);
/** What became of a model. */
export const modelDoneSchema: z.ZodType = named('ModelDone', z.object({ model: z.string() }));
/** Which model is forgotten. */
export const modelDropSchema: z.ZodType<{ readonly model: string; readonly reason: string }> = named(
  'ModelDrop',
  z.strictObject({ model: contentHash, reason }),
);

/** The document of a model. */
export const modelDocument = ({ document: _text, ...shown }: KeptModel): object => shown;
