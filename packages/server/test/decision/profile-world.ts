/** A small world of profiles for the tests of their files: the n-th change of a key is always the same, so that an order number tells the whole row. */

import {
  compileLayout,
  JournalBuffer,
  joinOwners,
  Profile,
  type ProfileSpec,
  ProfileTable,
  reserveOwners,
  reserveProfiles,
} from '@hauberk/decision';
import { hours, minutes } from '@hauberk/primitives';
import type { KeptProfiles } from '../../src/decision/profile-files.ts';

export const start: number = Date.UTC(2026, 0, 1);
export const keys = 12;

export const spec: ProfileSpec = {
  rings: [{ name: 'hour', width: hours(1), buckets: 48 }],
  tail: 8,
  hasEpisodes: false,
};

/** Tables of one process: the one that works and notes its changes, and the one that files see. */
export interface World {
  readonly table: ProfileTable;
  readonly buffer: JournalBuffer;
  readonly kept: KeptProfiles;
  readonly profile: Profile;
}

export const newWorld = (layoutSpec: ProfileSpec = spec): World => {
  const layout = compileLayout(layoutSpec);
  const owners = reserveOwners();
  const memory = reserveProfiles(layout, 1000, { owners });
  const buffer = new JournalBuffer();
  const table = new ProfileTable(layout, memory, joinOwners(owners), { buffer, table: 0 });
  const files = new ProfileTable(layout, memory, joinOwners(owners));
  return { table, buffer, kept: { tables: [{ name: 'device', table: files }] }, profile: new Profile(table) };
};

/** Lets the next change of a key happen; answers its order number. */
export const change = ({ table, profile }: World, key: number): number => {
  const row = table.claim(Math.imul(key + 1, 0x9e3779b1), key);
  if (!table.enter(row)) throw new Error('the row stayed held');
  const order = profile.open(row).order + 1;
  profile.add(start + order * minutes(1), key * 1000 + order);
  return table.leave();
};

/** The row of a key as text. */
export const rowOf = ({ table, profile }: World, key: number): { readonly order: number; readonly text: string } => {
  const row = table.find(Math.imul(key + 1, 0x9e3779b1), key);
  if (row < 0) return { order: 0, text: '' };
  const { words } = table.chunkOf(row);
  const at = table.wordOf(row) * 2;
  const copy = words.slice(at, at + table.layout.words * 2);
  // Without the lock, whose version counts changes of this run.
  copy[2] = 0;
  return { order: profile.open(row).order, text: Buffer.from(copy.buffer).toString('base64') };
};

/** The row that a key has after so many changes. */
export const rowAfter = (key: number, order: number): string => {
  const world = newWorld();
  for (let each = 0; each < order; each += 1) change(world, key);
  return rowOf(world, key).text;
};
