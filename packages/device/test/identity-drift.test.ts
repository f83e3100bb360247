/**
 * Links under a year of drift: who comes back without key, token or alias is found again, nobody is taken for somebody else. 200,000 phones with
 * HAUBERK_FULL=1.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { type LinkFound, LinkIndex } from '../src/identity/link-index.ts';
import { usualLinkModel } from '../src/identity/link-model.ts';
import { judgeFound } from '../src/identity/link-verdict.ts';
import { drift, newBatch, newPhone, type Phone } from './support/drifting-phones.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
const population = isFull ? 200_000 : 12_000;
const seed = Number(process.env['HAUBERK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const randomFrom = (start: number): (() => number) => {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** One in thirty is of a batch that was set up together, every fourth has a relative with the same place. */
const people = (random: () => number, count: number, relatives: readonly Phone[] = []): readonly Phone[] => {
  const phones: Phone[] = [];
  while (phones.length < count) {
    const day = Math.floor(1100 * random());
    const like = random() < 0.25 ? (phones.at(-1) ?? relatives[Math.floor(random() * relatives.length)]) : undefined;
    if (random() < 0.004) phones.push(...newBatch(random, day, 8));
    else phones.push(newPhone(random, day, like));
  }
  return phones;
};

test(`identity: of ${population} phones after up to twelve months of drift 99 % are found, none is another`, () => {
  console.log(`identity drift: HAUBERK_SEED=${seed}`);
  const random = randomFrom(seed);
  const phones = people(random, population);
  const index = new LinkIndex({ model: usualLinkModel, capacity: phones.length, key: new Uint8Array(8).fill(9) });
  const values = index.newValues();
  for (const [number, { attributes }] of phones.entries()) {
    index.read(attributes, values);
    index.put(number, values);
  }
  assert.equal(index.size, phones.length);
  const found: LinkFound = { best: -1, bits: 0, second: 0, candidates: 0 };
  const judge = ({ attributes, isUniform }: Phone) => {
    index.read(attributes, values);
    index.find(values, found);
    return judgeFound(usualLinkModel, found, index.size, isUniform ? 'uniform' : 'distinct');
  };
  const seen = { linkable: 0, right: 0, wrong: 0, uniformLinked: 0, strangers: 0, strangersLinked: 0 };
  for (const [number, phone] of phones.entries()) {
    const verdict = judge(drift(phone, random, 12 * random()));
    if (phone.isUniform) seen.uniformLinked += verdict.kind === 'same' ? 1 : 0;
    else {
      seen.linkable += 1;
      if (verdict.kind === 'same' && verdict.identity === number) seen.right += 1;
      else if (verdict.kind === 'same') seen.wrong += 1;
    }
  }
  for (const phone of people(random, population / 2, phones)) {
    seen.strangers += 1;
    if (judge(phone).kind === 'same') seen.strangersLinked += 1;
  }
  console.log(JSON.stringify(seen));
  // A small run scatters more: three standard deviations less are allowed.
  assert.ok(seen.right / seen.linkable >= (isFull ? 0.99 : 0.987), `${seen.right} of ${seen.linkable}`);
  // 10⁻⁵ of all looks; a smaller run allows none.
  const allowed = Math.floor((seen.linkable + seen.strangers) * 1e-5);
  assert.ok(seen.wrong + seen.strangersLinked <= allowed, `${seen.wrong} and ${seen.strangersLinked} wrong`);
  assert.equal(seen.uniformLinked, 0);
  assert.equal(index.refused, 0);
});

test('identity: an index that is full refuses and counts; who is dropped is no candidate; a crowd under one key says nothing', () => {
  const random = randomFrom(3);
  const index = new LinkIndex({ model: usualLinkModel, capacity: 200, key: new Uint8Array(8).fill(1) });
  const values = index.newValues();
  const found: LinkFound = { best: -1, bits: 0, second: 0, candidates: 0 };
  const phones = people(random, 150);
  for (const [number, { attributes }] of phones.entries()) {
    index.read(attributes, values);
    index.put(number, values);
  }
  const [first] = phones;
  assert.ok(first);
  index.read(first.attributes, values);
  index.find(values, found);
  assert.equal(found.best, 0);
  index.drop(0);
  assert.equal(index.size, phones.length - 1);
  index.find(values, found);
  assert.notEqual(found.best, 0);
  index.put(200, values);
  assert.ok(index.refused > 0);
  const crowd = new LinkIndex({ model: usualLinkModel, capacity: 200, key: new Uint8Array(8).fill(1) });
  for (let number = 0; number < 200; number += 1) crowd.put(number, values);
  crowd.find(values, found);
  assert.equal(found.candidates, 0);
  assert.throws(
    () => new LinkIndex({ model: { ...usualLinkModel, blocks: [['none']] }, capacity: 1, key: new Uint8Array(8) }),
    RangeError,
  );
});
