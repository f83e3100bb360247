/** A bank, its customers' phones and a virtual clock around a binding service: what the tests of the service share. */
import assert from 'node:assert/strict';
import {
  type BindingPolicy,
  defaultBindingPolicy,
  type Guard,
  type Msisdn,
  type NumberFacts,
  readMsisdn,
  readVmnPool,
} from '@hauberk/binding';
import { honestDevice, honestEvidence } from '@hauberk/binding/vectors';
import { type DurationMs, durationMs, type EpochMs, epochMs, minutes, toBase64Url } from '@hauberk/primitives';
import type { AttemptCaller } from '../src/binding/attempt-calls.ts';
import { type BindingAdministration, bindingAdministration } from '../src/binding/binding-administration.ts';
import { bindingSecrets } from '../src/binding/binding-secrets.ts';
import { type BindingService, openBindingService } from '../src/binding/binding-service.ts';
import type { BindingStore } from '../src/binding/binding-store.ts';
import type { CamaraOperator } from '../src/binding/camara-operator.ts';
import type { InboundSms } from '../src/binding/inbound-sms.ts';
import type { PasskeyVerifier } from '../src/binding/passkey-verifier.ts';
import type { IssuedToken, TokenAsk } from '../src/binding/request-token.ts';
import { VmnHealth } from '../src/binding/vmn-health.ts';
import type { Scope } from '../src/storage/scope.ts';

export const scope: Scope = { organisation: 'bank', app: 'retail' };
export const vmns: readonly string[] = Array.from({ length: 12 }, (_, index) => `+9190000000${String(index * 7 + 10)}`);
export const aliceNumber = '+919811111111';
export const bobNumber = '+919822222222';
export const numbers: ReadonlyMap<string, string> = new Map([
  ['alice', aliceNumber],
  ['bob', bobNumber],
]);

/** Two clocks that tests move. */
export class VirtualClock {
  wallMs: EpochMs = epochMs(1_800_000_000_000);
  monotonicMs = 1000;
  now(): { wallMs: EpochMs; monotonicMs: DurationMs } {
    return { wallMs: this.wallMs, monotonicMs: durationMs(this.monotonicMs) };
  }
  pass(ms: number): void {
    this.wallMs = epochMs(this.wallMs + ms);
    this.monotonicMs += ms;
  }
  /** The wall clock is set. */
  step(ms: number): void {
    this.wallMs = epochMs(this.wallMs + ms);
  }
}

/** A bank around a store. */
export interface BindingBank {
  readonly service: BindingService;
  readonly administration: BindingAdministration;
  readonly vmnHealth: VmnHealth;
  readonly clock: VirtualClock;
  readonly facts: Map<string, Partial<NumberFacts>>;
  readonly directory: Map<string, string>;
  readonly codes: { readonly number: string; readonly code: string }[];
  readonly ended: { readonly profile: string; readonly key: string; readonly why: string }[];
  readonly alarms: string[];
  /** Whoever should hear of ends does not. */
  readonly trouble: { isDeaf: boolean };
}

const secretKey = new Uint8Array(32).fill(7);

/** Passkeys that sign by repeating the challenge; the ceremonies themselves are tested where they are made. */
export const repeatingPasskeys: PasskeyVerifier = {
  rpId: 'bank.example',
  register: ({ clientData, attestationObject }, challenge) =>
    toBase64Url(clientData) === toBase64Url(challenge)
      ? { id: toBase64Url(attestationObject), spki: '', algorithm: 'ES256', signCount: 0, backupEligible: true }
      : undefined,
  assert: ({ signCount }, { clientData }, challenge) =>
    toBase64Url(clientData) === toBase64Url(challenge) ? signCount + 1 : undefined,
};

