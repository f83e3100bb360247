/** The documents of the admin API: one schema each judges, describes and types them. */
import { deviceStates } from '@hauberk/device';
import { maxKilledKinds } from '@hauberk/rollout';
import { z } from 'zod';
import { blockSubjects } from '../binding/binding-store.ts';
import type { Settlement } from '../storage/idempotency-store.ts';
import { approvalStates } from './approval.ts';
import { alertRuleContentSchema } from './case-content.ts';
import { listContentSchema, modelContentSchema, policyStepContentSchema } from './decision-content.ts';
import type { DeviceChangeContent } from './device-changes.ts';
import type { DirectiveApprovalContent, DirectiveKill } from './directive-plan.ts';
import { type DeviceAction, deviceActions } from './four-eyes.ts';
import { ruleContentSchema, stopOrderSchema } from './privacy-content.ts';
import type { BindingEndContent, BlockLiftContent, KnownChange } from './proposed-change.ts';
import type { Grant } from './right.ts';

/** A login. */
export interface Login {
  readonly secret: string;
  readonly subject?: string | undefined;
}

/** What is asked for when a token is issued. */
export interface NewToken {
  readonly subject: string;
  readonly label: string;
  readonly grants: readonly Grant[];
  readonly days?: number | undefined;
}

/** What is asked for when a device is changed. */
export interface NewDeviceChange {
  readonly action: DeviceAction;
  readonly reason: string;
}

/** What is asked for when many are. */
export interface NewDeviceChanges extends NewDeviceChange {
  readonly devices: readonly string[];
}

/** An approval. */
export interface Approve {
  readonly changeHash: string;
  readonly note?: string | undefined;
}

/** A rejection. */
export interface Reject {
  readonly note: string;
}

/** How an unknown outcome is settled. */
export interface SettlementDocument {
  readonly settlement: Settlement;
}

/** Every schema that the OpenAPI document names. */
export const components: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>();

/** Gives a schema the name that the OpenAPI document has for it. */
export const named = <Schema extends z.ZodType>(id: string, schema: Schema): Schema => {
  components.add(schema, { id });
  return schema;
};

const instant = z.int().min(0).describe('Milliseconds since 1970.');
/** One line of what people write; no controls, which could forge lines of a log or of a terminal. */
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'must be one line of printable characters');
const subject = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ @ - and begin with a letter or digit');
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const deviceId = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/** A customer, as the login names them. */
export const profileSchema: z.ZodType<string> = line(256).describe('The customer, as the login names them.');

/** Why something is done. */
export const reasonSchema: z.ZodType<string> = line(256).describe('Why; kept in the audit log.');

/** A grant. */
export const grantSchema: z.ZodType<Grant> = named(
  'Grant',
  z
    .strictObject({
      app: z
        .string()
        .regex(/^(?:\*|[a-z0-9][a-z0-9._-]{0,63})$/)
        .describe('An app, or `*` for every app and the organisation itself.'),
      role: z.string().min(1).max(64).describe('A role, or one right as `area:verb`.'),
    })
    .describe('Rights on an app.'),
);

/** What refuses. */
export const problemSchema: z.ZodType = named(
  'Problem',
  z
    .object({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      code: z.string().describe('Decide by this one; docs/administration.md lists them.'),
      instance: z.string().describe('Id of the request, as in the log.'),
      detail: z.string().optional(),
      right: z.string().optional().describe('The right that is missing.'),
      errors: z
        .array(
          z.object({
            in: z.enum(['path', 'query', 'header', 'body']),
            pointer: z.string().describe('RFC 6901, into what `in` names.'),
            message: z.string(),
          }),
        )
        .optional(),
    })
    .describe('RFC 9457.'),
);

/** The body of a login. */
export const loginSchema: z.ZodType<Login> = named(
  'Login',
  z.strictObject({
    secret: z.string().max(128).describe('The one-time secret that was printed at the first start.'),
    subject: subject.optional().describe('Name of the local administrator; `administrator` when absent.'),
  }),
);

const tokenShape = {
  id: z.string(),
  prefix: z.string().describe('How the token begins: enough to recognise it, not to use it.'),
  subject,
  label: z.string(),
  grants: z.array(grantSchema),
  state: z.enum(['live', 'expired', 'revoked']),
  createdBy: z.string(),
  createdAtMs: instant,
  expiresAtMs: instant,
  lastUsedAtMs: instant.nullable().describe('To the minute.'),
  revokedAtMs: instant.nullable(),
};

/** A token. */
export const tokenSchema: z.ZodType = named('Token', z.object(tokenShape));
/** A token with its secret. */
export const issuedTokenSchema: z.ZodType = named(
  'IssuedToken',
  z.object({ ...tokenShape, secret: z.string().describe('The token itself. It is not shown again.') }),
);
/** A page of tokens. */
export const tokenPageSchema: z.ZodType = named(
  'TokenPage',
  z.object({ items: z.array(tokenSchema), next: z.string().nullable() }),
);
/** What is asked for when a token is issued. */
export const newTokenSchema: z.ZodType<NewToken> = named(
  'NewToken',
  z.strictObject({
    subject: subject.describe('The one person or program that will use it.'),
    label: line(128).describe('What it is for.'),
    grants: z.array(grantSchema).min(1).max(32),
    days: z.int().min(1).max(366).optional().describe('Life; the longest that is configured when absent.'),
  }),
);

