/** What the bound device does for its customer: logs in without a new proof, lets another device take over, vouches for passkeys. */
import {
  type BindingAttempt,
  type BindingCode,
  isLive,
  judgeLogin,
  judgeSim,
  type LoginVerdict,
  livePasskeys,
  mostPasskeys,
  type Passkey,
} from '@hauberk/binding';
import { accept, fromBase64Url, type Result, refuse } from '@hauberk/primitives';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { ServiceParts } from './binding-service.ts';
import type { RowKey } from './binding-store.ts';
import { type Decided, type LoadedRows, transact } from './binding-transaction.ts';
import type { BoundCaller } from './live-bindings.ts';
import type { RegistrationWords } from './passkey-verifier.ts';
import { attemptKeys, type EndedBinding, endPuts, planStep, untold } from './step-rows.ts';

type Answer<Value> = Result<Value, BindingCode | StorageRefusal>;

const bindingRow = (profile: string): RowKey<'binding'> => ({ kind: 'binding', id: profile });
const passkeyRow = (profile: string): RowKey<'passkey'> => ({ kind: 'passkey', id: profile });

/** Uses of one binding are written at most this often: B21 counts in years. */
const useGrainMs = 3_600_000;

/** What the device says of its SIM as it logs in; subscriptions in the clear, as the phone names them. */
export interface ToldSim {
  readonly sim: 'present' | 'absent' | 'unknown';
  readonly subscriptions?: readonly string[] | undefined;
}

/** A subscription's name as bindings keep it. */
export const subscriptionHash = ({ secrets }: Pick<ServiceParts, 'secrets'>, subscription: string): string =>
  secrets.hash('subscription', subscription);

type Judged = { readonly verdict: LoginVerdict; readonly ended?: EndedBinding };

/**
 * Judges a login of a device and notes the use of the binding. A bound device whose SIM is another one than it was bound with ends its binding
 * here (B23), whoever logs in on it.
 */
export const deviceLogin = async (
  parts: ServiceParts,
  { profile, key }: BoundCaller,
  told: ToldSim,
): Promise<Result<LoginVerdict, StorageRefusal>> => {
  const { subscriptions = [] } = told;
  const sim = { sim: told.sim, subscriptions: subscriptions.map((each) => subscriptionHash(parts, each)) };
  const judged = await transact(
    parts,
    (load) => load([bindingRow(profile)]),
    (rows, now): Decided<Result<Judged, never>> => {
      const binding = rows.find('binding', profile);
      const seen = isLive(binding) && binding.key === key ? judgeSim(binding, sim) : 'same';
      const isSimUnchanged = seen === 'same';
      const verdict = judgeLogin(binding, { key, isSimUnchanged }, parts.policy, now.wallMs);
      if (isLive(binding) && seen === 'changed') {
        const ended: EndedBinding = { binding, why: 'sim-changed' };
        const puts = [...endPuts(binding, 'sim-changed', now.wallMs), untold(ended)];
        const facts = { why: 'sim-changed' };
        const audit = [{ actor: 'device', action: 'binding.ended', subject: binding.id, facts }];
        return { answer: accept({ verdict, ended }), puts, audit };
      }
      const isUse = verdict.proof === 'none' && binding !== undefined && now.wallMs - binding.usedAtMs >= useGrainMs;
      const puts = isUse ? [{ ...bindingRow(profile), value: { ...binding, usedAtMs: now.wallMs } }] : [];
      return { answer: accept({ verdict }), puts, audit: [] };
    },
  );
  if (!judged.ok) return judged;
  if (judged.value.ended !== undefined) await parts.tellEnded(judged.value.ended);
  return accept(judged.value.verdict);
};

/** Keyed hash of the words that stand on the other device's screen; case and blanks do not count. */
export const approvalHash = ({ secrets }: Pick<ServiceParts, 'secrets'>, attempt: string, words: string): string =>
  secrets.hash('approval', `${attempt}\u0000${words.replaceAll(/[\s-]/g, '').toUpperCase()}`);

const mostTries = 3;

const openAttempt = (rows: LoadedRows, profile: string): BindingAttempt | undefined => {
  const lock = rows.find('lock', `profile ${profile}`);
  return lock === undefined ? undefined : rows.find('attempt', lock.attempt);
};

const readApproval =
  (profile: string) =>
  async (load: (keys: readonly RowKey[]) => Promise<LoadedRows>): Promise<LoadedRows> => {
    const first = await load([{ kind: 'lock', id: `profile ${profile}` }, bindingRow(profile), passkeyRow(profile)]);
    const id = first.find('lock', `profile ${profile}`)?.attempt;
    if (id === undefined) return first;
    const attempt = (await load([{ kind: 'attempt', id }])).find('attempt', id);
    const known = ['binding', 'passkey'];
    const own = `profile ${profile}`;
    return attempt === undefined
      ? load([])
      : load(attemptKeys(attempt).filter((key) => !known.includes(key.kind) && key.id !== own));
  };

