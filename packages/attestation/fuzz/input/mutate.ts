/** Mutations of chains: of bytes, of certificates' order, and of the structure inside, with lengths put right. */
import type { Bytes } from '@hauberk/primitives';
import { concat } from '@hauberk/primitives';
import { bytesOf, type Node, nodesOf, treeOf } from './der-tree.ts';

/** Numbers from 0 up to, and without, 1. */
export type Random = () => number;

/** What mutations draw from. */
export interface Material {
  readonly chains: readonly (readonly Bytes[])[];
  readonly forged: readonly Bytes[];
}

const below = (random: Random, count: number): number => Math.floor(random() * count);
const pick = <Value>(random: Random, values: readonly Value[]): Value => {
  const value = values[below(random, values.length)];
  if (value === undefined) throw new RangeError('nothing to pick from');
  return value;
};

type Edit = (random: Random, chain: Bytes[], material: Material) => void;

const anyCertificate = (random: Random, { chains }: Material): Bytes => pick(random, pick(random, chains));

/** Applies a change of bytes to one certificate. */
const onBytes =
  (change: (random: Random, bytes: Bytes) => Bytes): Edit =>
  (random, chain) => {
    const at = below(random, chain.length);
    chain[at] = change(random, chain[at] ?? new Uint8Array(0));
  };

const flipped = onBytes((random, bytes) => {
  const copy = bytes.slice();
  const at = below(random, copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 + below(random, 255));
  return copy;
});
const cut = onBytes((random, bytes) => {
  const at = below(random, bytes.length);
  return concat(bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 8)));
});
const stuffed = onBytes((random, bytes) => {
  const at = below(random, bytes.length + 1);
  const added = Uint8Array.from({ length: 1 + below(random, 4) }, () => below(random, 256));
  return concat(bytes.subarray(0, at), added, bytes.subarray(at));
});

const swapped: Edit = (random, chain) => {
  const [left, right] = [below(random, chain.length), below(random, chain.length)];
  const kept = chain[left] ?? new Uint8Array(0);
  chain[left] = chain[right] ?? kept;
  chain[right] = kept;
};
const dropped: Edit = (random, chain) => void chain.splice(below(random, chain.length), 1);
const doubled: Edit = (random, chain) => {
  const at = below(random, chain.length);
  chain.splice(at, 0, chain[at] ?? new Uint8Array(0));
};
const spliced: Edit = (random, chain, material) => {
  chain[below(random, chain.length)] = anyCertificate(random, material);
};
const inserted: Edit = (random, chain, material) =>
  void chain.splice(below(random, chain.length + 1), 0, anyCertificate(random, material));
const extended: Edit = (random, chain, { forged }) => void chain.unshift(pick(random, forged));
const replaced: Edit = (random, chain, { forged }) => {
  chain[0] = pick(random, forged);
};
/** The lower part of one chain on the upper part of another. */
const crossed: Edit = (random, chain, { chains }) => {
  const other = pick(random, chains);
  chain.splice(1 + below(random, chain.length), chain.length, ...other.slice(below(random, other.length)));
};

type Change = (random: Random, place: ReturnType<typeof nodesOf>[number], donor: Node) => void;

const changes: readonly Change[] = [
  (_random, { siblings, at }) => void siblings.splice(at, 1),
  (_random, { siblings, at, node }) => void siblings.splice(at, 0, node),
  (random, { siblings, at, node }) => {
    const other = below(random, siblings.length);
    siblings[at] = siblings[other] ?? node;
    siblings[other] = node;
  },
  (_random, { siblings, at }, donor) => {
    siblings[at] = donor;
  },
  (_random, { siblings, at }, donor) => void siblings.splice(at, 0, donor),
  (random, { node }) => {
    node.tag = Uint8Array.of((node.tag[0] ?? 0) ^ (1 << below(random, 8)), ...node.tag.subarray(1));
  },
  (random, { node }) => {
    const contents = node.children === undefined ? node.contents : concat(...node.children.map(bytesOf));
    node.children = undefined;
    const at = below(random, contents.length);
    node.contents = contents.slice();
    if (contents.length > 0) node.contents[at] = (node.contents[at] ?? 0) ^ (1 << below(random, 8));
  },
  (_random, { node }) => {
    node.isLong = true;
  },
  (_random, { node }) => {
    node.contents = concat(Uint8Array.of(0), node.contents);
  },
  (_random, { node }) => {
    node.children = undefined;
    node.contents = new Uint8Array(0);
  },
  (_random, { siblings, at, node }) => {
    siblings[at] = { tag: Uint8Array.of(0x30), contents: new Uint8Array(0), children: [node], isLong: false };
  },
];

const restructured: Edit = (random, chain, material) => {
  const at = below(random, chain.length);
  const tree = treeOf(chain[at] ?? new Uint8Array(0));
  const donorTree = treeOf(anyCertificate(random, material));
  if (tree === undefined || donorTree === undefined) return;
  const places = nodesOf(tree).slice(1);
  if (places.length === 0) return;
  const donors = nodesOf(donorTree);
  pick(random, changes)(random, pick(random, places), pick(random, donors).node);
  chain[at] = bytesOf(tree);
};

/** What keeps most of a certificate in order comes often, since it gets furthest. */
const edits: readonly Edit[] = [
  flipped,
  flipped,
  cut,
  stuffed,
  swapped,
  dropped,
  doubled,
  spliced,
  inserted,
  extended,
  replaced,
  crossed,
  ...Array.from({ length: 12 }, () => restructured),
];

/** A chain with one to three edits. */
export const mutantOf = (random: Random, chain: readonly Bytes[], material: Material): readonly Bytes[] => {
  const copy = [...chain];
  for (let left = 1 + below(random, 3); left > 0; left -= 1)
    if (copy.length > 0) pick(random, edits)(random, copy, material);
  return copy;
};
