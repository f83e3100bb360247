/** Operations on privacy that only read: findings, chains, the matrix, what is stopped, what is known under a pseudonym. */
import { exceptionKinds, findingStates, severities } from '@hauberk/privacy';
import { z } from 'zod';
import type { PrivacyAdministration } from '../privacy/privacy-administration.ts';
import type { StopList } from '../privacy/privacy-store.ts';
import { deny } from './admin-problem.ts';
import type { Caller } from './administration.ts';
import { scopeOf } from './device-operations.ts';
import { defaultPage, pageQuery } from './documents.ts';
import { type Call, type Operation, operation, reply } from './operation.ts';
import {
  chainDetailSchema,
  chainDocument,
  chainPageSchema,
  consentKeysSchema,
  findingDocument,
  findingPageSchema,
  findingSchema,
  framesOf,
  matrixSchema,
  rulesSchema,
  stopsSchema,
  subjectSchema,
} from './privacy-documents.ts';

/** The privacy of the app of a call. */
export const privacyOf = (
  { administration, path }: Pick<Call<unknown, unknown>, 'administration' | 'path'>,
  caller: Caller,
): PrivacyAdministration => administration.privacyOf(scopeOf(caller, path));

const reads = { kind: 'app', area: 'privacy', verb: 'read' } as const;

const wholeNumber = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(most))
    .optional();

const listPrivacyFindings: Operation = operation({
  id: 'listPrivacyFindings',
  method: 'GET',
  path: '/apps/{app}/privacy/findings',
  tag: 'privacy',
  summary: 'Findings of an app, in the order of their ids.',
  access: reads,
  query: {
    ...pageQuery,
    state: z.enum(findingStates).optional(),
    kind: z.enum(exceptionKinds).optional(),
    severity: z.enum(severities).optional(),
    chain: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .optional(),
  },
  replies: { 200: { description: 'A page.', schema: findingPageSchema } },
  run: async (call, caller) => {
    const { limit = defaultPage, ...asked } = call.query;
    const { items, next } = await privacyOf(call, caller).findings({ ...asked, limit });
    return reply(200, { items: items.map(findingDocument), next });
  },
});

const findPrivacyFinding: Operation = operation({
  id: 'findPrivacyFinding',
  method: 'GET',
  path: '/apps/{app}/privacy/findings/{finding}',
  tag: 'privacy',
  summary: 'A finding with its first evidence.',
  access: reads,
  replies: { 200: { description: 'The finding.', schema: findingSchema } },
  run: async (call, caller) => {
    const kept = await privacyOf(call, caller).finding(call.path['finding'] ?? '');
    return kept === undefined ? deny('not-found') : reply(200, findingDocument(kept));
  },
});

const listPrivacyChains: Operation = operation({
  id: 'listPrivacyChains',
  method: 'GET',
  path: '/apps/{app}/privacy/chains',
  tag: 'privacy',
  summary: 'Call chains that reached a sensitive function, with their owners and proof of effect.',
  access: reads,
  query: pageQuery,
  replies: { 200: { description: 'A page.', schema: chainPageSchema } },
  run: async (call, caller) => {
    const { limit = defaultPage, after } = call.query;
    const chains = await privacyOf(call, caller).chains(after, limit);
    const next = chains.length === limit ? (chains.at(-1)?.chain ?? null) : null;
    return reply(200, { items: chains.map(chainDocument), next });
  },
});

const findPrivacyChain: Operation = operation({
  id: 'findPrivacyChain',
  method: 'GET',
  path: '/apps/{app}/privacy/chains/{chain}',
  tag: 'privacy',
  summary: 'A chain with its frames, proof of effect, and what a stop of it would meet.',
  access: reads,
  replies: { 200: { description: 'The chain.', schema: chainDetailSchema } },
  run: async (call, caller) => {
    const privacy = privacyOf(call, caller);
    const id = call.path['chain'] ?? '';
    const known = await privacy.chain(id);
    const preview = await privacy.preview(id);
    if (known === undefined || preview === undefined) return deny('not-found');
    const { devices, calls, findings, otherChains } = preview;
    const document = { ...chainDocument(known), frames: framesOf(known) };
    return reply(200, { ...document, preview: { devices, calls, findings, otherChains } });
  },
});