/** Opens a bank. */
export const openBank = (
  store: BindingStore,
  over: {
    policy?: Partial<BindingPolicy>;
    without?: readonly Guard[];
    clock?: VirtualClock;
    scope?: Scope;
    passkeys?: PasskeyVerifier;
    operator?: CamaraOperator;
  } = {},
): BindingBank => {
  const clock = over.clock ?? new VirtualClock();
  const place = over.scope ?? scope;
  const policy = { ...defaultBindingPolicy, ...over.policy };
  const secrets = bindingSecrets(secretKey);
  const facts = new Map<string, Partial<NumberFacts>>();
  const directory = new Map(numbers);
  const codes: { number: string; code: string }[] = [];
  const ended: { profile: string; key: string; why: string }[] = [];
  const alarms: string[] = [];
  const trouble = { isDeaf: false };
  const registeredNumber = async (profile: string): Promise<Msisdn | undefined> => {
    const number = readMsisdn(directory.get(profile) ?? '');
    return number.ok ? number.value : undefined;
  };
  const opened = openBindingService({
    scope: place,
    brand: 'Demo Bank',
    policy,
    vmns,
    store,
    clock,
    secrets,
    directory: { registeredNumber },
    numberFacts: {
      facts: async (number) => ({
        revocation: { isListed: false, asOfMs: clock.wallMs },
        risk: 'low',
        swappedAtMs: 'never',
        ...facts.get(number),
      }),
    },
    notices: {
      sendCode: async (number, text) => {
        codes.push({ number, code: /\b\d{8}\b/.exec(text)?.[0] ?? '' });
      },
      bindingEnded: async (end) => {
        if (trouble.isDeaf) throw new Error('nobody listens');
        ended.push(end);
      },
      alarm: (code) => {
        alarms.push(code);
      },
    },
    links: { isTrusted: (link) => link.startsWith('link-') },
    passkeys: over.passkeys,
    operator: over.operator,
    ...(over.without === undefined ? {} : { without: new Set(over.without) }),
  });
  assert.ok(opened.ok);
  const pool = readVmnPool(vmns);
  assert.ok(pool.ok);
  const vmnHealth = new VmnHealth(pool.value, minutes(60), clock.wallMs);
  const service = opened.value;
  const administration = bindingAdministration({
    scope: place,
    store,
    clock,
    secrets,
    service,
    directory: { registeredNumber },
    timerMs: policy.timer,
    vmns: () => vmnHealth.figures(clock.wallMs),
  });
  return { service, administration, vmnHealth, clock, facts, directory, codes, ended, alarms, trouble };
};

let uses = 0;

/** An honest ask of a profile from a phone of that name. */
export const ask = (profile: string, phone: string = `${profile}-phone`, over: Partial<TokenAsk> = {}): TokenAsk => {
  uses += 1;
  const evidence = honestEvidence('android');
  return {
    profile,
    number: numbers.get(profile) ?? '',
    device: honestDevice('android', { id: `id-${phone}`, key: phone, fingerprint: `print-${phone}` }),
    evidence,
    network: 'mobile',
    carrier: 'Jio',
    slot: 0,
    factor: { kind: 'knowledge', channel: 'secret', use: `pin-${uses}` },
    steppedUp: false,
    replaces: false,
    ...over,
  };
};

/** An accepted value. */
export const ok = <Value>(result: { ok: true; value: Value } | { ok: false; code: string }): Value => {
  assert.ok(result.ok, result.ok ? '' : result.code);
  return result.value;
};
/** The code of a refusal. */
export const codeOf = (result: { ok: true } | { ok: false; code: string }): string =>
  result.ok ? 'accepted' : result.code;

let messages = 0;

/** The SMS that a phone sends for an issued token. */
export const smsOf = (
  { vmn, text }: IssuedToken,
  from: string = aliceNumber,
  over: Partial<InboundSms> = {},
): InboundSms => {
  messages += 1;
  return { link: 'link-1', messageId: `m-${messages}`, from, to: vmn, text, carrier: 'Jio', ...over };
};

/** What an attempt that was bound leaves in the hands of its device. */
export interface BoundAttempt extends IssuedToken {
  readonly caller: AttemptCaller;
}

/** Walks an honest attempt until it is bound. */
export const bind = async (
  bank: BindingBank,
  profile = 'alice',
  phone: string = `${profile}-phone`,
  over: Partial<TokenAsk> = {},
): Promise<BoundAttempt> => {
  const issued = ok(await bank.service.requestToken(ask(profile, phone, over)));
  const caller = { attempt: issued.attempt, key: phone };
  bank.clock.pass(4000);
  const sms = await bank.service.inboundSms(smsOf(issued, numbers.get(profile)));
  assert.deepEqual(sms, { outcome: 'counted' });
  bank.clock.pass(1000);
  assert.equal(ok(await bank.service.reportSentItem(caller, { state: 'delivered', slot: 0 })).next, 'confirm');
  assert.equal(ok(await bank.service.confirm(caller)).state, 'bound');
  return { ...issued, caller };
};
