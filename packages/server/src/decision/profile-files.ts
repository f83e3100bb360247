/**
 * Profiles on disk: a snapshot, and the journals begun since. Snapshot N holds everything up to the begin of journal N, so that a boot reads the newest
 * snapshot and all journals from its number on. A new boot begins a new journal; a new snapshot makes everything before it superfluous.
 */
import { existsSync, readdirSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import {
  contentLength,
  type DuplicateFilter,
  type FirstSeen,
  fileHeadBytes,
  JournalReplay,
  maxSectionBytes,
  type ProfileFileCode,
  type ProfileTable,
  packedRowBytes,
  packedStripeBytes,
  packRows,
  packStripes,
  profilesHash,
  type ReplayReport,
  readFileHead,
  readFrames,
  readSection,
  type Section,
  sectionHeadBytes,
  sectionKind,
  type TurningStripes,
  unpackRows,
  unpackStripes,
  writeFileHead,
  writeSection,
} from '@hauberk/decision';
import { accept, type Result, refuse } from '@hauberk/primitives';
import { makePrivateFolder, syncFolder } from '../storage/durable-file.ts';
import { ProfileJournal } from './profile-journal.ts';

/** What is kept. The tables have tokens, since a snapshot enters rows, and no journal. */
export interface KeptProfiles {
  readonly tables: readonly { readonly name: string; readonly table: ProfileTable }[];
  readonly duplicates?: DuplicateFilter;
  readonly pairs?: FirstSeen;
}

/** Where and how. */
export interface ProfileFilesOptions {
  readonly folder: string;
  readonly kept: KeptProfiles;
  /** Rows whose newest event is older than this are left out at boot, epoch milliseconds; none when absent. */
  readonly keepFrom?: number;
  /** Rows of one step of a snapshot, after which others have their turn. */
  readonly rowsAStep?: number;
  /** A journal that is larger begins a snapshot by itself; 256 MiB when absent. */
  readonly maxJournalBytes?: number;
}

/** What a boot found. */
export interface RestoreReport extends ReplayReport {
  /** Rows of the snapshot, and rows of it that were left out. */
  readonly rows: number;
  readonly left: number;
  readonly journals: number;
  /** Bytes at the end of the last journal that were never acknowledged. */
  readonly torn: number;
}

/** What a snapshot wrote. */
export interface SnapshotReport {
  readonly number: number;
  readonly rows: number;
  readonly bytes: number;
  /** The longest time that one step kept the thread, in milliseconds. */
  readonly longestStep: number;
}

const defaultStep = 2048;
const stepBytes = 1024 * 1024;
const usualJournalBytes = 256 * 1024 * 1024;

const nameOf = (kind: 'snapshot' | 'journal', number: number): string =>
  `${kind}-${String(number).padStart(10, '0')}.profiles`;

const numbersOf = (folder: string, kind: string): readonly number[] =>
  readdirSync(folder)
    .map((name) => new RegExp(`^${kind}-(\\d{10})\\.profiles$`).exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((left, right) => left - right);

const stripesOf = ({ duplicates, pairs }: KeptProfiles): readonly (TurningStripes | undefined)[] => [
  duplicates?.stripes,
  pairs?.stripes,
];

const restoreSection = (kept: KeptProfiles, section: Section, keepFrom: number) => {
  const { kind, number } = section;
  const table = kind === sectionKind.rows ? kept.tables[number]?.table : undefined;
  if (table !== undefined) return unpackRows(table, section, keepFrom);
  // A memory that is not kept any more is forgotten.
  const stripes = kind === sectionKind.stripes ? stripesOf(kept)[number] : undefined;
  if (stripes !== undefined) {
    const restored = unpackStripes(stripes, section);
    return restored.ok ? accept({ rows: 0, left: 0 }) : restored;
  }
  return kind === sectionKind.stripes ? accept({ rows: 0, left: 0 }) : refuse('profiles.damaged' as const, 'section');
};

/** Reads so many bytes; fewer at the end of the file. */
const readBytes = async (file: FileHandle, at: number, length: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) return bytes.subarray(0, read);
    read += bytesRead;
  }
  return bytes;
};

const readNextSection = async (file: FileHandle, at: number): Promise<Result<Section, ProfileFileCode>> => {
  const length = contentLength(await readBytes(file, at, sectionHeadBytes));
  if (!length.ok) return length;
  return readSection(await readBytes(file, at, sectionHeadBytes + length.value), crc32);
};

type Counted = { rows: number; left: number };

const restoreSections = async (
  file: FileHandle,
  { kept, keepFrom = 0 }: ProfileFilesOptions,
  counted: Counted,
): Promise<Result<true, ProfileFileCode>> => {
  let items = 0;
  for (let at = fileHeadBytes; ; ) {
    const read = await readNextSection(file, at);
    if (!read.ok) return read;
    const section = read.value;
    if (section.kind === sectionKind.end)
      return section.items === items ? accept(true) : refuse('profiles.damaged', 'not all sections');
    const restored = restoreSection(kept, section, keepFrom);
    if (!restored.ok) return restored;
    items += 1;
    counted.rows += restored.value.rows;
    counted.left += restored.value.left;
    at += sectionHeadBytes + section.content.length;
  }
};

