/**
 * Append-only journal: one line per record, `crc32 json`. A record is acknowledged when `append` resolves, and that is after fdatasync.
 * Records that arrive while a sync is running share the next one (group commit).
 */
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

/** Where accepted changes go before they are acknowledged. */
export interface Journal<Entry> {
  /** Resolves when the record would survive a power cut. Rejects for ever after the first fault. */
  append(record: Entry): Promise<void>;
  close(): Promise<void>;
}

/** A journal that keeps nothing: state lives as long as the process. */
export const forgetfulJournal: Journal<unknown> = {
  append: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** The journal can acknowledge nothing any more; only a restart, which reads what is really there, helps. */
export class JournalFault extends Error {}

interface Waiting {
  readonly line: string;
  readonly settle: PromiseWithResolvers<void>;
}

/** Opens or creates the file, cuts a torn tail off, and returns what was acknowledged before. One process per file. */
export async function openJournal(path: string): Promise<{ journal: Journal<unknown>; records: readonly unknown[] }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const { records, soundBytes } = readRecords(bytes, path);
  if (soundBytes < bytes.length) await truncate(path, soundBytes);
  const handle = await open(path, 'a', 0o600);
  await syncFolder(dirname(path));
  return { journal: new FileJournal(handle), records };
}

class FileJournal implements Journal<unknown> {
  readonly #handle: FileHandle;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | null = null;
  #fault: Error | null = null;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  append(record: unknown): Promise<void> {
    if (this.#fault !== null) return Promise.reject(this.#fault);
    const settle = Promise.withResolvers<void>();
    this.#waiting.push({ line: writeRecord(record), settle });
    this.#draining ??= this.#drain();
    return settle.promise;
  }

  async close(): Promise<void> {
    await this.#draining;
    this.#fault ??= new JournalFault('journal is closed');
    await this.#handle.close();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#commit(batch);
    }
    this.#draining = null;
  }

  /** After a failed write the file's tail is unknown, so nothing may be acknowledged any more. */
  async #commit(batch: readonly Waiting[]): Promise<void> {
    try {
      if (this.#fault !== null) throw this.#fault;
      await this.#handle.appendFile(batch.map(({ line }) => line).join(''));
      await this.#handle.datasync();
      for (const { settle } of batch) settle.resolve();
    } catch (cause) {
      this.#fault ??= new JournalFault('journal cannot be written', { cause });
      for (const { settle } of batch) settle.reject(this.#fault);
    }
  }
}

function writeRecord(record: unknown): string {
  const json = JSON.stringify(record);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** Reads line by line. A bad last line is a write that was cut short, hence never acknowledged; a bad line before it is damage. */
function readRecords(bytes: Buffer, path: string): { records: unknown[]; soundBytes: number } {
  const records: unknown[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const end = bytes.indexOf(0x0a, offset);
    const record = end === -1 ? undefined : readRecord(bytes.toString('utf8', offset, end));
    if (record === undefined) {
      if (end !== -1 && end + 1 < bytes.length) throw new Error(`${path} is damaged at byte ${offset}`);
      break;
    }
    records.push(record);
    offset = end + 1;
  }
  return { records, soundBytes: offset };
}

function readRecord(line: string): unknown {
  const json = line.slice(9);
  return /^[0-9a-f]{8} /.test(line) && crc32(json) === Number.parseInt(line, 16) ? JSON.parse(json) : undefined;
}

/** A new file's name is durable only when its folder is synced too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
