/** `hauberk binding feed import`: takes a list of revoked numbers or of risk bands over, for the gateway to read. */
import { readFileSync } from 'node:fs';
import { epochMs } from '@hauberk/primitives';
import {
  type FeedList,
  feedLists,
  presentFeed,
  publishersIn,
  readFeed,
  signFeed,
  withHead,
} from '../binding/signed-feed.ts';
import { writeFileDurably } from '../storage/durable-file.ts';
import { UsageError } from './admin-connection.ts';

/** What it takes beside the file. */
export interface FeedValues {
  readonly list?: string | undefined;
  readonly to?: string | undefined;
  readonly publisher?: string | undefined;
  readonly key?: string | undefined;
  readonly 'as-of'?: string | undefined;
  readonly 'country-code'?: string | undefined;
}

const listOf = (text: string | undefined): FeedList => {
  const list = feedLists.find((each) => each === text);
  if (list === undefined) throw new UsageError('--list is revoked or risk');
  return list;
};

/** Imports a list; answers what to print. @throws Error with a code and a hint when it is refused; the file that stands is then untouched. */
export const importFeed = (
  words: readonly string[],
  values: FeedValues,
): { readonly json: unknown; readonly text: string } => {
  const [action, from, ...rest] = words;
  const { to, publisher, key } = values;
  if (action !== 'import' || from === undefined || rest.length > 0 || to === undefined)
    throw new UsageError('feed import takes FILE --list revoked|risk --to FILE');
  const list = listOf(values.list);
  const asOf = values['as-of'];
  const given = readFileSync(from);
  const isPlain = asOf !== undefined;
  if (isPlain && publisher !== undefined)
    throw new UsageError('a list with --as-of is signed by nobody yet: sign it with --key');
  const countryCode = values['country-code'];
  const bytes = isPlain ? Buffer.from(withHead(given.toString('utf8'), { asOf, countryCode })) : given;
  const publishers = publisher === undefined ? [] : publishersIn(publisher);
  const now = epochMs(Date.now());
  const read = readFeed(bytes, list, publishers, now, presentFeed(to, list, now));
  if (!read.ok) throw new Error(`${read.code}: ${read.detail ?? ''}; ${to} is as it was`);
  const signed = key === undefined ? bytes : signFeed(bytes.toString('utf8'), list, readFileSync(key, 'utf8'));
  writeFileDurably(to, signed);
  const { asOfMs, entries } = read.value;
  const ageHours = Math.max(0, Math.floor((now - asOfMs) / 3_600_000));
  const json = { list, entries: entries.size, asOf: new Date(asOfMs).toISOString(), ageHours, to };
  return { json, text: `${list}: ${entries.size} numbers as of ${json.asOf} (${ageHours} h old) in ${to}\n` };
};
