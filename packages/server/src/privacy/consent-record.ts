/**
 * The consent ledger of the record: one chain of signed lines for each pseudonym. What an app tells is completed here with the pseudonym, the
 * controller and the jurisdiction; its time is kept between the line before and now. Nothing is ever taken out.
 */
import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import {
  accept,
  type Bytes,
  type EpochMs,
  fromUtf8,
  type JsonValue,
  parseJson,
  type Result,
  refuse,
  toBase64Url,
} from '@hauberk/primitives';
import {
  appendConsent,
  type ConsentEvent,
  emptyLedger,
  type LedgerCode,
  type LedgerHead,
  type LedgerSigner,
  type LedgerVerifier,
  maxConsentList,
  readConsentEvent,
} from '@hauberk/privacy';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { PrivacyConfig } from '../config/privacy-config.ts';
import type { KeyReader, ManagedKey } from '../keys/key-provider.ts';
import { p256PrivateKey } from '../keys/make-key.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { PrivacyPut, PrivacyStore } from './privacy-store.ts';
import { freshSubject, subjectTag } from './privacy-subject.ts';

/** Most events of one person. */
export const maxConsentEvents = 1000;
/** Largest body that the endpoint reads. */
export const maxConsentBytes = 32_768;
const attempts = 8;

const sha256 = (input: Uint8Array): Bytes => new Uint8Array(createHash('sha256').update(input).digest());

/** The name of a key of the ledger: of its public point. */
export const ledgerKeyId = (publicKey: Uint8Array): string => toBase64Url(sha256(publicKey).subarray(0, 16));

/** Signs lines with the ledger's present key. */
export const ledgerSigner = (keys: KeyReader, now: EpochMs): LedgerSigner => {
  const key: ManagedKey = keys.current('consent-signing', now);
  const secret = p256PrivateKey(key);
  return {
    keyId: ledgerKeyId(key.publicKey ?? new Uint8Array()),
    sha256,
    sign: (message) => new Uint8Array(sign('sha256', message, { key: secret, dsaEncoding: 'ieee-p1363' })),
  };
};

/** Public points of the ledger's keys, the present one first. */
export const ledgerKeys = (keys: KeyReader, now: EpochMs): readonly Bytes[] =>
  keys.accepted('consent-signing', now).flatMap(({ publicKey }) => (publicKey === null ? [] : [publicKey]));

/** Checks lines against public points, without any state. */
export const ledgerVerifier = (points: readonly Uint8Array[]): LedgerVerifier => {
  const known = new Map(
    points.map((point) => {
      const [x, y] = [toBase64Url(point.subarray(1, 33)), toBase64Url(point.subarray(33, 65))];
      return [ledgerKeyId(point), createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } })] as const;
    }),
  );
  return {
    sha256,
    verify: (keyId, message, signature) => {
      const key = known.get(keyId);
      return key !== undefined && verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
    },
  };
};

/** Id of a line's row: in the order of the lines. */
const dayOf = (now: EpochMs): string => new Date(now).toISOString().slice(0, 10);
const lineId = (subject: string, sequence: number): string => `${subject}/${String(sequence).padStart(8, '0')}`;

/** The ledger of a person: its text, its events, and where it stands. */
export const consentLines = async (
  store: Pick<PrivacyStore, 'list'>,
  scope: Scope,
  subject: string,
): Promise<{ readonly text: string; readonly events: readonly ConsentEvent[] }> => {
  const rows = await store.list(scope, 'consent', { prefix: `${subject}/`, limit: maxConsentEvents });
  const lines = rows.flatMap(({ value }) => (value === undefined ? [] : [value.line]));
  const events = lines.map((line) => (JSON.parse(line) as { body: { event: ConsentEvent } }).body.event);
  return { text: lines.map((line) => `${line}\n`).join(''), events };
};

/** Why a consent is not recorded. */
export type ConsentCode = LedgerCode | 'consent.full' | 'consent.busy';

/** What recording needs. */
export interface ConsentShell {
  readonly store: PrivacyStore;
  readonly keys: KeyReader;
  readonly config: PrivacyConfig;
  readonly maxBehind: number;
}

/** What the app may say; the rest of the record is not for it to say. */
const told = ['recordId', 'notice', 'sdkListHash', 'channel', 'state', 'purposes', 'at', 'expiresAt'];

