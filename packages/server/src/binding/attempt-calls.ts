/** What the requesting device says while its attempt is open. Nothing of it is believed but from the key that asked. */
import {
  type AttemptEvent,
  type BindingAttempt,
  type BindingCode,
  livePasskeys,
  type NextMove,
  nextMove,
  type ProvidedProof,
  type SentItem,
} from '@hauberk/binding';
import { accept, fromBase64Url, type Refusal, type Result, refuse } from '@hauberk/primitives';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { ServiceParts } from './binding-service.ts';
import type { RowKey } from './binding-store.ts';
import { type Decided, type LoadedRows, transact, unlessUnavailable } from './binding-transaction.ts';
import type { AssertionWords } from './passkey-verifier.ts';
import { attemptKeys, type PlannedStep, planStep } from './step-rows.ts';

/** Where an attempt stands, for the device that asked. */
export interface AttemptView {
  readonly state: BindingAttempt['state'];
  readonly next: NextMove;
  /** Why it ended, or why this call changed nothing. */
  readonly code?: BindingCode | undefined;
}

/** The answer to a call of a device. */
export type AttemptAnswer = Result<AttemptView, BindingCode | StorageRefusal>;

/** Who calls, as the channel verified it. */
export interface AttemptCaller {
  readonly attempt: string;
  /** Thumbprint of the key that signed this call. */
  readonly key: string;
}

const readAttempt =
  (id: string) =>
  async (load: (keys: readonly RowKey[]) => Promise<LoadedRows>): Promise<LoadedRows> => {
    const rows = await load([{ kind: 'attempt', id }]);
    const attempt = rows.find('attempt', id);
    return attempt === undefined ? rows : load(attemptKeys(attempt));
  };

const viewOf = ({ policy }: ServiceParts, attempt: BindingAttempt, code?: BindingCode): AttemptView => ({
  state: attempt.state,
  next: nextMove(attempt, policy),
  code: code ?? attempt.code,
});

type Planned = Result<PlannedStep, BindingCode>;
/** The event of a call, which may depend on the attempt; a code refuses it. */
type EventOf = (attempt: BindingAttempt) => AttemptEvent | BindingCode;

const decide =
  (parts: ServiceParts, { attempt: id, key }: AttemptCaller, eventOf: EventOf) =>
  (rows: LoadedRows, now: Parameters<typeof planStep>[4]): Decided<Planned> => {
    const nothing = (answer: Planned): Decided<Planned> => ({ answer, puts: [], audit: [] });
    const attempt = rows.find('attempt', id);
    if (attempt === undefined) return nothing(refuse('binding.unknown'));
    if (attempt.device.key !== key && parts.without?.has('own-key') !== true)
      return nothing(refuse('binding.foreign-device'));
    const event = eventOf(attempt);
    if (typeof event === 'string') return nothing(refuse(event));
    const planned = planStep(attempt, event, parts, rows, now);
    if (!planned.ok) return nothing(planned);
    return { answer: planned, puts: planned.value.puts, audit: planned.value.audit };
  };

const step = async (
  parts: ServiceParts,
  caller: AttemptCaller,
  eventOf: EventOf,
): Promise<Planned | Refusal<StorageRefusal>> => {
  const planned = await transact(parts, readAttempt(caller.attempt), decide(parts, caller, eventOf));
  if (planned.ok && planned.value.ended !== undefined) await parts.tellEnded(planned.value.ended);
  return planned;
};

const call = async (parts: ServiceParts, caller: AttemptCaller, eventOf: EventOf): Promise<AttemptAnswer> => {
  const planned = await step(parts, caller, eventOf);
  return planned.ok ? accept(viewOf(parts, planned.value.attempt, planned.value.step.code)) : planned;
};

/** Where the attempt stands; an attempt whose time is over ends here. */
export const attemptStatus = async (parts: ServiceParts, caller: AttemptCaller): Promise<AttemptAnswer> => {
  const { key, attempt: id } = caller;
  const rows = await unlessUnavailable(() => parts.store.load(parts.scope, [{ kind: 'attempt', id }]));
  if ('code' in rows) return rows;
  const attempt = rows[0]?.value as BindingAttempt | undefined;
  if (attempt === undefined) return refuse('binding.unknown');
  if (attempt.device.key !== key) return refuse('binding.foreign-device');
  const isOpen = ['issued', 'seen', 'proven'].includes(attempt.state);
  return isOpen ? call(parts, caller, () => ({ kind: 'tick' })) : accept(viewOf(parts, attempt));
};

/** The client read its sent items. */
export const reportSentItem = (
  parts: ServiceParts,
  caller: AttemptCaller,
  item: Omit<SentItem, 'kind'>,
): Promise<AttemptAnswer> =>
  call(parts, caller, () => ({ kind: 'proof', key: caller.key, proof: { kind: 'sent-item', ...item } }));

/** The session was left, or what it stands on changed. */
export const reportLeft = (
  parts: ServiceParts,
  caller: AttemptCaller,
  how: Extract<AttemptEvent, { kind: 'left' }>['how'],
): Promise<AttemptAnswer> => call(parts, caller, () => ({ kind: 'left', how, key: caller.key }));

/** iOS: how long the app was away in the composer, by its own clock; checked here so that no client decides what is too long. */
export const reportComposer = (parts: ServiceParts, caller: AttemptCaller, awayMs: number): Promise<AttemptAnswer> => {
  const isSlow = !(awayMs >= 0 && awayMs <= parts.policy.composerLimit);
  return isSlow ? reportLeft(parts, caller, 'composer-slow') : attemptStatus(parts, caller);
};

