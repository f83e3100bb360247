/** An SMS came in: which attempt it belongs to, and what it does to it. Durable before it is answered, so that a link may acknowledge. */
import { readMsisdn, readToken, type TokenSms } from '@hauberk/binding';
import { epochMs, type Refusal, type Result, refuse } from '@hauberk/primitives';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { ServiceParts } from './binding-service.ts';
import type { RowKey, SmsOutcome } from './binding-store.ts';
import { type Decided, type LoadedRows, transact } from './binding-transaction.ts';
import { attemptKeys, type EndedBinding, planStep, remembered } from './step-rows.ts';

/** A message as the SMS plane hands it over. Its arrival is timed here, never by what the link says. */
export interface InboundSms {
  /** The configured link that it came over; authenticated by the SMS plane. */
  readonly link: string;
  /** The link's own id of the message; empty when it names none. */
  readonly messageId: string;
  readonly from: string;
  /** The VMN that it was sent to. */
  readonly to: string;
  readonly text: string;
  /** The carrier as the link names it; absent or empty for ported numbers. */
  readonly carrier?: string | undefined;
}

/** What an inbound SMS came to. A storage refusal must not be acknowledged to the link: it will deliver again. */
export type InboundAnswer = SmsOutcome | Refusal<StorageRefusal>;

interface ReadSms {
  readonly token: string;
  /** Names this message for idempotency; undefined when the link names none. */
  readonly name: string | undefined;
  readonly sms: Omit<TokenSms, 'receivedAtMs'>;
}

const longestName = 128;

const readSms = (parts: ServiceParts, message: InboundSms): Result<ReadSms, 'binding.token-shape'> => {
  const { link, messageId, carrier } = message;
  const [from, to, token] = [readMsisdn(message.from), readMsisdn(message.to), readToken(message.text)];
  if (!token.ok) return token;
  if (!from.ok || !to.ok || link === '' || link.length > longestName || messageId.length > longestName)
    return refuse('binding.token-shape', 'no source, VMN or link');
  const { secrets } = parts;
  const [hash, source, vmn] = [secrets.hash('token', token.value), secrets.hash('number', from.value), to.value];
  // Some links count their ids anew after a restart: another content under an old id is another message.
  const name = messageId === '' ? undefined : secrets.hash('sms', [link, messageId, hash, source, vmn].join('\u0000'));
  const sms = { link, messageId, source, vmn, carrier, isTrustedLink: parts.links.isTrusted(link, vmn) };
  return { ok: true, value: { token: hash, name, sms } };
};

const readRows =
  ({ token, name }: ReadSms) =>
  async (load: (keys: readonly RowKey[]) => Promise<LoadedRows>): Promise<LoadedRows> => {
    const first = await load([
      { kind: 'token', id: token },
      ...(name === undefined ? [] : [{ kind: 'sms', id: name } as const]),
    ]);
    const id = first.find('token', token)?.attempt;
    if (id === undefined) return first;
    const attempt = (await load([{ kind: 'attempt', id }])).find('attempt', id);
    return attempt === undefined ? load([]) : load(attemptKeys(attempt));
  };

type Answer = { readonly sms: SmsOutcome; readonly ended?: EndedBinding | undefined };

const outcomeOf = (from: string, to: string, code: SmsOutcome['code']): SmsOutcome => {
  if (to === 'declined' || to === 'expired') return { outcome: 'declined', code };
  if (code !== undefined) return { outcome: 'ignored', code };
  return { outcome: from === to ? 'redelivered' : 'counted' };
};

const decide =
  (parts: ServiceParts, { token, name, sms }: ReadSms) =>
  (rows: LoadedRows, now: Parameters<typeof planStep>[4]): Decided<Answer> => {
    const answered = name === undefined ? undefined : rows.find('sms', name);
    if (answered !== undefined) return { answer: { sms: answered }, puts: [], audit: [] };
    const id = rows.find('token', token)?.attempt;
    const attempt = id === undefined ? undefined : rows.find('attempt', id);
    // Unknown tokens leave no row: otherwise anybody could fill the store by SMS.
    if (attempt === undefined)
      return { answer: { sms: { outcome: 'ignored', code: 'binding.token-used' } }, puts: [], audit: [] };
    const event = { kind: 'sms', sms: { ...sms, receivedAtMs: epochMs(now.wallMs) } } as const;
    const planned = planStep(attempt, event, parts, rows, now);
    const outcome: SmsOutcome = planned.ok
      ? outcomeOf(attempt.state, planned.value.attempt.state, planned.value.step.code)
      : { outcome: 'ignored', code: 'binding.token-used' };
    const kept =
      name === undefined
        ? []
        : [{ kind: 'sms', id: name, value: outcome, expiresAtMs: remembered(now.wallMs) } as const];
    if (!planned.ok) return { answer: { sms: outcome }, puts: kept, audit: [] };
    const { puts, audit, ended } = planned.value;
    return { answer: { sms: outcome, ended }, puts: [...puts, ...kept], audit };
  };

/** Counts an inbound SMS. Idempotent by link and message id; when it answers an outcome, that is on the disk. */
export const inboundSms = async (parts: ServiceParts, message: InboundSms): Promise<InboundAnswer> => {
  const read = readSms(parts, message);
  if (!read.ok) return { outcome: 'ignored', code: read.code };
  const answer = await transact(parts, readRows(read.value), decide(parts, read.value));
  if ('ok' in answer) return answer;
  if (answer.ended !== undefined) await parts.tellEnded(answer.ended);
  return answer.sms;
};
