/**
 * SIM and device binding for the app: a sealed request of an enrolled device, in a login. Who asks, with which key and on what evidence comes
 * from the channel and the record, never from the body; what the body says of SIM and network counts only from attested hardware.
 */
import { type BindingCode, type RequestingDevice, rules } from '@hauberk/binding';
import { accept, fromUtf8, type Result, refuse, utf8 } from '@hauberk/primitives';
import { z } from 'zod';
import type { AttemptAnswer, AttemptCaller } from '../binding/attempt-calls.ts';
import { attestedDevice } from '../binding/attested-device.ts';
import { BankSilent } from '../binding/bank-directory.ts';
import type { BindingService } from '../binding/binding-service.ts';
import type { Bindings } from '../binding/open-bindings.ts';
import type { AttestationStore } from '../storage/attestation-store.ts';
import type { Login } from '../storage/login-store.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { stepGrant } from './grants.ts';
import { storageReason, type UpstreamReply } from './idempotency.ts';
import type { Authorised } from './protect.ts';
import type { Reason } from './reasons.ts';

/** Largest call. */
export const maxBindBytes = 4096;

/** What serving binding needs. */
export interface BindShell {
  readonly bindings: Bindings;
  readonly attestations: Pick<AttestationStore, 'record'>;
  /** Whether an address belongs to a mobile network. */
  readonly networkOf: (address: string) => 'mobile' | 'fixed' | 'unknown';
}

const short = z.string().min(1).max(128);
const whole = z.int().min(0).max(2_147_483_647);
const slot = z.int().min(0).max(7);

const startSchema = z.strictObject({
  do: z.literal('start'),
  number: z.string().min(8).max(20),
  fingerprint: short,
  replaces: z.boolean(),
  carrier: z.string().max(64).optional(),
  slot: slot.optional(),
  app: whole,
  system: z.strictObject({ family: z.string().min(1).max(64), version: whole, patchLevel: whole }),
  evidence: z.strictObject({
    sim: z.enum(['present', 'absent', 'unknown']),
    airplane: z.enum(['off', 'on', 'unknown']),
    path: z.enum(['cellular', 'wifi', 'unknown']),
    cellularWorks: z.boolean(),
    slot: slot.optional(),
    slotCarrier: z.string().max(64).optional(),
  }),
});

const attempt = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

const callSchema = z.discriminatedUnion('do', [
  startSchema,
  z.strictObject({ do: z.literal('status'), attempt }),
  z.strictObject({
    do: z.literal('left'),
    attempt,
    how: z.enum(['left', 'charge-notice', 'composer-slow', 'airplane-mode', 'sim-missing']),
  }),
  z.strictObject({ do: z.literal('composer'), attempt, awayMs: z.number().min(0).max(86_400_000) }),
  z.strictObject({
    do: z.literal('sent-item'),
    attempt,
    state: z.enum(['delivered', 'sent', 'absent']),
    slot: slot.optional(),
  }),
  z.strictObject({ do: z.literal('ask-code'), attempt }),
  z.strictObject({ do: z.literal('code'), attempt, code: z.string().max(16), isRead: z.boolean() }),
  z.strictObject({ do: z.literal('no-code'), attempt }),
  z.strictObject({ do: z.literal('confirm'), attempt }),
  z.strictObject({ do: z.literal('sim-changed') }),
]);

type Call = z.infer<typeof callSchema>;
type Start = z.infer<typeof startSchema>;
type Later = Extract<Call, { attempt: string }>;

/** Reads a call; undefined when it is none. */
const readBindCall = (body: Uint8Array): Call | undefined => {
  try {
    return callSchema.parse(JSON.parse(fromUtf8(body) ?? ''));
  } catch {
    return undefined;
  }
};

/** The rule that a code belongs to; undefined for those that are no rule's. */
export const ruleOf = (code: BindingCode | undefined): string | undefined =>
  code === undefined ? undefined : rules.find(({ codes }) => codes.includes(code))?.id;

const reply = (members: object): Result<UpstreamReply, Reason> => {
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store, no-transform'];
  return accept({ status: 200, headers, body: utf8(JSON.stringify(members)) });
};

const isStorage = (code: BindingCode | StorageRefusal): code is StorageRefusal => code.startsWith('storage-');

/** A refusal of the rules is an answer that the app shows, with its rule; one of the storage is a problem. */
const declined = (code: BindingCode | StorageRefusal): Result<UpstreamReply, Reason> =>
  isStorage(code) ? refuse(storageReason(code)) : reply({ state: 'declined', code, rule: ruleOf(code) });