const readTold = (body: Uint8Array): Readonly<Record<string, JsonValue>> | undefined => {
  const text = body.length > maxConsentBytes ? undefined : fromUtf8(body);
  const read = text === undefined ? undefined : parseJson(text, { maxKeys: 4 * maxConsentList * maxConsentList });
  if (read?.ok !== true || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value))
    return undefined;
  const members = read.value as Readonly<Record<string, JsonValue>>;
  return Object.keys(members).every((name) => told.includes(name)) ? members : undefined;
};

/** The event as it goes into the ledger: never before the one before it, never in the future. */
const completed = (
  members: Readonly<Record<string, JsonValue>>,
  principal: string,
  { controller, jurisdiction }: PrivacyConfig,
  least: number,
  now: number,
): Result<ConsentEvent, 'consent.malformed'> => {
  const { at } = members;
  const said = typeof at === 'number' ? at : now;
  const instant = Math.max(least, Math.min(said, now));
  return readConsentEvent({
    ...members,
    schema: 'hauberk-consent-1',
    principal,
    controller,
    jurisdiction,
    at: instant,
  });
};

const auditOf = ({ state, recordId, notice, purposes }: ConsentEvent, subject: string): AuditRecord => ({
  actor: `subject ${subject}`,
  action: `privacy.consent-${state}`,
  subject,
  facts: { record: recordId, notice: notice.id, purposes: purposes.map(({ purpose }) => purpose) },
});

interface Standing {
  readonly subject: string;
  readonly tag: string;
  readonly isNew: boolean;
  readonly head: LedgerHead;
  readonly read: readonly {
    readonly key: { readonly kind: 'subject' | 'ledger'; readonly id: string };
    readonly version: number;
  }[];
  readonly lastAt: number;
}

const standingOf = async (
  { store, keys }: ConsentShell,
  scope: Scope,
  device: string,
  now: EpochMs,
): Promise<Standing> => {
  const tag = subjectTag(keys, scope, device, now);
  const [mapped] = await store.load(scope, [{ kind: 'subject', id: tag }]);
  const subject = mapped?.value?.subject ?? freshSubject();
  const [ledger] = await store.load(scope, [{ kind: 'ledger', id: subject }]);
  const { count, hash } = ledger?.value ?? emptyLedger;
  const head = { count, hash };
  const [last] = await store.load(scope, [{ kind: 'consent', id: lineId(subject, head.count - 1) }]);
  const line = last?.value?.line;
  return {
    subject,
    tag,
    isNew: mapped?.value === undefined,
    head,
    lastAt: line === undefined ? 0 : (JSON.parse(line) as { body: { event: ConsentEvent } }).body.event.at,
    read: [
      { key: { kind: 'subject', id: tag }, version: mapped?.version ?? 0 },
      { key: { kind: 'ledger', id: subject }, version: ledger?.version ?? 0 },
    ],
  };
};

/** A line that was written: the receipt of the person. */
export interface ConsentReceipt {
  readonly subject: string;
  readonly line: string;
  readonly head: LedgerHead;
}

/** Appends what an app told of its person's decision; durable once it is answered. */
export const recordConsent = async (
  shell: ConsentShell,
  scope: Scope,
  device: string,
  body: Uint8Array,
  now: EpochMs,
): Promise<Result<ConsentReceipt, ConsentCode | StorageRefusal>> => {
  const members = readTold(body);
  if (members === undefined) return refuse('consent.malformed');
  const signer = ledgerSigner(shell.keys, now);
  for (let left = attempts; left > 0; left -= 1) {
    const standing = await standingOf(shell, scope, device, now);
    const { subject, tag, head, read, isNew, lastAt } = standing;
    if (head.count >= maxConsentEvents) return refuse('consent.full');
    const event = completed(members, subject, shell.config, lastAt, now);
    if (!event.ok) return event;
    const appended = appendConsent(head, event.value, signer);
    if (!appended.ok) return appended;
    const puts: readonly PrivacyPut[] = [
      ...(isNew ? [{ kind: 'subject', id: tag, value: { subject, day: dayOf(now) }, atMs: now } as const] : []),
      ...(isNew ? [{ kind: 'alias', id: subject, value: { tag }, atMs: now } as const] : []),
      { kind: 'consent', id: lineId(subject, head.count), value: { line: appended.value.line }, atMs: now },
      { kind: 'ledger', id: subject, value: { ...appended.value.head, atMs: now }, atMs: now },
    ];
    const audit = [auditOf(event.value, subject)];
    const written = await shell.store.commit({ changes: [{ scope, read, puts, audit }] }, now);
    if (written.ok) return accept({ subject, ...appended.value });
    // Somebody else wrote the line with this number: the next one is tried.
    if (written.code !== 'privacy-conflict') return refuse(written.code);
  }
  return refuse('consent.busy');
};
