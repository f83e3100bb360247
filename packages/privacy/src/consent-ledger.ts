/**
 * The consent ledger: one signed line an event, each holding the hash of the line before it. A ledger is checked with the
 * text and the public keys alone. Only the newest line could be cut off unseen, so a checker may bring the head it expects.
 */
import {
  accept,
  type Bytes,
  canonicalJson,
  fromBase64Url,
  type JsonValue,
  parseJson,
  type Result,
  refuse,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { type ConsentEvent, readConsentEvent } from './consent-event.ts';

/** Where a ledger stands: how many lines it has, and the hash of the last. */
export interface LedgerHead {
  readonly count: number;
  /** SHA-256 of the last line in base64url; 32 zero bytes for an empty ledger. */
  readonly hash: string;
}

/** Signs lines of the ledger: ECDSA P-256 with SHA-256, 64 bytes r ‖ s. */
export interface LedgerSigner {
  readonly keyId: string;
  sha256(input: Uint8Array): Bytes;
  sign(message: Uint8Array): Bytes;
}

/** Checks lines of the ledger. `verify` answers false for a key that it does not trust. */
export interface LedgerVerifier {
  sha256(input: Uint8Array): Bytes;
  verify(keyId: string, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Why a ledger is not believed. */
export type LedgerCode =
  | 'consent.malformed'
  | 'consent.chain'
  | 'consent.signature'
  | 'consent.backwards'
  | 'consent.head'
  | 'consent.too-long';

/** A ledger before its first event. */
export const emptyLedger: LedgerHead = { count: 0, hash: 'A'.repeat(43) };
/** Longest line, in characters. */
export const maxLedgerLine = 65_536;

/** Keeps a signature from being taken for one over something else. */
const context = 'hauberk consent ledger 1\n';

/** The line that adds `event` to the ledger, without its line end, and the head after it. */
export const appendConsent = (
  head: LedgerHead,
  event: ConsentEvent,
  signer: LedgerSigner,
): Result<{ readonly line: string; readonly head: LedgerHead }, LedgerCode> => {
  const body = canonicalJson({ event, key: signer.keyId, previous: head.hash, sequence: head.count });
  const read = parseJson(body);
  const checked = read.ok ? readBody(read.value) : undefined;
  if (checked === undefined) return refuse('consent.malformed');
  const line = canonicalJson({ body: checked, signature: toBase64Url(signer.sign(utf8(context + body))) });
  if (line.length > maxLedgerLine) return refuse('consent.too-long');
  return accept({ line, head: { count: head.count + 1, hash: toBase64Url(signer.sha256(utf8(line))) } });
};

interface Body {
  readonly event: ConsentEvent;
  readonly key: string;
  readonly previous: string;
  readonly sequence: number;
}

const membersOf = (value: JsonValue | undefined, names: string): Readonly<Record<string, JsonValue>> | undefined =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).toSorted().join(' ') === names
    ? (value as Readonly<Record<string, JsonValue>>)
    : undefined;

const readBody = (value: JsonValue | undefined): Body | undefined => {
  const members = membersOf(value, 'event key previous sequence');
  const event = members?.['event'] === undefined ? undefined : readConsentEvent(members['event']);
  const isWhole =
    event?.ok === true &&
    typeof members?.['key'] === 'string' &&
    typeof members['previous'] === 'string' &&
    typeof members['sequence'] === 'number';
  return isWhole ? (members as unknown as Body) : undefined;
};

const verifyLine = (line: string, head: LedgerHead, verifier: LedgerVerifier): Result<ConsentEvent, LedgerCode> => {
  const read = parseJson(line, { maxLength: maxLedgerLine, maxKeys: 16_384 });
  // The one canonical spelling only: otherwise a line could change without its meaning changing.
  if (!read.ok || canonicalJson(read.value) !== line) return refuse('consent.malformed');
  const members = membersOf(read.value, 'body signature');
  const body = readBody(members?.['body']);
  const signature = typeof members?.['signature'] === 'string' ? fromBase64Url(members['signature']) : undefined;
  if (body === undefined || signature === undefined) return refuse('consent.malformed');
  if (body.previous !== head.hash || body.sequence !== head.count) return refuse('consent.chain');
  return verifier.verify(body.key, utf8(context + canonicalJson(body)), signature)
    ? accept(body.event)
    : refuse('consent.signature');
};

/**
 * Checks a whole ledger: lines, each ended by a line feed. `expected` is a head that was kept elsewhere; without it a
 * missing tail is not seen. The detail of a refusal names the line, from 1.
 */
export const verifyLedger = (
  text: string,
  verifier: LedgerVerifier,
  expected?: LedgerHead,
): Result<{ readonly events: readonly ConsentEvent[]; readonly head: LedgerHead }, LedgerCode> => {
  const events: ConsentEvent[] = [];
  let head = emptyLedger;
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const line = end < 0 ? '' : text.slice(start, end);
    const read = verifyLine(line, head, verifier);
    if (!read.ok) return refuse(read.code, `line ${head.count + 1}`);
    if (read.value.at < (events.at(-1)?.at ?? 0)) return refuse('consent.backwards', `line ${head.count + 1}`);
    events.push(read.value);
    head = { count: head.count + 1, hash: toBase64Url(verifier.sha256(utf8(line))) };
    start = end + 1;
  }
  const isExpected = expected === undefined || (expected.count === head.count && expected.hash === head.hash);
  return isExpected ? accept({ events, head }) : refuse('consent.head');
};