/** Who calls. */
export const selfSchema: z.ZodType = named(
  'Self',
  z.object({
    organisation: z.string(),
    subject,
    token: z.string(),
    expiresAtMs: instant,
    grants: z.array(grantSchema),
    apps: z
      .array(z.object({ id: z.string(), rights: z.array(z.string()).describe('As `area:verb`.') }))
      .describe('Apps on which the token has any right.'),
    organisationRights: z.array(z.string()).describe('Rights on the organisation as a whole.'),
  }),
);

/** Roles. */
export const rolesSchema: z.ZodType = named(
  'Roles',
  z.object({ roles: z.array(z.object({ name: z.string(), rights: z.array(z.string()) })) }),
);

const deviceShape = {
  id: z.string(),
  app: z.string(),
  state: z.enum(deviceStates),
  generation: z.int().describe('Rises with every change; the entity tag.'),
  tier: z.int(),
  tierName: z.string(),
  platform: z.string(),
  evidence: z.string().describe('What kind of evidence the tier rests on.'),
  facts: z.string().describe('What was attested, as `name=value` after `;`.'),
  attestedAtMs: instant,
  reattest: z.string().nullable().describe('Why it must be vouched for anew; null when it need not.'),
  sharedIdentity: z.string().nullable(),
  last: z
    .string()
    .nullable()
    .describe('What happened to it last and why, as `kind: reason`; also what it was refused for.'),
  createdAtMs: instant,
  changedAtMs: instant,
};

/** A device in one line. */
export const deviceSchema: z.ZodType = named('Device', z.object(deviceShape));
/** A page of devices. */
export const devicePageSchema: z.ZodType = named(
  'DevicePage',
  z.object({ items: z.array(deviceSchema), next: z.string().nullable() }),
);
/** Everything about a device. */
export const deviceDetailSchema: z.ZodType = named(
  'DeviceDetail',
  z.object({
    ...deviceShape,
    verdictReference: z.string(),
    attested: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    counter: z.int().nullable(),
    sharedRoute: z.string().nullable(),
    keys: z.array(z.object({ thumbprint: z.string(), purpose: z.string(), createdAtMs: instant })),
    trustedKeys: z
      .array(
        z.object({
          thumbprint: z.string(),
          purpose: z.string(),
          level: z.string(),
          userBinding: z.string(),
          createdAtMs: instant,
          endedAtMs: instant.nullable().describe('When another key of its purpose took its place.'),
        }),
      )
      .describe('Keys whose statements are or were believed, oldest first.'),
    history: z
      .array(
        z.object({
          kind: z.string(),
          atMs: instant,
          actor: z.string(),
          reason: z.string(),
          facts: z.string().nullable(),
        }),
      )
      .describe('Oldest first, at most 64.'),
    evidenceBase64: z.string().nullable().describe('The last accepted evidence as it was sent.'),
  }),
);

/** What is asked for when a device is changed. */
export const deviceChangeSchema: z.ZodType<NewDeviceChange> = named(
  'NewDeviceChange',
  z.strictObject({ action: z.enum(deviceActions), reason: reasonSchema }),
);
/** What is asked for when many are. */
export const deviceChangesSchema: z.ZodType<NewDeviceChanges> = named(
  'NewDeviceChanges',
  z.strictObject({
    action: z.enum(deviceActions),
    reason: reasonSchema,
    devices: z
      .array(deviceId)
      .min(1)
      .max(1000)
      .refine((ids) => new Set(ids).size === ids.length, 'names a device twice'),
  }),
);
/** A change of devices as it is proposed: with the generation of each, so that it happens once or not at all. */
export const deviceChangeContentSchema: z.ZodType<DeviceChangeContent> = named(
  'DeviceChangeContent',
  z.strictObject({
    action: z.enum(deviceActions),
    reason: reasonSchema,
    devices: z
      .array(z.strictObject({ id: deviceId, generation: z.int().min(1) }))
      .min(1)
      .max(1000)
      .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, 'names a device twice'),
  }),
);
/** The end of a binding as it is proposed. */
export const bindingEndContentSchema: z.ZodType<BindingEndContent> = named(
  'BindingEndContent',
  z.strictObject({
    attempt: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
    profile: profileSchema,
    device: z.string().min(1).max(128),
    boundAtMs: instant,
    reason: reasonSchema,
  }),
);
/** A block that is to be lifted. */
export const blockLiftContentSchema: z.ZodType<BlockLiftContent> = named(
  'BlockLiftContent',
  z.strictObject({
    subject: z.enum(blockSubjects),
    value: line(256),
    atMs: instant,
    untilMs: instant,
    reason: reasonSchema,
  }),
);
/** The body of a kill switch. */
export const directiveKillSchema: z.ZodType<DirectiveKill> = named(
  'DirectiveKill',
  z.strictObject({
    kinds: z
      .array(z.string().regex(/^[\x21-\x7e]{1,64}$/))
      .max(maxKilledKinds)
      .describe('`*` for all; an empty list gives everything back.'),
    lifeHours: z.int().min(1).max(8784).optional().describe('720 when absent.'),
    reason: reasonSchema,
  }),
);

