/**
 * Kinds of evidence that devices can share, as data. Kinds of one group speak of the same thing (an address and a Wi-Fi are both "the same
 * place"), so two kinds count as two only when their groups differ.
 */

/** Groups of evidence; two of them are independent of each other. */
export const evidenceGroups = [
  'network',
  'account',
  'money',
  'telephony',
  'papers',
  'hardware',
  'bench',
  'install',
  'behaviour',
  'other',
] as const;

/** A group of evidence. */
export type EvidenceGroup = (typeof evidenceGroups)[number];

/** How much shared evidence of one kind says. */
export interface EvidenceKind {
  readonly group: EvidenceGroup;
  /** How far it is believed, 0 to 1: a client's claim less than what the server saw. */
  readonly trust: number;
  /** Two holders count as sharing it when both showed it within this many hours. */
  readonly togetherHours: number;
}

const kind = (group: EvidenceGroup, trust: number, togetherHours: number): EvidenceKind => ({
  group,
  trust,
  togetherHours,
});

/** The usual kinds: entities of events, the evidence of device reports, and what clusters see themselves. A kind that is not named here counts as `other`. */
export const usualEvidenceKinds: Readonly<Record<string, EvidenceKind>> = {
  address: kind('network', 0.8, 24),
  subnet: kind('network', 0.6, 24),
  bssid: kind('network', 0.8, 72),
  cell: kind('network', 0.6, 24),
  account: kind('account', 1, 72),
  payee: kind('money', 0.9, 72),
  card: kind('money', 1, 72),
  merchant: kind('money', 0.6, 72),
  employer: kind('money', 0.6, 168),
  phone: kind('telephony', 1, 168),
  paper: kind('papers', 1, 168),
  face: kind('papers', 1, 168),
  rendering: kind('hardware', 0.8, 168),
  audio: kind('hardware', 0.8, 168),
  image: kind('hardware', 0.9, 168),
  provisioning: kind('hardware', 0.9, 168),
  battery: kind('bench', 0.9, 72),
  motion: kind('bench', 0.9, 72),
  brightness: kind('bench', 0.8, 72),
  installOrder: kind('install', 0.9, 168),
  storage: kind('install', 0.8, 168),
  coupon: kind('behaviour', 0.5, 24),
  item: kind('behaviour', 0.5, 24),
  sequence: kind('behaviour', 0.7, 24),
  other: kind('other', 0.7, 24),
};

/** Most kinds that one memory knows. */
export const maxKinds = 64;

/** A table of kinds by number, for rows of typed arrays. */
export interface KindTable {
  readonly names: readonly string[];
  readonly kinds: readonly EvidenceKind[];
  /** Place of each kind's group in {@link evidenceGroups}. */
  readonly groups: Uint8Array;
  /** Number of a kind; unknown names get the number of `other`. */
  readonly numberOf: (name: string) => number;
}

/** Compiles kinds. `other` is added when it is missing. */
export const compileKinds = (kinds: Readonly<Record<string, EvidenceKind>>): KindTable => {
  const all = { other: usualEvidenceKinds['other'] as EvidenceKind, ...kinds };
  const names = Object.keys(all).sort();
  if (names.length > maxKinds) throw new RangeError(`at most ${maxKinds} kinds of evidence`);
  const numbers = new Map(names.map((name, number) => [name, number]));
  const other = numbers.get('other') as number;
  const list = names.map((name) => all[name as keyof typeof all] as EvidenceKind);
  return {
    names,
    kinds: list,
    groups: Uint8Array.from(list, ({ group }) => evidenceGroups.indexOf(group)),
    numberOf: (name) => numbers.get(name) ?? other,
  };
};

/** Groups in a mask, one bit each. */
export const countGroups = (mask: number): number => {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
};

/** Names of the groups in a mask. */
export const groupsIn = (mask: number): readonly EvidenceGroup[] =>
  evidenceGroups.filter((_, place) => (mask & (1 << place)) !== 0);