const codeDigits = 8;
/** 10^8 codes, three tries, one code for an attempt. */
const drawCode = ({ secrets }: ServiceParts): string => {
  for (;;) {
    const drawn = new DataView(secrets.random(4).buffer).getUint32(0);
    if (drawn < 4_200_000_000) return String(drawn % 100_000_000).padStart(codeDigits, '0');
  }
};

const codeHash = ({ secrets }: ServiceParts, attempt: string, code: string): string =>
  secrets.hash('code', `${attempt}\u0000${code}`);

/** Sends the one-time code to the number that the SMS came from, once, when sent item and polling have led to nothing. */
export const requestCode = async (parts: ServiceParts, caller: AttemptCaller): Promise<AttemptAnswer> => {
  const code = drawCode(parts);
  const hash = codeHash(parts, caller.attempt, code);
  const planned = await step(parts, caller, (attempt) =>
    nextMove(attempt, parts.policy) === 'await-code' ? { kind: 'otp-sent', hash } : 'binding.wrong-state',
  );
  if (!planned.ok) return planned;
  const { attempt, step: found } = planned.value;
  if (found.to === 'seen') {
    const number = await parts.directory.registeredNumber(attempt.profile);
    // The number may have been changed at the bank meanwhile: a code goes to the one that sent the token, or nowhere.
    if (number !== undefined && parts.secrets.hash('number', number) === attempt.sms?.source)
      await parts.notices.sendCode(
        number,
        `${parts.brand} code ${code}. The app reads it. Never forward this message.`,
      );
  }
  return accept(viewOf(parts, attempt, found.code));
};

/** What the app found in its inbox. */
export type CodeReport = { readonly code: string; readonly isRead: boolean } | 'unreadable';

/** The client answers with the code that it read, or says that it cannot read any. */
export const reportCode = (parts: ServiceParts, caller: AttemptCaller, report: CodeReport): Promise<AttemptAnswer> =>
  call(parts, caller, (attempt) => {
    const state =
      report === 'unreadable'
        ? 'unreadable'
        : codeHash(parts, attempt.id, report.code) === attempt.otp?.hash
          ? 'right'
          : 'wrong';
    const isRead = report !== 'unreadable' && report.isRead;
    return { kind: 'proof', key: caller.key, proof: { kind: 'otp', state, isRead } };
  });

/** Counts a proof that the shell verified with its provider for this very attempt. */
export const countProof = (
  parts: ServiceParts,
  caller: AttemptCaller,
  kind: ProvidedProof['kind'],
): Promise<AttemptAnswer> => call(parts, caller, () => ({ kind: 'proof', key: caller.key, proof: { kind } }));

/**
 * The device fetched a code from its operator over mobile data, and the operator says whether that connection is the registered number's. A code
 * serves once, so another attempt's is refused by the operator.
 */
export const verifyNumber = async (
  parts: ServiceParts,
  caller: AttemptCaller,
  code: string,
): Promise<AttemptAnswer> => {
  const stands = await attemptStatus(parts, caller);
  if (!stands.ok) return stands;
  const isOpen = ['issued', 'seen'].includes(stands.value.state);
  const loaded = await unlessUnavailable(() =>
    parts.store.load(parts.scope, [{ kind: 'attempt', id: caller.attempt }]),
  );
  if ('code' in loaded) return loaded;
  const attempt = loaded[0]?.value as BindingAttempt | undefined;
  if (!isOpen || attempt === undefined || parts.operator === undefined) return refuse('binding.wrong-state');
  const number = await parts.directory.registeredNumber(attempt.profile);
  if (number === undefined || parts.secrets.hash('number', number) !== attempt.number)
    return refuse('binding.number-mismatch');
  const verified = await parts.operator.verifyNumber(code, number);
  return verified.ok && verified.value ? countProof(parts, caller, 'number-verification') : refuse('binding.unproven');
};

/** The passkey of the customer signs this attempt's challenge. A copied authenticator, whose counter stands still, proves nothing. */
export const provePasskey = async (
  parts: ServiceParts,
  caller: AttemptCaller,
  words: AssertionWords,
): Promise<AttemptAnswer> => {
  const planned = await transact(parts, readAttempt(caller.attempt), (rows, now): Decided<Planned> => {
    const refused = (code: BindingCode) => ({ answer: refuse(code), puts: [], audit: [] });
    const attempt = rows.find('attempt', caller.attempt);
    const challenge = fromBase64Url(attempt?.challenge ?? '');
    if (attempt === undefined || challenge === undefined || challenge.length === 0)
      return refused('binding.wrong-state');
    const { profile } = attempt;
    const keys = livePasskeys(rows.find('binding', profile), rows.find('passkey', profile));
    const passkey = keys.find(({ id }) => id === words.credential);
    const signCount = passkey === undefined ? undefined : parts.passkeys?.assert(passkey, words, challenge);
    if (passkey === undefined || signCount === undefined) return refused('binding.unproven');
    const proof = { kind: 'passkey' } as const;
    const decided = decide(parts, caller, () => ({ kind: 'proof', key: caller.key, proof }))(rows, now);
    if (!decided.answer.ok || decided.answer.value.step.code !== undefined) return decided;
    const binding = rows.find('binding', profile)?.id ?? '';
    const used = keys.map((each) => (each === passkey ? { ...each, signCount } : each));
    return { ...decided, puts: [...decided.puts, { kind: 'passkey', id: profile, value: { binding, keys: used } }] };
  });
  return planned.ok ? accept(viewOf(parts, planned.value.attempt, planned.value.step.code)) : planned;
};

/** The last call: the key that asked confirms, and is bound. */
export const confirm = (parts: ServiceParts, caller: AttemptCaller): Promise<AttemptAnswer> =>
  call(parts, caller, () => ({ kind: 'confirm', key: caller.key }));
