/**
 * May this signal be sensed, sent, kept or read, here and now? One decision for SDK, gateway and memory, over the port of
 * `@hauberk/privacy`: who asks does not see how consent is kept.
 */
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { SensedSignal } from './signal-report.ts';
import { type SignalRule, signalRuleOf } from './signal-rules.ts';
import { reachesTier, type SceneTier } from './signal-words.ts';

/** The scene of `@hauberk/privacy` under which signals of a phone are collected. */
export const signalPrivacyScene = 'terminal-security';

/** What a person agreed to, by data item and scene: `MayCollect` of `@hauberk/privacy`, of which only this is asked. */
export type SignalConsent = (item: string, scene: string) => { readonly isAllowed: boolean; readonly reason: string };

/** Why a signal may not be sensed, sent, kept or read. */
export type SignalRefusal =
  /** No rule names it. */
  | 'signal.unregistered'
  /** A scene of this tier may not ask for it. */
  | 'signal.beyond-scene'
  /** The person did not agree; the detail is the reason of `mayCollect`. */
  | 'signal.before-consent'
  /** It was looked at a moment ago. */
  | 'signal.too-often'
  /** Its time is over. */
  | 'signal.expired'
  /** It tells of what has not happened yet. */
  | 'signal.future'
  /** A flag was given a number, or a bucket a truth value. */
  | 'signal.form'
  /** Nobody on this layer can sense it. */
  | 'signal.layer';

/** How far ahead of the gateway's clock an observation may lie, in milliseconds. */
export const signalAheadMs = 300_000;

/** Whether a scene of a tier may ask for a signal at all, and whether the person agreed to what it touches. */
export const mayCollectSignal = (
  code: string,
  scene: SceneTier,
  consent: SignalConsent,
): Result<SignalRule, SignalRefusal> => {
  const rule = signalRuleOf(code);
  if (rule === undefined) return refuse('signal.unregistered');
  if (!reachesTier(scene, rule.tier)) return refuse('signal.beyond-scene', code);
  const { isAllowed, reason } = consent(rule.item, signalPrivacyScene);
  return isAllowed ? accept(rule) : refuse('signal.before-consent', reason);
};

/** The same, and whether it is time to look again. `lastAtMs` undefined: never looked. */
export const maySense = (
  code: string,
  scene: SceneTier,
  consent: SignalConsent,
  lastAtMs: number | undefined,
  nowMs: number,
): Result<SignalRule, SignalRefusal> => {
  const allowed = mayCollectSignal(code, scene, consent);
  if (!allowed.ok || lastAtMs === undefined) return allowed;
  // A clock that was set back must not keep a check from running.
  const passed = nowMs - lastAtMs;
  return passed >= 0 && passed < allowed.value.everyMs ? refuse('signal.too-often', code) : allowed;
};

/** When an observation stops to count, epoch milliseconds. */
export const signalUntil = (rule: SignalRule, observedAtMs: number): number => observedAtMs + rule.ttlMs;

/** Whether an observation may still be read. */
export const mayReadSignal = (code: string, observedAtMs: number, nowMs: number): Result<SignalRule, SignalRefusal> => {
  const rule = signalRuleOf(code);
  if (rule === undefined) return refuse('signal.unregistered');
  if (observedAtMs > nowMs + signalAheadMs) return refuse('signal.future', code);
  return nowMs >= signalUntil(rule, observedAtMs) ? refuse('signal.expired', code) : accept(rule);
};

/** Whether what a client told may be kept: registered, of its form, from who can sense it, in its scene, agreed to and not over. */
export const mayKeepSignal = (
  { code, value, source, observedAtMs }: SensedSignal,
  scene: SceneTier,
  consent: SignalConsent,
  nowMs: number,
): Result<SignalRule, SignalRefusal> => {
  const allowed = mayCollectSignal(code, scene, consent);
  if (!allowed.ok) return allowed;
  const { form, layers } = allowed.value;
  if ((form === 'flag') !== (typeof value === 'boolean')) return refuse('signal.form', code);
  if (!layers.includes(source)) return refuse('signal.layer', code);
  return mayReadSignal(code, observedAtMs, nowMs);
};
