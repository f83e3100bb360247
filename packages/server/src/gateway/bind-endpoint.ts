/**
 * SIM and device binding for the app: a sealed request of an enrolled device, in a login. Who asks, with which key and on what evidence comes
 * from the channel and the record, never from the body; what the body says of SIM and network counts only from attested hardware.
 */
import { type BindingCode, isAttested, type RequestingDevice, rules } from '@hauberk/binding';
import {
  type AmountMinor,
  accept,
  type EpochMs,
  parseAmountMinor,
  type Result,
  refuse,
  utf8,
} from '@hauberk/primitives';
import type { AttemptAnswer, AttemptCaller } from '../binding/attempt-calls.ts';
import { attestedDevice } from '../binding/attested-device.ts';
import { BankSilent } from '../binding/bank-directory.ts';
import type { BindingService } from '../binding/binding-service.ts';
import type { Bindings } from '../binding/open-bindings.ts';
import type { AttestationStore } from '../storage/attestation-store.ts';
import type { Login, LoginStore } from '../storage/login-store.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { type BindCall, type LaterCall, readApprovalCall, readBindCall, type StartCall } from './bind-call.ts';
import { bodyOnce, grantOf, plainValuesAt, stepGrant } from './grants.ts';
import { storageReason, storageReasonOf, type UpstreamReply } from './idempotency.ts';
import { scopeOf } from './logins.ts';
import type { Authorised } from './protect.ts';
import type { Reason } from './reasons.ts';
import type { BoundRule, JsonPointer } from './route.ts';

/** What serving binding needs. */
export interface BindShell {
  readonly bindings: Bindings;
  readonly attestations: Pick<AttestationStore, 'record'>;
  readonly logins: Pick<LoginStore, 'grant'>;
  readonly now: () => EpochMs;
  /** Whether an address belongs to a mobile network. */
  readonly networkOf: (address: string) => 'mobile' | 'fixed' | 'unknown';
}

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

/** Marks a login that was spared a step: it went on without the proof, and counts as stepped up for nothing. */
const sparedGrant = (step: string): string => grantOf('spared', step);

const isSteppedUp = ({ grants }: Login, step: string | undefined): boolean =>
  step !== undefined && grants.has(stepGrant(step)) && !grants.has(sparedGrant(step));

const start = async (
  shell: BindShell,
  service: BindingService,
  speaker: Speaker,
  login: Login,
  call: StartCall,
  address: string,
): Promise<Result<UpstreamReply, Reason>> => {
  const { deviceId, key, platform, attested } = speaker;
  const { stepUpStep, ways } = shell.bindings.config;
  if (!ways.includes(call.way ?? 'sms')) return declined('binding.no-possession');
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
    way: call.way,
    subscription: call.subscription,
    carrier: call.carrier,
    slot: call.slot,
    // The bank checked the customer's secret when this login began; one login serves one attempt.
    factor: { kind: 'knowledge', channel: 'secret', use: login.id },
    steppedUp: isSteppedUp(login, stepUpStep),
    replaces: call.replaces,
  });
  return issued.ok ? reply({ state: 'issued', ...issued.value }) : declined(issued.code);
};

const later = async (service: BindingService, caller: AttemptCaller, call: LaterCall): Promise<AttemptAnswer> => {
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
    case 'number':
      return service.verifyNumber(caller, call.code);
    case 'passkey':
      return service.provePasskey(caller, call);
    case 'confirm':
      return service.confirm(caller);
  }
};

/** Who calls: which app's service, in whose login, from which device. */
interface Present {
  readonly service: BindingService;
  readonly login: Login;
  readonly speaker: Speaker;
}

const presentIn = async (shell: BindShell, { request, login }: Authorised): Promise<Result<Present, Reason>> => {
  const service = shell.bindings.of(request.facts.app);
  if (service === undefined) return refuse('route.none');
  if (login === undefined) return refuse('login.missing');
  const speaker = await speakerOf(shell, request);
  return speaker === undefined ? refuse('hello.device-unknown') : accept({ service, login, speaker });
};

