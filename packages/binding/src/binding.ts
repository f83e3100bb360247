/** A live binding: what it allows and what ends it (B19, B20, B21, B23, the relief of trust). */
import type { AmountMinor, EpochMs } from '@hauberk/primitives';
import type { BindingAttempt } from './attempt.ts';
import type { BindingPolicy } from './policy.ts';
import type { BindingCode } from './rules.ts';

/** Why a binding ended. */
export type BindingEnd =
  | 'replaced'
  | 'two-numbers'
  | 'second-sms'
  | 'sim-changed'
  | 'inactive'
  | 'number-revoked'
  | 'customer'
  | 'operator'
  | 'device-revoked';

/** The proven tie of a device key, a number and a profile. Numbers are keyed hashes. */
export interface Binding {
  /** The attempt that made it. */
  readonly id: string;
  readonly profile: string;
  readonly number: string;
  /** Thumbprint of the key that every later call must be signed by. */
  readonly key: string;
  readonly device: string;
  /** Keyed hash of what names the SIM's subscription; absent for a device that named none. */
  readonly subscription?: string | undefined;
  readonly boundAtMs: EpochMs;
  readonly usedAtMs: EpochMs;
  readonly end?: { readonly why: BindingEnd; readonly atMs: EpochMs } | undefined;
}

/** The binding that a bound attempt makes, for the key that confirmed it. */
export const bindingOf = (attempt: BindingAttempt, now: EpochMs, key: string = attempt.device.key): Binding => ({
  id: attempt.id,
  profile: attempt.profile,
  number: attempt.number,
  key,
  device: attempt.device.id,
  ...(attempt.subscription === undefined ? {} : { subscription: attempt.subscription }),
  boundAtMs: now,
  usedAtMs: now,
});

/** Whether it counts. */
export const isLive = (binding: Binding | undefined): binding is Binding =>
  binding !== undefined && binding.end === undefined;

/** Ended; an end is final. */
export const ended = (binding: Binding, why: BindingEnd, now: EpochMs): Binding =>
  binding.end === undefined ? { ...binding, end: { why, atMs: now } } : binding;

/** B21. */
export const isInactive = (binding: Binding, policy: BindingPolicy, now: EpochMs): boolean =>
  now - binding.usedAtMs > policy.inactiveAfter;

/** Whether B19 still holds; a clock that was set back never ends it early. */
export const isCooling = (binding: Binding, policy: BindingPolicy, now: EpochMs): boolean =>
  now - binding.boundAtMs < policy.coolingSpan;

/** B19: why a transfer is over the limit, if it is. `moved` is what this binding has moved since it was made. */
export const judgeTransfer = (
  binding: Binding,
  amount: AmountMinor,
  moved: AmountMinor,
  policy: BindingPolicy,
  now: EpochMs,
): Extract<BindingCode, 'binding.cooling-limit'> | undefined =>
  isCooling(binding, policy, now) && (amount > policy.coolingLimit || moved + amount > policy.coolingLimit)
    ? 'binding.cooling-limit'
    : undefined;

/** What a login needs. */
export type LoginVerdict = { readonly proof: 'none' } | { readonly proof: 'step-up'; readonly code: BindingCode };

/** The relief: the bound device, in use lately and unchanged, logs in without a new proof; every other one is stepped up. */
export const judgeLogin = (
  binding: Binding | undefined,
  caller: { readonly key: string; readonly isSimUnchanged: boolean },
  policy: BindingPolicy,
  now: EpochMs,
): LoginVerdict => {
  const stepUp = (code: BindingCode): LoginVerdict => ({ proof: 'step-up', code });
  if (binding === undefined) return stepUp('binding.unknown');
  if (binding.end !== undefined)
    return stepUp(binding.end.why === 'sim-changed' ? 'binding.sim-changed' : 'binding.unknown');
  if (binding.key !== caller.key) return stepUp('binding.foreign-device');
  if (!caller.isSimUnchanged) return stepUp('binding.sim-changed');
  return now - binding.usedAtMs > policy.reliefSpan ? stepUp('binding.inactive') : { proof: 'none' };
};

/** What a device says of its SIM as it logs in. */
export interface LoginSim {
  readonly sim: 'present' | 'absent' | 'unknown';
  /** Keyed hashes of what names the subscriptions in it: phones have several slots. */
  readonly subscriptions: readonly string[];
}

/** B23 at a login. `unknown` where the phone cannot tell just now, which ends nothing and earns nothing. */
export const judgeSim = ({ subscription }: Binding, told: LoginSim): 'same' | 'changed' | 'unknown' => {
  if (subscription === undefined) return 'same';
  if (told.sim === 'absent') return 'changed';
  if (told.sim === 'unknown' || told.subscriptions.length === 0) return 'unknown';
  return told.subscriptions.includes(subscription) ? 'same' : 'changed';
};

/** Most passkeys of a profile. */
export const mostPasskeys = 8;

/** A passkey that a bound device vouched for. Bytes are base64url. */
export interface Passkey {
  readonly id: string;
  /** SubjectPublicKeyInfo. */
  readonly spki: string;
  readonly algorithm: string;
  readonly signCount: number;
  readonly backupEligible: boolean;
}

/** The passkeys of a profile. They live as long as the chain of bindings that vouched for them. */
export interface Passkeys {
  /** The live binding whose device vouches. */
  readonly binding: string;
  readonly keys: readonly Passkey[];
}

/** The passkeys that count: those of the live binding. */
export const livePasskeys = (binding: Binding | undefined, held: Passkeys | undefined): readonly Passkey[] =>
  isLive(binding) && held?.binding === binding.id ? held.keys : [];

/** The passkeys after a new binding: kept when the old one's device or passkey led to it, gone with every other one. */
export const inheritedPasskeys = (
  previous: Binding | undefined,
  held: Passkeys | undefined,
  attempt: BindingAttempt,
): Passkeys | undefined => {
  const keys = livePasskeys(previous, held);
  const isChained = attempt.proofs.includes('passkey') || attempt.proofs.includes('bound-device');
  return isChained && keys.length > 0 ? { binding: attempt.id, keys } : undefined;
};
