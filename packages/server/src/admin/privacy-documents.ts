/** The documents of privacy. */
import { exceptionKinds, findingStates, frameText, severities } from '@hauberk/privacy';
import { z } from 'zod';
import { ownerOf } from '../privacy/judge-batch.ts';
import type { KeptFinding, KnownChain } from '../privacy/privacy-store.ts';
import { named } from './documents.ts';
import { chainIdSchema as chainId, privacyReason as reason } from './privacy-content.ts';

const instant = z.int().min(0).describe('Milliseconds since 1970.');
/** A finding. */
export const findingSchema: z.ZodType = named(
  'PrivacyFinding',
  z.object({
    id: z.string(),
    kind: z.enum(exceptionKinds),
    api: z.string(),
    chain: z.string(),
    owner: z.string(),
    severity: z.enum(severities),
    clauses: z.array(z.string()).describe('What it is evidence for, see docs/privacy.md.'),
    state: z.enum(findingStates),
    calls: z.int(),
    devices: z.int().describe('That saw it, told apart up to 64. What one device alone saw is a claim of that device.'),
    firstAtMs: instant,
    lastAtMs: instant,
    stoppedBy: z.string().nullable(),
    changedBy: z.string().nullable(),
    acceptance: z.object({ reason: z.string(), by: z.string(), untilMs: instant }).nullable(),
    evidence: z.array(
      z.object({
        scene: z.string(),
        isForeground: z.boolean(),
        atMs: instant,
        destination: z.string().nullable(),
      }),
    ),
  }),
);
/** A page of findings. */
export const findingPageSchema: z.ZodType = named(
  'PrivacyFindingPage',
  z.object({ items: z.array(findingSchema), next: z.string().nullable() }),
);

/** The document of a finding. */
export const findingDocument = ({ id, finding, witnesses, stoppedBy, changedBy }: KeptFinding): object => {
  const { kind, api: name, chain, owner, severity, clauses, state, count, firstAt, lastAt, evidence } = finding;
  const { acceptance } = finding;
  return {
    id,
    kind,
    api: name,
    chain,
    owner,
    severity,
    clauses,
    state,
    calls: count,
    devices: witnesses.length,
    firstAtMs: firstAt,
    lastAtMs: lastAt,
    stoppedBy,
    changedBy,
    acceptance:
      acceptance === undefined ? null : { reason: acceptance.reason, by: acceptance.by, untilMs: acceptance.until },
    evidence: evidence.map(({ scene, isForeground, at, destination }) => ({
      scene,
      isForeground,
      atMs: at,
      destination: destination ?? null,
    })),
  };
};

/** What is decided of a finding. */
export interface FindingDecision {
  readonly action: 'accept' | 'fix';
  readonly reason: string;
  readonly days?: number | undefined;
}

/** A decision. */
export const findingDecisionSchema: z.ZodType<FindingDecision> = named(
  'PrivacyFindingDecision',
  z
    .strictObject({
      action: z.enum(['accept', 'fix']),
      reason,
      days: z.int().min(1).max(366).optional().describe('How long it is accepted; needed for that, and only for that.'),
    })
    .refine(({ action, days }) => (action === 'accept') === (days !== undefined), {
      path: ['days'],
      message: 'is for accept, which needs it',
    }),
);

const effect = z.object({
  directive: z.string(),
  version: z.int(),
  devices: z.int().describe('On which it is in force.'),
  stopped: z.int().describe('Calls that it kept from going through.'),
  firstAtMs: instant.nullable(),
  lastAtMs: instant.nullable(),
});
const chainShape = {
  chain: z.string(),
  owner: z.string().describe('As most devices told it.'),
  owners: z.array(z.object({ owner: z.string(), devices: z.int() })),
  ownerVersion: z.string().nullable(),
  effects: z.array(effect).describe('Proof of effect.'),
  firstAtMs: instant,
  lastAtMs: instant,
};
/** Chains. */
export const chainPageSchema: z.ZodType = named(
  'PrivacyChainPage',
  z.object({ items: z.array(named('PrivacyChain', z.object(chainShape))), next: z.string().nullable() }),
);
/** A chain with its frames and what a stop would meet. */
export const chainDetailSchema: z.ZodType = named(
  'PrivacyChainDetail',
  z.object({
    ...chainShape,
    frames: z
      .array(z.string())
      .describe('Innermost first, as hashed. Text that strangers wrote: escape it where you show it.'),
    preview: z.object({
      devices: z.int(),
      calls: z.array(z.object({ api: z.string(), scene: z.string(), calls: z.int() })).describe('Of 30 days.'),
      findings: z.array(z.string()),
      otherChains: z.array(z.string()).describe('Of the same owner; they would go on.'),
    }),
  }),
);