/** The relief of trust: the bound device in policy passes the step of its login; every other one is told to pass it as ever. */
const logIn = async (
  shell: BindShell,
  { service, login, speaker }: Present,
  scope: Scope,
  told: Extract<BindCall, { do: 'log-in' }>,
): Promise<Result<UpstreamReply, Reason>> => {
  const { relief } = shell.bindings.config;
  const stepUp = (code: BindingCode) => reply({ state: 'step-up', code, rule: ruleOf(code) });
  if (!isAttested(speaker)) return stepUp('binding.not-attested');
  const judged = await service.login({ profile: login.customer, key: speaker.key }, told);
  if (!judged.ok) return refuse(storageReason(judged.code));
  if (judged.value.proof === 'step-up') return stepUp(judged.value.code);
  if (relief === undefined) return reply({ state: 'bound' });
  const place = { device: speaker.deviceId, id: login.id };
  const granted = await shell.logins.grant(
    scope,
    place,
    [stepGrant(relief.step), sparedGrant(relief.step)],
    shell.now(),
  );
  return granted.ok
    ? reply({ state: 'relieved', step: relief.step })
    : refuse(storageReasonOf(granted.code) ?? 'login.ended');
};

const serveCall = async (
  shell: BindShell,
  authorised: Authorised,
  address: string,
): Promise<Result<UpstreamReply, Reason>> => {
  const call = readBindCall(authorised.request.body);
  if (call === undefined) return refuse('body.not-json');
  const present = await presentIn(shell, authorised);
  if (!present.ok) return present;
  const { service, login, speaker } = present.value;
  const { key } = speaker;
  if (call.do === 'start') return start(shell, service, speaker, login, call, address);
  if (call.do === 'log-in') return logIn(shell, present.value, scopeOf(authorised.request), call);
  if (call.do === 'passkey-challenge') {
    const { passkeys } = shell.bindings.config;
    if (passkeys === undefined) return declined('binding.wrong-state');
    return reply({ challenge: service.passkeyChallenge({ profile: login.customer, key }), rpId: passkeys.rpId });
  }
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

/** The one amount that a body names; a body that names none, or several, or two readers might read otherwise, names no amount. */
const amountIn = (
  request: Pick<Authorised['request'], 'headers' | 'body'>,
  pointer: JsonPointer,
): Result<AmountMinor> => {
  const values = plainValuesAt(request.headers, bodyOnce(request), pointer) ?? [];
  const [value] = values;
  return values.length === 1 && typeof value === 'number' ? parseAmountMinor(value) : refuse('amount.missing');
};

/** Serves what the user of a bound device has confirmed with a step-up: another device takes over, a passkey is vouched for. */
export const serveApproval = async (
  shell: BindShell,
  authorised: Authorised,
): Promise<Result<UpstreamReply, Reason>> => {
  const call = readApprovalCall(authorised.request.body);
  if (call === undefined) return refuse('body.not-json');
  const present = await presentIn(shell, authorised);
  if (!present.ok) return present;
  const { service, login, speaker } = present.value;
  if (!isAttested(speaker)) return declined('binding.not-attested');
  const caller = { profile: login.customer, key: speaker.key };
  if (call.do === 'approve') {
    const approved = await service.approveDevice(caller, call.words);
    return approved.ok ? reply({ state: approved.value }) : declined(approved.code);
  }
  const added = await service.addPasskey(caller, call);
  return added.ok ? reply({ state: 'added', passkeys: added.value }) : declined(added.code);
};

/**
 * On a route for bound devices: refuses every other one, and a transfer that the first day does not allow (B19). The amount is counted before the
 * request is sent, so two at once share the limit; what the bank then refuses stays counted.
 */
export const checkBound = async (
  shell: BindShell | undefined,
  rule: BoundRule,
  authorised: Authorised,
): Promise<Reason | undefined> => {
  if (shell === undefined) return 'binding.unknown';
  const present = await presentIn(shell, authorised);
  if (!present.ok) return present.code;
  const { service, login, speaker } = present.value;
  if (!isAttested(speaker)) return 'binding.not-attested';
  const amount = rule.amount === undefined ? parseAmountMinor(0) : amountIn(authorised.request, rule.amount);
  if (!amount.ok) return 'body.not-json';
  const taken = await service.takeTransfer({ profile: login.customer, key: speaker.key }, amount.value);
  if (taken.ok) return undefined;
  return isStorage(taken.code) ? storageReason(taken.code) : taken.code;
};
