/**
 * What it costs to say who a device is: a link by 24 attributes among 200,000 identities, and a whole resolve with three aliases. The peer is the same method over
 * objects and Maps, in the same run, with the same candidates. `npm run bench -- identity [--json] [--identities N]`.
 */
import { parseArgs } from 'node:util';
import {
  type AliasRecord,
  aliasRowId,
  type FoundVerdict,
  type IdentityRecord,
  judgeFound,
  type LinkFound,
  LinkIndex,
  type LinkModel,
  resolveIdentity,
  usualLinkModel,
} from '@hauberk/device';
import { drift, newPhone, type Phone } from '../packages/device/test/support/drifting-phones.ts';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, identities: { type: 'string', default: '200000' } },
});
const population = Number(options.identities);

let state = 20_260_101;
const random = (): number => {
  state = (state + 0x6d2b79f5) | 0;
  let word = Math.imul(state ^ (state >>> 15), 1 | state);
  word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
  return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
};

const phones = Array.from({ length: population }, () => newPhone(random, Math.floor(1100 * random())));
const later = phones.slice(0, 50_000).map((phone) => drift(phone, random, 12 * random()));

const index = new LinkIndex({ model: usualLinkModel, capacity: population, key: new Uint8Array(8).fill(1) });
const values = index.newValues();
for (const [number, { attributes }] of phones.entries()) {
  index.read(attributes, values);
  index.put(number, values);
}

const found: LinkFound = { best: -1, bits: 0, second: 0, candidates: 0 };
let candidates = 0;
const link = ({ attributes }: Phone): FoundVerdict => {
  index.read(attributes, values);
  index.find(values, found);
  candidates += found.candidates;
  return judgeFound(usualLinkModel, found, index.size, 'distinct');
};

/** The same over objects: attributes as they are, counts and lists in Maps. */
class ObjectIndex {
  readonly #model: LinkModel;
  readonly #phones: readonly Phone[];
  readonly #counts = new Map<string, number>();
  readonly #lists = new Map<string, number[]>();

  constructor(model: LinkModel, known: readonly Phone[]) {
    this.#model = model;
    this.#phones = known;
    for (const [number, { attributes }] of known.entries()) {
      for (const [name, value] of Object.entries(attributes)) {
        const key = `${name}=${value}`;
        this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      }
      for (const key of this.#keysOf(attributes)) {
        const list = this.#lists.get(key);
        if (list === undefined) this.#lists.set(key, [number]);
        else list.push(number);
      }
    }
  }

  #keysOf(attributes: Readonly<Record<string, string>>): readonly string[] {
    return this.#model.blocks
      .filter((block) => block.every((name) => attributes[name] !== undefined))
      .map((block) => block.map((name) => `${name}=${attributes[name]}`).join('&'));
  }

  #score(seen: Readonly<Record<string, string>>, number: number): number {
    const held = this.#phones[number]?.attributes ?? {};
    const best = new Map<string, number>();
    const worst = new Map<string, number>();
    for (const { name, stays, group = name, moves = name } of this.#model.attributes) {
      const [left, right] = [seen[name], held[name]];
      if (left === undefined || right === undefined) continue;
      if (left === right) {
        const share = ((this.#counts.get(`${name}=${left}`) ?? 0) + 1) / (this.#phones.length + 2);
        best.set(group, Math.max(best.get(group) ?? 0, Math.log2(stays) - Math.log2(share)));
      } else worst.set(moves, Math.min(worst.get(moves) ?? 0, Math.log2(1 - stays)));
    }
    return [...best.values(), ...worst.values()].reduce((sum, bits) => sum + bits, 0);
  }

  find({ attributes }: Phone): number {
    const near = new Set<number>();
    for (const key of this.#keysOf(attributes)) {
      const list = this.#lists.get(key) ?? [];
      if (list.length <= 64) for (const number of list) near.add(number);
    }
    let best = -1;
    let bits = Number.NEGATIVE_INFINITY;
    for (const number of near) {
      const score = this.#score(attributes, number);
      if (score > bits) [best, bits] = [number, score];
    }
    return best;
  }
}

const microseconds = (count: number, run: (number: number) => unknown): number => {
  const taken: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const began = process.cpuUsage();
    for (let number = 0; number < count; number += 1) run(number);
    const { user, system } = process.cpuUsage(began);
    taken.push((user + system) / count);
  }
  return Math.min(...taken);
};

const at = Date.UTC(2026, 0, 1);
const record = (id: string): IdentityRecord => ({
  id,
  createdAtMs: at,
  lastSeenMs: at,
  collision: 'distinct',
  attributes: phones[Number(id)]?.attributes ?? {},
  mergedInto: null,
  aliases: [],
  twins: [],
  events: [],
});
const names = (number: number) =>
  ['vendor', 'legacy', 'web'].map((source) => ({ source, digest: `${number}`.padStart(16, '0') }));
const aliases = new Map<string, AliasRecord>(
  later.flatMap((_, number) =>
    names(number).map((name): [string, AliasRecord] => [
      aliasRowId(name),
      {
        ...name,
        isShared: false,
        holds: [{ identity: String(number), fromMs: at, lastMs: at, untilMs: null, seen: 1, by: 'key' }],
      },
    ]),
  ),
);
const resolve = (number: number) => {
  const phone = later[number] as Phone;
  const verdict = link(phone);
  const identity = verdict.kind === 'none' ? undefined : String(verdict.identity);
  const { attributes } = phone;
  return resolveIdentity(
    { atMs: at + 1, aliases: names(number), attributes, collision: 'distinct' },
    {
      aliases,
      sources: new Map(),
      identities: new Map(
        [String(number), ...(identity === undefined ? [] : [identity])].map((id) => [id, record(id)]),
      ),
      link: identity === undefined || verdict.kind === 'none' ? { kind: 'none' } : { ...verdict, identity },
      fresh: 'fresh',
    },
  );
};

const perLink = microseconds(later.length, (number) => link(later[number] as Phone));
const each = candidates / (later.length * 4);
const perResolve = microseconds(later.length, resolve);
const objects = new ObjectIndex(usualLinkModel, phones);
const perObjectLink = microseconds(5000, (number) => objects.find(later[number] as Phone));

const round = (value: number): number => Math.round(value * 100) / 100;
const report = {
  identities: population,
  microsecondsPerLink: round(perLink),
  microsecondsPerResolve: round(perResolve),
  candidatesPerLink: round(each),
  vsObjects: round(perObjectLink / perLink),
};
if (!options.json) {
  console.log(`${population} identities, ${report.candidatesPerLink} candidates a link`);
  console.log(`link ${report.microsecondsPerLink} µs, whole resolve ${report.microsecondsPerResolve} µs of CPU`);
  console.log(`the same over objects and Maps: ${report.vsObjects} times as long`);
}
console.log(JSON.stringify(report));