/** The document of a chain, without its frames. */
export const chainDocument = (known: KnownChain): object => ({
  chain: known.chain,
  owner: ownerOf(known),
  owners: Object.entries(known.owners).map(([owner, witnesses]) => ({ owner, devices: witnesses.length })),
  ownerVersion: known.ownerVersion,
  effects: Object.entries(known.effects).map(([name, { devices, stopped, firstAtMs, lastAtMs }]) => {
    const [directive = '', version = ''] = name.split(' ');
    return { directive, version: Number(version), devices, stopped, firstAtMs, lastAtMs };
  }),
  firstAtMs: known.firstAtMs,
  lastAtMs: known.lastAtMs,
});

/** The frames of a chain, each as its canonical text. */
export const framesOf = ({ frames }: KnownChain): readonly string[] => frames.map(frameText);

/** What became of a stop or a resumption. */
export const stoppedSchema: z.ZodType = named(
  'PrivacyStopped',
  z.object({
    chain: z.string(),
    rollout: z.string().nullable().describe('The rollout that carries the list; null while it could not be published.'),
    state: z.string().nullable(),
    findings: z.int().describe('Findings that changed with it.'),
  }),
);
/** What is stopped. */
export const stopsSchema: z.ZodType = named(
  'PrivacyStops',
  z.object({
    stops: z.array(
      z.object({
        chain: z.string(),
        apis: z.array(z.string()).nullable(),
        action: z.enum(['empty', 'deny', 'delay']),
        delayMs: z.int().nullable(),
        untilMs: instant.nullable(),
        by: z.string(),
      }),
    ),
    rollout: z.string().nullable(),
  }),
);
/** A resumption. */
export const resumeSchema: z.ZodType<{ readonly chain: string; readonly reason: string }> = named(
  'PrivacyResumption',
  z.strictObject({ chain: chainId, reason }),
);

const ruleSchema = named(
  'PrivacyRule',
  z.object({
    id: z.string(),
    kind: z.string(),
    action: z.string(),
    delayMs: z.int().nullable(),
    minDevices: z.int(),
    perDay: z.int(),
    stopHours: z.int(),
    expiresAtMs: instant,
    hash: z.string().describe('Of exactly this rule: what was approved.'),
    approvedBy: z.string(),
    state: z.enum(['active', 'revoked']),
    answers: z.array(z.object({ chain: z.string(), atMs: instant, untilMs: instant })),
  }),
);
/** Rules. */
export const rulesSchema: z.ZodType = named('PrivacyRules', z.object({ items: z.array(ruleSchema) }));
/** A rule. */
export const oneRuleSchema: z.ZodType = ruleSchema;
/** The end of a rule. */
export const ruleEndSchema: z.ZodType<{ readonly rule: string; readonly reason: string }> = named(
  'PrivacyRuleEnd',
  z.strictObject({ rule: z.string().regex(/^[0-9a-f]{20}$/), reason }),
);

/** The matrix. */
export const matrixSchema: z.ZodType = named(
  'PrivacyMatrix',
  z.object({
    cells: z
      .array(
        z.object({
          item: z.string(),
          class: z.enum(['C1', 'C2', 'C3']),
          api: z.string(),
          chain: z.string(),
          owner: z.string(),
          scene: z.string(),
          isForeground: z.boolean(),
          outcome: z.string(),
          calls: z.int(),
          firstAtMs: instant,
          lastAtMs: instant,
        }),
      )
      .describe('The most called first.'),
    isComplete: z.boolean(),
  }),
);

const subjectName = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
/** Everything under a pseudonym. */
export const subjectSchema: z.ZodType = named(
  'PrivacySubject',
  z.object({
    subject: z.string(),
    isLinked: z.boolean().describe('Whether a device still leads here.'),
    consents: z.array(z.record(z.string(), z.unknown())),
    consentRecord: z.record(z.string(), z.unknown()).describe('The same in JSON-LD.'),
    ledger: z.string().describe('The signed lines; `hauberk privacy verify` checks them.'),
    effects: z.array(z.record(z.string(), z.unknown())),
    watched: z.array(z.object({ call: z.string(), spans: z.array(z.array(z.int())) })),
    reports: z.array(z.record(z.string(), z.unknown())),
    isComplete: z.boolean().describe('False when the outbox holds more than was looked through.'),
  }),
);
/** Whom to erase. */
export const erasureSchema: z.ZodType<{
  readonly subject?: string | undefined;
  readonly device?: string | undefined;
  readonly reason: string;
}> = named(
  'PrivacyErasure',
  z
    .strictObject({ subject: subjectName.optional(), device: subjectName.optional(), reason })
    .refine(({ subject, device }) => (subject === undefined) !== (device === undefined), {
      path: ['subject'],
      message: 'name either the pseudonym or the device',
    }),
);
/** What was erased. */
export const erasedSchema: z.ZodType = named('PrivacyErased', z.object({ subject: z.string(), rows: z.int() }));
/** Public keys of the consent ledger. */
export const consentKeysSchema: z.ZodType = named(
  'ConsentKeys',
  z.object({ keys: z.array(z.string()).describe('Raw P-256 points as base64url, the present one first.') }),
);
