import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BareItem,
  type Item,
  type Member,
  type Parameters,
  parseDictionary,
  parseItem,
  parseList,
} from '@hauberk/primitives/structured-fields';
import * as oracle from 'structured-headers';
import { mutant, randomOf } from '../fuzz/engine/mutate.ts';
import { structuredFieldFragments, structuredFieldSeeds } from '../fuzz/structured-fields.ts';

const count = process.env['HAUBERK_FULL'] === '1' ? 1_000_000 : 10_000;
const seed = Number(process.env['HAUBERK_SEED'] ?? '9651');

/** A common form of both sides' values. The oracle has one number type, so kinds of numbers are not compared here. */
type Plain = string | number | boolean | readonly Plain[];

const ourBare = (bare: BareItem): Plain => {
  if (bare.kind === 'integer' || bare.kind === 'decimal') return ['number', bare.value];
  return [bare.kind, bare.kind === 'bytes' ? Buffer.from(bare.value).toString('hex') : bare.value];
};
const ourParameters = (parameters: Parameters): Plain => [...parameters].map(([key, value]) => [key, ourBare(value)]);
const ourItem = (item: Item): Plain => [ourBare(item), ourParameters(item.parameters)];
const ourMember = (member: Member): Plain =>
  member.kind === 'inner-list' ? [member.items.map(ourItem), ourParameters(member.parameters)] : ourItem(member);

const theirBare = (bare: oracle.BareItem): Plain => {
  if (typeof bare === 'number') return ['number', bare + 0];
  if (typeof bare === 'string') return ['string', bare];
  if (typeof bare === 'boolean') return ['boolean', bare];
  if (bare instanceof oracle.Token) return ['token', bare.toString()];
  if (bare instanceof oracle.DisplayString) return ['display-string', bare.toString()];
  if (bare instanceof Date) return ['date', bare.getTime() / 1000 + 0];
  return ['bytes', Buffer.from(bare as ArrayBuffer).toString('hex')];
};
const theirParameters = (parameters: oracle.Parameters): Plain =>
  [...parameters].map(([key, value]) => [key, theirBare(value)]);
const theirItem = ([bare, parameters]: oracle.Item): Plain => [theirBare(bare), theirParameters(parameters)];
const theirMember = (member: oracle.Item | oracle.InnerList): Plain =>
  oracle.isInnerList(member) ? [member[0].map(theirItem), theirParameters(member[1])] : theirItem(member);

const ours: Readonly<Record<string, (text: string) => Plain | undefined>> = {
  item: (text) => {
    const answer = parseItem(text);
    return answer.ok ? ourItem(answer.value) : undefined;
  },
  list: (text) => {
    const answer = parseList(text);
    return answer.ok ? answer.value.map(ourMember) : undefined;
  },
  dictionary: (text) => {
    const answer = parseDictionary(text);
    return answer.ok ? [...answer.value].map(([key, member]) => [key, ourMember(member)]) : undefined;
  },
};

const quietly = (read: () => Plain): Plain | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};
const theirs: Readonly<Record<string, (text: string) => Plain | undefined>> = {
  item: (text) => quietly(() => theirItem(oracle.parseItem(text))),
  list: (text) => quietly(() => oracle.parseList(text).map(theirMember)),
  dictionary: (text) =>
    quietly(() => [...oracle.parseDictionary(text)].map(([key, member]) => [key, theirMember(member)])),
};

/** Where the oracle is known to leave RFC 9651: the reason why a difference is not ours. */
const explanationOf = (text: string, mine: Plain | undefined, other: Plain | undefined): string | undefined => {
  // Section 4.2.10 step 5.2: only %x20-7e may stand in a display string; the oracle lets other characters stand there.
  if (mine === undefined && /%"[^"]*[^ -~]/.test(text)) return 'display string beyond ASCII';
  // Section 4.2.9 ends a date at the first character that is no digit; the oracle wants the end of the field there.
  if (other === undefined && /@-?[0-9]+[^0-9]/.test(text)) return 'date before the end';
  // Dates of fifteen digits lie beyond what the oracle's JavaScript Date can hold.
  if (JSON.stringify(other)?.includes('["date",null]') === true) return 'date beyond Date';
  return undefined;
};

test(`structured-headers and we read ${count} mutants alike (seed ${seed})`, () => {
  const random = randomOf(seed);
  const differences: unknown[] = [];
  let accepted = 0;
  let agreed = 0;
  for (let left = count; left > 0; left -= 1) {
    const text = mutant(random, structuredFieldSeeds, structuredFieldFragments);
    for (const kind of ['item', 'list', 'dictionary']) {
      const [mine, other] = [ours[kind]?.(text), theirs[kind]?.(text)];
      if (mine !== undefined) accepted += 1;
      if (JSON.stringify(mine) === JSON.stringify(other)) agreed += 1;
      else if (explanationOf(text, mine, other) === undefined) differences.push({ kind, text, mine, other });
    }
  }
  assert.deepEqual(differences.slice(0, 5), []);
  // Explanations are exceptions: where they were the rule, nothing was compared.
  assert.ok(accepted > count / 20 && agreed > count * 2.7, `${accepted} accepted, ${agreed} agreed`);
});
