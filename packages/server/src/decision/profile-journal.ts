/** A journal of profiles on disk: appends of all threads become frames, one write and one sync for all that came in meanwhile. */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { entryBytes, maxFrameEntries, writeFileHead, writeFrame } from '@hauberk/decision';
import { syncFolder } from '../storage/durable-file.ts';

/** An append that waits for its frame. */
interface Waiting {
  readonly entries: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** One open journal file. After a failed write or sync it takes nothing more: what the disk holds is unknown then. */
export class ProfileJournal {
  /** Bytes in the file. */
  bytes = 0;
  readonly #file: FileHandle;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #sequence = 1;
  #failure: Error | undefined;

  private constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  /** Makes a journal file that must not exist, durable before anything is appended. */
  static async create(folder: string, path: string, number: number, hash: string): Promise<ProfileJournal> {
    const file = await open(path, 'wx', 0o600);
    const head = writeFileHead('journal', number, hash, crc32);
    await file.writeFile(head);
    await file.datasync();
    syncFolder(folder);
    return new ProfileJournal(file, head.length);
  }

  /** Appends entries; resolves when they are on the disk. */
  append(entries: Uint8Array): Promise<void> {
    if (entries.length === 0) return Promise.resolve();
    if (entries.length % entryBytes !== 0 || entries.length > maxFrameEntries * entryBytes)
      return Promise.reject(new RangeError('no whole entries'));
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** The appends that fit one frame. */
  #takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { entries } of this.#waiting) {
      if (bytes + entries.length > maxFrameEntries * entryBytes) break;
      bytes += entries.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const group = this.#takeGroup();
      const frame = writeFrame(
        this.#sequence,
        group.map(({ entries }) => entries),
        crc32,
      );
      try {
        await this.#file.writeFile(frame);
        await this.#file.datasync();
        this.#sequence += 1;
        this.bytes += frame.length;
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)), group);
      }
    }
    this.#running = undefined;
  }

  #fail(error: Error, group: readonly Waiting[]): void {
    this.#failure = error;
    for (const { reject } of [...group, ...this.#waiting]) reject(error);
    this.#waiting = [];
  }

  /** Waits for what was appended and closes the file. */
  async close(): Promise<void> {
    await this.#running;
    await this.#file.close();
  }
}