/** The approval of a draft as it is proposed: with the whole plan, so that the hash is over what will happen. */
export const directiveApprovalContentSchema: z.ZodType<DirectiveApprovalContent> = named(
  'DirectiveApprovalContent',
  z.strictObject({
    directive: z.string().regex(/^[0-9a-f]{20}$/),
    row: z.int().min(1),
    plan: z.record(z.string(), z.unknown()),
  }),
);

/** Every kind of change that can be proposed. */
export const proposedChangeSchema: z.ZodType<KnownChange> = named(
  'ProposedChange',
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('device.change'), content: deviceChangeContentSchema }),
    z.strictObject({ kind: z.literal('binding.end'), content: bindingEndContentSchema }),
    z.strictObject({ kind: z.literal('binding.unblock'), content: blockLiftContentSchema }),
    z.strictObject({ kind: z.literal('privacy.stop'), content: named('PrivacyStopOrder', stopOrderSchema) }),
    z.strictObject({ kind: z.literal('privacy.rule'), content: named('PrivacyRuleContent', ruleContentSchema) }),
    z.strictObject({ kind: z.literal('directive.approve'), content: directiveApprovalContentSchema }),
    z.strictObject({ kind: z.literal('directive.kill'), content: directiveKillSchema }),
    z.strictObject({ kind: z.literal('policy.step'), content: named('PolicyStepContent', policyStepContentSchema) }),
    z.strictObject({ kind: z.literal('list.change'), content: named('ListChangeContent', listContentSchema) }),
    z.strictObject({ kind: z.literal('model.activate'), content: named('ModelContent', modelContentSchema) }),
    z.strictObject({ kind: z.literal('alert.rule'), content: named('AlertRuleContent', alertRuleContentSchema) }),
  ]),
);
/** What became of a change of devices. */
export const deviceChangesOutcomeSchema: z.ZodType = named(
  'DeviceChangesOutcome',
  z.object({
    results: z.array(
      z.object({
        id: z.string(),
        code: z.string().nullable().describe('Why it was refused; null when it was done.'),
        state: z.string().nullable(),
        generation: z.int().nullable(),
      }),
    ),
  }),
);

const person = z.object({ subject: z.string(), token: z.string() });

/** A proposal. */
export const approvalSchema: z.ZodType = named(
  'Approval',
  z.object({
    id: z.string(),
    app: z.string(),
    version: z.int(),
    state: z.enum([...approvalStates, 'expired']),
    change: proposedChangeSchema,
    changeHash: hash.describe('SHA-256 of exactly this change; an approval names it.'),
    proposer: person,
    createdAtMs: instant,
    changedAtMs: instant,
    expiresAtMs: instant,
    decision: z.object({ subject: z.string(), token: z.string(), atMs: instant, note: z.string() }).nullable(),
    outcome: deviceChangesOutcomeSchema.nullable(),
  }),
);
/** A page of proposals. */
export const approvalPageSchema: z.ZodType = named(
  'ApprovalPage',
  z.object({ items: z.array(approvalSchema), next: z.string().nullable() }),
);
/** An approval. */
export const approveSchema: z.ZodType<Approve> = named(
  'Approve',
  z.strictObject({ changeHash: hash.describe('Of the change as you saw it.'), note: line(256).optional() }),
);
/** A rejection. */
export const rejectSchema: z.ZodType<Reject> = named('Reject', z.strictObject({ note: line(256) }));

/** An entry of the audit log. */
export const auditEntrySchema: z.ZodType = named(
  'AuditEntry',
  z.object({
    sequence: z.int(),
    atMs: instant,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    facts: z.record(z.string(), z.unknown()),
    hash: hash,
  }),
);
/** A page of the audit log. */
export const auditPageSchema: z.ZodType = named(
  'AuditPage',
  z.object({
    items: z.array(auditEntrySchema),
    next: z.string().nullable().describe('Sequence number to go on after.'),
  }),
);

/** An outcome that nobody knows. */
export const unknownOutcomesSchema: z.ZodType = named(
  'UnknownOutcomes',
  z.object({
    items: z.array(z.object({ entry: z.string(), device: z.string(), route: z.string(), startedAtMs: instant })),
  }),
);
/** How it is settled. */
export const settlementSchema: z.ZodType<SettlementDocument> = named(
  'Settlement',
  z.strictObject({ settlement: z.enum(['executed', 'not-executed']) }),
);

/** Query parameters of every page. */
export const pageQuery: {
  readonly limit: z.ZodType<number | undefined>;
  readonly after: z.ZodType<string | undefined>;
} = {
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(200))
    .optional()
    .describe('Most items of the page: 1 to 200, 50 when absent.'),
  after: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .describe('`next` of the page before.'),
};

/** Items of a page when nothing is said. */
export const defaultPage = 50;