/**
 * The bound phone lets another device of its customer take over: its user, verified, has typed the words that stand on the other screen. Whoever
 * merely gets the customer to agree to something has not shown them these words.
 */
export const approveDevice = (
  parts: ServiceParts,
  { profile, key }: BoundCaller,
  words: string,
): Promise<Answer<BindingAttempt['state']>> =>
  transact(parts, readApproval(profile), (rows, now): Decided<Result<BindingAttempt['state'], BindingCode>> => {
    const nothing = (code: BindingCode) => ({ answer: refuse(code), puts: [], audit: [] });
    const binding = rows.find('binding', profile);
    if (!isLive(binding)) return nothing('binding.unknown');
    if (binding.key !== key) return nothing('binding.foreign-device');
    const attempt = openAttempt(rows, profile);
    if (attempt?.approval === undefined || attempt.state !== 'issued') return nothing('binding.unknown');
    // A phone does not let itself take over.
    if (attempt.device.key === key) return nothing('binding.foreign-device');
    const { hash, tries } = attempt.approval;
    if (tries >= mostTries) return nothing('binding.no-possession');
    if (approvalHash(parts, attempt.id, words) !== hash) {
      const value = { ...attempt, approval: { hash, tries: tries + 1 } };
      const { state } = attempt;
      const facts = { from: state, to: state, event: 'proof', code: 'binding.unproven', rule: 'B15', tries: tries + 1 };
      const audit = [{ actor: 'binding', action: 'binding.approval-wrong', subject: attempt.id, facts }];
      return { answer: refuse('binding.unproven'), puts: [{ kind: 'attempt', id: attempt.id, value }], audit };
    }
    const event = { kind: 'proof', key: attempt.device.key, proof: { kind: 'bound-device' } } as const;
    const planned = planStep(attempt, event, parts, rows, now);
    if (!planned.ok) return { answer: planned, puts: [], audit: [] };
    const { step, puts, audit } = planned.value;
    const answer = step.code === undefined ? accept(step.to) : refuse(step.code);
    return { answer, puts, audit };
  });

/** How long a challenge for a new passkey is good: in this span and the next. */
const challengeSpanMs = 300_000;

/** What a new passkey of this device must sign. Nothing is stored: it names profile, device and time under a key. */
export const passkeyChallenge = (
  { secrets, clock }: Pick<ServiceParts, 'secrets' | 'clock'>,
  { profile, key }: BoundCaller,
  spansAgo = 0,
): string => {
  const span = Math.floor(clock.now().wallMs / challengeSpanMs) - spansAgo;
  return secrets.hash('passkey', [profile, key, span].join('\u0000'));
};

const registered = (parts: ServiceParts, caller: BoundCaller, words: RegistrationWords): Passkey | undefined => {
  for (const spansAgo of [0, 1]) {
    const challenge = fromBase64Url(passkeyChallenge(parts, caller, spansAgo));
    const passkey = challenge === undefined ? undefined : parts.passkeys?.register(words, challenge);
    if (passkey !== undefined) return passkey;
  }
  return undefined;
};

/** The bound device vouches for a passkey of its customer; it counts for as long as this binding, or one that it led to. */
export const addPasskey = async (
  parts: ServiceParts,
  caller: BoundCaller,
  words: RegistrationWords,
): Promise<Answer<number>> => {
  const { profile, key } = caller;
  const passkey = registered(parts, caller, words);
  if (passkey === undefined) return refuse('binding.unproven');
  return transact(
    parts,
    (load) => load([bindingRow(profile), passkeyRow(profile)]),
    (rows): Decided<Result<number, BindingCode>> => {
      const nothing = (code: BindingCode) => ({ answer: refuse(code), puts: [], audit: [] });
      const binding = rows.find('binding', profile);
      if (!isLive(binding)) return nothing('binding.unknown');
      if (binding.key !== key) return nothing('binding.foreign-device');
      const others = livePasskeys(binding, rows.find('passkey', profile)).filter(({ id }) => id !== passkey.id);
      if (others.length >= mostPasskeys) return nothing('binding.wrong-state');
      const keys = [...others, passkey];
      const facts = { passkeys: keys.length };
      return {
        answer: accept(keys.length),
        puts: [{ ...passkeyRow(profile), value: { binding: binding.id, keys } }],
        audit: [{ actor: 'device', action: 'binding.passkey-added', subject: binding.id, facts }],
      };
    },
  );
};
