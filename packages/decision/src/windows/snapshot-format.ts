/**
 * Snapshots: rows of tables and stripes of memories in sections, each with its checksum, then an end that counts them. A snapshot is taken while threads go
 * on: every row is of one piece, rows are of different instants, and the journal that was begun before brings all of them to the same one.
 */
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { Checksum, ProfileFileCode } from './journal-format.ts';
import { field, layoutDigest } from './profile-layout.ts';
import type { ProfileTable } from './profile-table.ts';
import type { TurningStripes } from './turning-stripes.ts';

/** Bytes before a section's content: magic, checksum over the rest of it, kind and number, items, bytes of content. */
export const sectionHeadBytes = 24;
/** Kinds of sections. */
export const sectionKind = { rows: 1, stripes: 2, end: 3 } as const;
/** Most bytes of a section's content. */
export const maxSectionBytes: number = 16 * 1024 * 1024;
const sectionMagic = 0x43504248;

/** A section. */
export interface Section {
  readonly kind: number;
  /** Number of the table or memory. */
  readonly number: number;
  /** First row or stripe, and how many. */
  readonly first: number;
  readonly items: number;
  readonly content: Uint8Array;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Writes a section. */
export const writeSection = ({ kind, number, first, items, content }: Section, checksum: Checksum): Uint8Array => {
  const bytes = new Uint8Array(sectionHeadBytes + content.length);
  const view = viewOf(bytes);
  view.setUint32(0, sectionMagic, true);
  view.setUint16(8, kind, true);
  view.setUint16(10, number, true);
  view.setUint32(12, first, true);
  view.setUint32(16, items, true);
  view.setUint32(20, content.length, true);
  bytes.set(content, sectionHeadBytes);
  view.setUint32(4, checksum(bytes.subarray(8)), true);
  return bytes;
};

/** Bytes of content that a section's head tells; refused when it is no head. */
export const contentLength = (head: Uint8Array): Result<number, ProfileFileCode> => {
  if (head.length < sectionHeadBytes) return refuse('profiles.incomplete', 'no end');
  const view = viewOf(head);
  const length = view.getUint32(20, true);
  if (view.getUint32(0, true) !== sectionMagic || length > maxSectionBytes)
    return refuse('profiles.damaged', 'no section');
  return accept(length);
};

/** Reads a whole section. */
export const readSection = (bytes: Uint8Array, checksum: Checksum): Result<Section, ProfileFileCode> => {
  const length = contentLength(bytes);
  if (!length.ok) return length;
  if (bytes.length !== sectionHeadBytes + length.value) return refuse('profiles.incomplete', 'no whole section');
  const view = viewOf(bytes);
  if (view.getUint32(4, true) !== checksum(bytes.subarray(8))) return refuse('profiles.damaged', 'section');
  return accept({
    kind: view.getUint16(8, true),
    number: view.getUint16(10, true),
    first: view.getUint32(12, true),
    items: view.getUint32(16, true),
    content: bytes.subarray(sectionHeadBytes),
  });
};

const bytesOfRow = (table: ProfileTable): number => table.layout.words * 8;

/** Bytes of a row with all sketches that it may have. */
export const packedRowBytes = ({ layout }: ProfileTable): number =>
  (layout.words + layout.distinct.filter(({ sketch }) => sketch >= 0).length * layout.sketchWords) * 8;

const copyRow = (table: ProfileTable, row: number, into: Uint8Array, at: number): number => {
  const { layout, sketches } = table;
  const { bytes } = table.chunkOf(row);
  const from = table.wordOf(row) * 8;
  let end = at + bytesOfRow(table);
  into.set(bytes.subarray(from, from + bytesOfRow(table)), at);
  const view = new DataView(into.buffer, into.byteOffset + at, bytesOfRow(table));
  view.setInt32(field.lock * 4, 0, true);
  for (const { sketch } of layout.distinct) {
    const number = sketch < 0 ? 0 : view.getInt32(sketch * 4, true);
    if (number === 0) continue;
    const begin = (number - 1) * layout.sketchWords * 8;
    into.set(sketches.bytes.subarray(begin, begin + layout.sketchWords * 8), end);
    end += layout.sketchWords * 8;
  }
  return end;
};

/** Packs rows from `first` on, as many as fit `into`, each of one piece; answers the section's items and bytes. Rows that never changed are left out. Throws when a row stays held. */
export const packRows = (
  table: ProfileTable,
  first: number,
  most: number,
  into: Uint8Array,
): { readonly next: number; readonly items: number; readonly bytes: number } => {
  let items = 0;
  let at = 0;
  let row = first;
  const end = Math.min(table.size, first + most);
  for (; row < end && at + packedRowBytes(table) <= into.length; row += 1) {
    if (!table.enter(row)) throw new Error('a row stayed held');
    const { words } = table.chunkOf(row);
    if (words[table.wordOf(row) * 2 + field.order] !== 0) {
      at = copyRow(table, row, into, at);
      items += 1;
    }
    table.leave();
  }
  return { next: row, items, bytes: at };
};

const restoreSketches = (table: ProfileTable, row: number, content: Uint8Array, at: number): number => {
  const { layout, sketches } = table;
  const { words, numbers } = table.chunkOf(row);
  const base = table.wordOf(row) * 2;
  let from = at;
  for (const { sketch, forgotten } of layout.distinct) {
    if (sketch < 0 || words[base + sketch] === 0) continue;
    const number = table.takeSketch();
    words[base + sketch] = number + 1;
    // Without a sketch the count goes on from the exact places, as a lower bound.
    if (number < 0)
      words[base + forgotten] = Math.floor((numbers[table.wordOf(row) + field.lastSeen] as number) / 1000);
    else sketches.bytes.set(content.subarray(from, from + layout.sketchWords * 8), number * layout.sketchWords * 8);
    from += layout.sketchWords * 8;
  }
  return from;
};

/** Bytes of sketches that follow a row. */
const sketchBytes = ({ layout }: ProfileTable, view: DataView, at: number): number =>
  layout.distinct.filter(({ sketch }) => sketch >= 0 && view.getInt32(at + sketch * 4, true) !== 0).length *
  layout.sketchWords *
  8;

/** Puts packed rows into a table that no other thread uses yet. Rows whose newest event is before `keepFrom` are left out: that is how rows that nobody uses go. */
export const unpackRows = (
  table: ProfileTable,
  { items, content }: Section,
  keepFrom: number,
): Result<{ readonly rows: number; readonly left: number }, ProfileFileCode> => {
  const view = viewOf(content);
  const size = bytesOfRow(table);
  let at = 0;
  let rows = 0;
  for (let item = 0; item < items; item += 1) {
    if (at + size > content.length) return refuse('profiles.damaged', 'rows');
    const end = at + size + sketchBytes(table, view, at);
    if (end > content.length) return refuse('profiles.damaged', 'sketches');
    const isKept = view.getFloat64(at + field.lastSeen * 8, true) >= keepFrom;
    const row = isKept ? table.claim(view.getInt32(at, true), view.getInt32(at + 4, true)) : -1;
    if (row >= 0) {
      table.chunkOf(row).bytes.set(content.subarray(at, at + size), table.wordOf(row) * 8);
      restoreSketches(table, row, content, at + size);
      rows += 1;
    }
    at = end;
  }
  if (at !== content.length) return refuse('profiles.damaged', 'more than the rows');
  return accept({ rows, left: items - rows });
};

/** Bytes before the stripes of a section: the digest of their shape. */
const digestBytes = 16;

/** Bytes of a section with one stripe. */
export const packedStripeBytes = ({ stripeBytes }: TurningStripes): number => digestBytes + stripeBytes;

/** Packs stripes of a memory from `first` on, as many as fit, after the digest of their shape. Throws when a stripe stays held. */
export const packStripes = (
  memory: TurningStripes,
  first: number,
  into: Uint8Array,
): { readonly next: number; readonly items: number; readonly bytes: number } => {
  for (let place = 0; place < digestBytes; place += 1) into[place] = memory.digest.charCodeAt(place);
  let stripe = first;
  let at = digestBytes;
  for (; stripe < memory.stripes && at + memory.stripeBytes <= into.length; stripe += 1) {
    memory.copyOut(stripe, into, at);
    at += memory.stripeBytes;
  }
  return { next: stripe, items: stripe - first, bytes: at };
};

/** Puts packed stripes back into a memory that no other thread uses yet; answers how many. Those of another shape are left out: what they remember is forgotten. */
export const unpackStripes = (memory: TurningStripes, section: Section): Result<number, ProfileFileCode> => {
  const { first, items, content } = section;
  if (String.fromCharCode(...content.subarray(0, digestBytes)) !== memory.digest) return accept(0);
  if (first + items > memory.stripes || content.length !== digestBytes + items * memory.stripeBytes)
    return refuse('profiles.damaged', 'stripes');
  for (let item = 0; item < items; item += 1)
    memory.copyIn(first + item, content, digestBytes + item * memory.stripeBytes);
  return accept(items);
};

/** The hash that files carry: names and layouts of all tables in their order. */
export const profilesHash = (tables: readonly { readonly name: string; readonly table: ProfileTable }[]): string =>
  layoutDigest(JSON.stringify(tables.map(({ name, table }) => [name, table.layout.hash])));