const stopsDocument = ({ stops, published }: StopList): object => ({
  stops: stops.map(({ chain, apis, action, delayMs, untilMs, by }) => ({
    chain,
    apis: apis ?? null,
    action,
    delayMs: delayMs ?? null,
    untilMs: untilMs ?? null,
    by,
  })),
  rollout: published?.rollout ?? null,
});

const listPrivacyStops: Operation = operation({
  id: 'listPrivacyStops',
  method: 'GET',
  path: '/apps/{app}/privacy/stops',
  tag: 'privacy',
  summary: 'What is stopped on devices, by whom, until when.',
  access: reads,
  replies: { 200: { description: 'The whole list.', schema: stopsSchema } },
  run: async (call, caller) =>
    reply(200, stopsDocument(await privacyOf(call, caller).stops.list(scopeOf(caller, call.path)))),
});

const listPrivacyRules: Operation = operation({
  id: 'listPrivacyRules',
  method: 'GET',
  path: '/apps/{app}/privacy/rules',
  tag: 'privacy',
  summary: 'Response rules, ended ones too, with what they stopped.',
  access: reads,
  replies: { 200: { description: 'All of them.', schema: rulesSchema } },
  run: async (call, caller) =>
    reply(200, { items: await privacyOf(call, caller).rules.list(scopeOf(caller, call.path)) }),
});

const mostCells = 5000;

const privacyMatrix: Operation = operation({
  id: 'privacyMatrix',
  method: 'GET',
  path: '/apps/{app}/privacy/matrix',
  tag: 'privacy',
  summary: 'Which data were read, by which function, chain and owner, in which scene, how often.',
  access: reads,
  query: { days: wholeNumber(400).describe('30 when absent.') },
  replies: { 200: { description: 'The matrix.', schema: matrixSchema } },
  run: async (call, caller) => reply(200, await privacyOf(call, caller).matrix(call.query.days ?? 30, mostCells)),
});

const findPrivacySubject: Operation = operation({
  id: 'findPrivacySubject',
  method: 'GET',
  path: '/apps/{app}/privacy/subjects/{subject}',
  tag: 'privacy',
  summary: 'Everything that is known under a pseudonym.',
  access: reads,
  replies: { 200: { description: 'Everything.', schema: subjectSchema } },
  run: async (call, caller) => {
    const found = await privacyOf(call, caller).subject({ subject: call.path['subject'] ?? '' });
    return found === undefined ? deny('not-found') : reply(200, found);
  },
});

const findPrivacySubjectOfDevice: Operation = operation({
  id: 'findPrivacySubjectOfDevice',
  method: 'GET',
  path: '/apps/{app}/privacy/devices/{device}/subject',
  tag: 'privacy',
  summary:
    'Everything that is known under the pseudonym of a device. Links the two, so it asks for the right to write.',
  access: { kind: 'app', area: 'privacy', verb: 'write' },
  replies: { 200: { description: 'Everything.', schema: subjectSchema } },
  run: async (call, caller) => {
    const found = await privacyOf(call, caller).subject({ device: call.path['device'] ?? '' });
    return found === undefined ? deny('not-found') : reply(200, found);
  },
});

const listConsentKeys: Operation = operation({
  id: 'listConsentKeys',
  method: 'GET',
  path: '/apps/{app}/privacy/consent-keys',
  tag: 'privacy',
  summary: 'Public keys of the consent ledger, for whoever checks it offline.',
  access: reads,
  replies: { 200: { description: 'The keys.', schema: consentKeysSchema } },
  run: async (call, caller) => reply(200, { keys: privacyOf(call, caller).consentKeys() }),
});

/** Operations on privacy that only read. */
export const privacyOperations: readonly Operation[] = [
  listPrivacyFindings,
  findPrivacyFinding,
  listPrivacyChains,
  findPrivacyChain,
  listPrivacyStops,
  listPrivacyRules,
  privacyMatrix,
  findPrivacySubject,
  findPrivacySubjectOfDevice,
  listConsentKeys,
];