const view = (answer: AttemptAnswer): Result<UpstreamReply, Reason> => {
  if (!answer.ok) return declined(answer.code);
  const { state, next, code } = answer.value;
  return reply({ state, next, code, rule: ruleOf(code) });
};

/** What the record knows of the device that speaks. */
interface Speaker {
  readonly deviceId: string;
  readonly key: string;
  readonly platform: RequestingDevice['platform'];
  readonly attested: RequestingDevice['attested'];
}

const speakerOf = async (
  { attestations }: BindShell,
  { facts }: Authorised['request'],
): Promise<Speaker | undefined> => {
  const scope = { organisation: facts.organisation, app: facts.app };
  const record = (await attestations.record(scope, facts.deviceId))?.record;
  const key = record?.keys.find(({ purpose }) => purpose === 'identity')?.thumbprint;
  if (record === undefined || key === undefined) return undefined;
  const held = record.appraised.facts;
  const platform = held.platform === 'ios' ? 'ios' : 'android';
  const isVouched = held.level !== 'software' && record.demand === undefined;
  return { deviceId: record.id, key, platform, attested: isVouched ? attestedDevice(held, key) : undefined };
};

const start = async (
  shell: BindShell,
  service: BindingService,
  speaker: Speaker,
  login: Login,
  call: Start,
  address: string,
): Promise<Result<UpstreamReply, Reason>> => {
  const { deviceId, key, platform, attested } = speaker;
  const { stepUpStep } = shell.bindings.config;
  const issued = await service.requestToken({
    profile: login.customer,
    number: call.number,
    device: {
      id: deviceId,
      key,
      fingerprint: call.fingerprint,
      platform,
      attested,
      claimed: {
        appVersion: call.app,
        systemFamily: call.system.family,
        systemVersion: call.system.version,
        patchLevel: call.system.patchLevel,
      },
    },
    evidence: call.evidence,
    network: shell.networkOf(address),
    carrier: call.carrier,
    slot: call.slot,
    // The bank checked the customer's secret when this login began; one login serves one attempt.
    factor: { kind: 'knowledge', channel: 'secret', use: login.id },
    steppedUp: stepUpStep !== undefined && login.grants.has(stepGrant(stepUpStep)),
    replaces: call.replaces,
  });
  return issued.ok ? reply({ state: 'issued', ...issued.value }) : declined(issued.code);
};

const later = async (service: BindingService, caller: AttemptCaller, call: Later): Promise<AttemptAnswer> => {
  switch (call.do) {
    case 'status':
      return service.status(caller);
    case 'left':
      return service.reportLeft(caller, call.how);
    case 'composer':
      return service.reportComposer(caller, call.awayMs);
    case 'sent-item':
      return service.reportSentItem(caller, { state: call.state, slot: call.slot });
    case 'ask-code':
      return service.requestCode(caller);
    case 'code':
      return service.reportCode(caller, { code: call.code, isRead: call.isRead });
    case 'no-code':
      return service.reportCode(caller, 'unreadable');
    case 'confirm':
      return service.confirm(caller);
  }
};

const serveCall = async (
  shell: BindShell,
  { request, login }: Authorised,
  address: string,
): Promise<Result<UpstreamReply, Reason>> => {
  const service = shell.bindings.of(request.facts.app);
  if (service === undefined) return refuse('route.none');
  if (login === undefined) return refuse('login.missing');
  const call = readBindCall(request.body);
  if (call === undefined) return refuse('body.not-json');
  const speaker = await speakerOf(shell, request);
  if (speaker === undefined) return refuse('hello.device-unknown');
  const { key } = speaker;
  if (call.do === 'start') return start(shell, service, speaker, login, call, address);
  if (call.do === 'sim-changed') {
    // Only the bound device itself ends its binding here; somebody else's login on another phone does not.
    const ended = await service.simChanged({ profile: login.customer, key });
    return ended.ok ? reply({ state: 'ended', why: ended.value.why }) : declined(ended.code);
  }
  return view(await later(service, { attempt: call.attempt, key }, call));
};

/** Serves one call of the app. A bank that does not answer refuses it: nothing was decided, and the app may ask again. */
export const serveBind = async (
  shell: BindShell,
  authorised: Authorised,
  address: string,
): Promise<Result<UpstreamReply, Reason>> => {
  try {
    return await serveCall(shell, authorised, address);
  } catch (error) {
    if (error instanceof BankSilent) return refuse('upstream.unreachable');
    throw error;
  }
};