const restoreSnapshot = async (
  path: string,
  number: number,
  options: ProfileFilesOptions,
  counted: Counted,
): Promise<Result<true, ProfileFileCode>> => {
  const file = await open(path, 'r');
  try {
    const hash = profilesHash(options.kept.tables);
    const head = readFileHead(await readBytes(file, 0, fileHeadBytes), 'snapshot', hash, crc32);
    if (!head.ok) return head;
    if (head.value !== number) return refuse('profiles.damaged', 'another snapshot under this name');
    return await restoreSections(file, options, counted);
  } finally {
    await file.close();
  }
};

interface Replayed {
  readonly report: ReplayReport;
  readonly torn: number;
}

const replayJournals = async (
  { folder, kept }: ProfileFilesOptions,
  numbers: readonly number[],
): Promise<Result<Replayed, ProfileFileCode>> => {
  const hash = profilesHash(kept.tables);
  const tables = kept.tables.map(({ table }) => table);
  const { duplicates, pairs } = kept;
  const replay = new JournalReplay({
    tables,
    ...(duplicates === undefined ? {} : { duplicates }),
    ...(pairs === undefined ? {} : { pairs }),
  });
  let torn = 0;
  for (const number of numbers) {
    const bytes = await readFile(join(folder, nameOf('journal', number)));
    const isLast = number === numbers.at(-1);
    const head = readFileHead(bytes, 'journal', hash, crc32);
    // A process may end before its journal has a head; nothing was acknowledged in it.
    if (!head.ok && head.code === 'profiles.incomplete' && isLast)
      return accept({ report: replay.finish(), torn: bytes.length });
    if (!head.ok) return head;
    if (head.value !== number) return refuse('profiles.damaged', 'another journal under this name');
    const read = readFrames(bytes, crc32);
    if (!read.ok) return read;
    for (const frame of read.value.frames) replay.take(frame);
    torn = read.value.torn;
  }
  return accept({ report: replay.finish(), torn });
};

/** Journals from the snapshot on, without a hole. */
const neededJournals = (folder: string, snapshot: number): Result<readonly number[], ProfileFileCode> => {
  const numbers = numbersOf(folder, 'journal').filter((number) => number >= snapshot);
  const first = snapshot === 0 ? 1 : snapshot;
  const hole = numbers.findIndex((number, index) => number !== first + index);
  if (hole >= 0 || (snapshot > 0 && numbers.length === 0))
    return refuse('profiles.gap', `no ${nameOf('journal', first + Math.max(0, hole))}`);
  return accept(numbers);
};

/** See the top of the file. */
export class ProfileFiles {
  /** What the boot found. */
  readonly restored: RestoreReport;
  /** Snapshots that began by themselves and failed. */
  failedSnapshots = 0;
  readonly #options: ProfileFilesOptions;
  #journal: ProfileJournal;
  #number: number;
  #snapshot: Promise<SnapshotReport> | undefined;

  private constructor(options: ProfileFilesOptions, restored: RestoreReport, journal: ProfileJournal, number: number) {
    this.#options = options;
    this.restored = restored;
    this.#journal = journal;
    this.#number = number;
  }

  /** Restores the profiles and begins a journal. The tables must be empty and in nobody else's use. A refusal leaves the files as they are. */
  static async open(options: ProfileFilesOptions): Promise<Result<ProfileFiles, ProfileFileCode>> {
    const { folder, kept } = options;
    makePrivateFolder(folder);
    const snapshot = numbersOf(folder, 'snapshot').at(-1) ?? 0;
    const numbers = neededJournals(folder, snapshot);
    if (!numbers.ok) return numbers;
    const counted = { rows: 0, left: 0 };
    if (snapshot > 0) {
      const path = join(folder, nameOf('snapshot', snapshot));
      const restored = await restoreSnapshot(path, snapshot, options, counted);
      if (!restored.ok) return restored;
    }
    const replayed = await replayJournals(options, numbers.value);
    if (!replayed.ok) return replayed;
    const { report, torn } = replayed.value;
    const last = numbers.value.at(-1) ?? snapshot;
    // A last journal without a whole head gives its number to the new one.
    const isHeadless = numbers.value.length > 0 && (await isWithoutHead(join(folder, nameOf('journal', last))));
    const number = isHeadless ? last : last + 1;
    if (isHeadless) await rm(join(folder, nameOf('journal', last)));
    const hash = profilesHash(kept.tables);
    const journal = await ProfileJournal.create(folder, join(folder, nameOf('journal', number)), number, hash);
    const restored = { ...report, ...counted, journals: numbers.value.length, torn };
    return accept(new ProfileFiles(options, restored, journal, number));
  }

