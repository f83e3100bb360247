/**
 * Lists of numbers on their way from who publishes them: signed in their last line, never replaced by an older one, and made from the plain
 * lists that authorities hand out.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type FeedCode, type NumberFeed, type RiskBand, readRevocationFeed, readRiskFeed } from '@hauberk/binding';
import { accept, type EpochMs, fromBase64Url, fromUtf8, type Result, refuse, toBase64Url } from '@hauberk/primitives';

/** Which list. */
export const feedLists = ['revoked', 'risk'] as const;

/** One of them. */
export type FeedList = (typeof feedLists)[number];

/** Why a list is not taken over. */
export type SignedFeedCode = FeedCode | 'feed.signature' | 'feed.future' | 'feed.rollback';

const marker = '\nsignature,';
const context = Buffer.from('hb1/number-feed\u0000');
/** Clocks of publisher and reader may differ by so much. */
const toleranceMs = 300_000;
const publicBlock = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** The public keys (PEM, P-256 or Ed25519) of a file. @throws Error when it holds none: no key must not mean that none is asked for. */
export const publishersIn = (file: string): readonly KeyObject[] => {
  const keys = [...readFileSync(file, 'utf8').matchAll(publicBlock)].map(([block]) => createPublicKey(block));
  if (keys.length === 0) throw new Error(`${file} holds no public key`);
  return keys;
};

const digestOf = (key: KeyObject): 'sha256' | null => (key.asymmetricKeyType === 'ec' ? 'sha256' : null);
const signedOf = (list: FeedList, body: Uint8Array): Buffer =>
  Buffer.concat([context, Buffer.from(`${list}\u0000`), body]);

/** A list with its signature; the name of the list is signed with it, so that no list can stand for the other. */
export const signFeed = (text: string, list: FeedList, privatePem: string): string => {
  const body = text.trimEnd();
  const key = createPrivateKey(privatePem);
  const signature = sign(digestOf(key), signedOf(list, Buffer.from(body)), { key, dsaEncoding: 'ieee-p1363' });
  return `${body}${marker}${toBase64Url(new Uint8Array(signature))}\n`;
};

/** The text of a list. With publishers it must be signed by one of them; without, a signature is not looked at. */
const bodyOf = (
  bytes: Uint8Array,
  list: FeedList,
  publishers: readonly KeyObject[],
): Result<string, SignedFeedCode> => {
  const text = fromUtf8(Uint8Array.from(bytes));
  if (text === undefined) return refuse('feed.entry', 'no UTF-8');
  const at = text.lastIndexOf(marker);
  const body = at < 0 ? text : text.slice(0, at);
  if (publishers.length === 0) return accept(body);
  const signature = at < 0 ? undefined : fromBase64Url(text.slice(at + marker.length).trimEnd());
  const signed = signedOf(list, Buffer.from(body));
  const isSigned =
    signature !== undefined &&
    publishers.some((key) => verify(digestOf(key), signed, { key, dsaEncoding: 'ieee-p1363' }, signature));
  return isSigned ? accept(body) : refuse('feed.signature', 'not signed by a publisher that was named');
};

/** What the two lists hold. */
export interface FeedValues {
  readonly revoked: true;
  readonly risk: RiskBand;
}

/** Reads a list; `present` is what stands now: an older one never takes its place. */
export const readFeed = <List extends FeedList>(
  bytes: Uint8Array,
  list: List,
  publishers: readonly KeyObject[],
  now: EpochMs,
  present?: NumberFeed<FeedValues[List]>,
): Result<NumberFeed<FeedValues[List]>, SignedFeedCode> => {
  const body = bodyOf(bytes, list, publishers);
  if (!body.ok) return body;
  const read = (list === 'revoked' ? readRevocationFeed(body.value) : readRiskFeed(body.value)) as Result<
    NumberFeed<FeedValues[List]>,
    FeedCode
  >;
  if (!read.ok) return read;
  if (read.value.asOfMs > now + toleranceMs) return refuse('feed.future', 'its date is ahead of this clock');
  return present !== undefined && read.value.asOfMs < present.asOfMs
    ? refuse('feed.rollback', 'older than the one that stands')
    : read;
};

/** How a plain list is read. */
export interface PlainFeed {
  readonly asOf: string;
  /** Put before national numbers. */
  readonly countryCode?: string | undefined;
}

const nationalDigits = /^0?([1-9]\d{5,13})$/;

const numberOf = (text: string, countryCode: string | undefined): string => {
  const plain = text.trim().replaceAll(/[ "-]/g, '');
  if (countryCode === undefined || plain.startsWith('+') || plain.startsWith('00')) return plain;
  const [, national] = nationalDigits.exec(plain) ?? [];
  if (national === undefined) return plain;
  // `91 98111 11111` without a plus has its country code already, where a bare national number would be too long.
  return national.startsWith(countryCode) && national.length > 10 ? national : `${countryCode}${national}`;
};

/** A list with its head from a plain one: a number a line, or a number and a band; a first line without digits is a heading. */
export const withHead = (text: string, { asOf, countryCode }: PlainFeed): string => {
  const [first = '', ...others] = text.split('\n').map((line) => line.trim());
  const lines = [...(/\d/.test(first) ? [first] : []), ...others].filter((line) => line !== '');
  const rows = lines.map((line) => {
    const [number = '', ...rest] = line.split(/[,;\t]/);
    const band = rest.map((each) => each.trim().toLowerCase().replaceAll(' ', '-'));
    return [numberOf(number, countryCode), ...band].join(',');
  });
  return [`as-of,${asOf},count,${rows.length}`, ...rows].join('\n');
};

/** The list that stands in a file; undefined when there is none that can be read. */
export const presentFeed = <List extends FeedList>(
  file: string,
  list: List,
  now: EpochMs,
): NumberFeed<FeedValues[List]> | undefined => {
  const read = existsSync(file) ? readFeed(readFileSync(file), list, [], now) : undefined;
  return read?.ok === true ? read.value : undefined;
};