  /** Bytes of the present journal. */
  get journalBytes(): number {
    return this.#journal.bytes;
  }

  /** Appends changes (`JournalBuffer.take`); resolves when they are on the disk, rejects when that failed: then a snapshot begins anew. */
  append(entries: Uint8Array): Promise<void> {
    const { maxJournalBytes = usualJournalBytes } = this.#options;
    if (this.#snapshot === undefined && this.#journal.bytes > maxJournalBytes)
      this.snapshot().catch(() => {
        this.failedSnapshots += 1;
      });
    return this.#journal.append(entries);
  }

  /** Writes a snapshot while others go on. One at a time: a second call gets the report of the first. */
  snapshot(): Promise<SnapshotReport> {
    this.#snapshot ??= this.#writeSnapshot().finally(() => {
      this.#snapshot = undefined;
    });
    return this.#snapshot;
  }

  async #writeSnapshot(): Promise<SnapshotReport> {
    const { folder, kept } = this.#options;
    const hash = profilesHash(kept.tables);
    const number = this.#number + 1;
    const before = this.#journal;
    this.#journal = await ProfileJournal.create(folder, join(folder, nameOf('journal', number)), number, hash);
    this.#number = number;
    await before.close();
    const path = join(folder, nameOf('snapshot', number));
    const report = await writeSnapshotFile(`${path}.new`, number, hash, this.#options);
    await rename(`${path}.new`, path);
    syncFolder(folder);
    await removeBefore(folder, number);
    return report;
  }

  /** Waits for what was begun and closes the journal. */
  async close(): Promise<void> {
    await this.#snapshot?.catch(() => undefined);
    await this.#journal.close();
  }
}

const isWithoutHead = async (path: string): Promise<boolean> =>
  existsSync(path) && (await readFile(path)).length < fileHeadBytes;

/** What came before a snapshot, and snapshots that were never finished. */
const removeBefore = async (folder: string, number: number): Promise<void> => {
  for (const kind of ['snapshot', 'journal'] as const)
    for (const old of numbersOf(folder, kind)) if (old < number) await rm(join(folder, nameOf(kind, old)));
  for (const name of readdirSync(folder)) if (name.endsWith('.profiles.new')) await rm(join(folder, name));
};

/** A pack of rows or stripes: what of it follows, how many items it has, how many bytes of the buffer. */
type Pack = { readonly next: number; readonly items: number; readonly bytes: number };

class SnapshotWriter {
  bytes = 0;
  sections = 0;
  rows = 0;
  longestStep = 0;
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#file.writeFile(bytes);
    this.bytes += bytes.length;
  }

  /** Packs from `first` up to `end` and writes section by section, with a breath after each. */
  async writeAll(
    kind: number,
    number: number,
    leastBytes: number,
    end: () => number,
    pack: (first: number, into: Uint8Array) => Pack,
  ): Promise<void> {
    if (leastBytes > maxSectionBytes) throw new RangeError('a stripe that is larger than a section');
    const into = new Uint8Array(Math.max(leastBytes, stepBytes));
    for (let first = 0; first < end(); ) {
      const begun = performance.now();
      const { next, items, bytes } = pack(first, into);
      const section = { kind, number, first, items, content: into.subarray(0, bytes) };
      const written = writeSection(section, crc32);
      this.longestStep = Math.max(this.longestStep, performance.now() - begun);
      await this.write(written);
      this.sections += 1;
      if (kind === sectionKind.rows) this.rows += items;
      first = next;
      await breathe();
    }
  }
}

const writeSnapshotFile = async (
  path: string,
  number: number,
  hash: string,
  { kept, rowsAStep = defaultStep }: ProfileFilesOptions,
): Promise<SnapshotReport> => {
  const file = await open(path, 'w', 0o600);
  try {
    const writer = new SnapshotWriter(file);
    await writer.write(writeFileHead('snapshot', number, hash, crc32));
    for (const [place, { table }] of kept.tables.entries())
      await writer.writeAll(
        sectionKind.rows,
        place,
        packedRowBytes(table),
        () => table.size,
        (first, into) => packRows(table, first, rowsAStep, into),
      );
    for (const [place, stripes] of stripesOf(kept).entries())
      if (stripes !== undefined)
        await writer.writeAll(
          sectionKind.stripes,
          place,
          packedStripeBytes(stripes),
          () => stripes.stripes,
          (first, into) => packStripes(stripes, first, into),
        );
    const end = { kind: sectionKind.end, number: 0, first: 0, items: writer.sections, content: new Uint8Array() };
    await writer.write(writeSection(end, crc32));
    await file.sync();
    return { number, rows: writer.rows, bytes: writer.bytes, longestStep: writer.longestStep };
  } finally {
    await file.close();
  }
};
