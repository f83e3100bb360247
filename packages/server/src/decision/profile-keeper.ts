/** Keeps the profiles of an engine's memory on disk: restores them at the start, appends what workers note, takes snapshots. On the main thread. */
import { randomUUID } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { compileLayout, type EngineMemory, joinOwners, type ProfileFileCode, ProfileTable } from '@hauberk/decision';
import { accept, type Result } from '@hauberk/primitives';
import type { Log } from '../gateway/log.ts';
import { syncFolder } from '../storage/durable-file.ts';
import { ProfileFiles } from './profile-files.ts';
import type { ProfilePost } from './profile-sender.ts';

const folderIn = (state: string): string => join(state, 'profiles');
/** Journals of former runs beyond which a boot begins with a snapshot. */
const manyJournals = 4;
const retryMs = 60_000;
const mostSetAside = 1000;
/** How long a close waits for batches that are on their way; those of a thread that was killed may never come. */
const longestWaitMs = 2000;

/** See the top of the file. */
export class ProfileKeeper {
  /** What workers send to. */
  readonly post: ProfilePost = {
    channel: `hauberk-profiles-${randomUUID()}`,
    sent: new SharedArrayBuffer(4),
  };
  #received = 0;
  readonly #files: ProfileFiles;
  readonly #log: Log;
  readonly #inbox: BroadcastChannel;
  readonly #retry: NodeJS.Timeout;
  readonly #appending = new Set<Promise<void>>();
  #isFailing = false;

  constructor(files: ProfileFiles, log: Log) {
    this.#files = files;
    this.#log = log;
    this.#inbox = new BroadcastChannel(this.post.channel);
    this.#inbox.unref();
    this.#inbox.onmessage = (message: unknown): void => {
      this.#received += 1;
      const entries = (message as { readonly data: unknown }).data;
      if (entries instanceof Uint8Array) this.#append(entries);
    };
    this.#retry = setInterval(() => void this.#recover(), retryMs).unref();
    if (files.restored.journals > manyJournals) void this.#snapshot();
  }

  #append(entries: Uint8Array): void {
    const appended = this.#files.append(entries).then(
      () => undefined,
      (error: unknown) => {
        if (!this.#isFailing) this.#log.error('decision.profiles-fault', { error });
        this.#isFailing = true;
      },
    );
    this.#appending.add(appended);
    void appended.then(() => this.#appending.delete(appended));
  }

  async #snapshot(): Promise<boolean> {
    try {
      await this.#files.snapshot();
      return true;
    } catch (error) {
      this.#log.error('decision.profiles-fault', { error });
      return false;
    }
  }

  /** After a failed write nothing more is taken until a snapshot has begun a new journal. */
  async #recover(): Promise<void> {
    if (this.#isFailing && (await this.#snapshot())) this.#isFailing = false;
  }

  /** Waits for what workers sent before they ended, and closes the files. */
  async close(): Promise<void> {
    clearInterval(this.#retry);
    // What workers sent last is delivered in a later turn.
    const sent = new Int32Array(this.post.sent);
    for (let wait = 0; this.#received < Atomics.load(sent, 0) && wait < longestWaitMs; wait += 1) await pause(1);
    await Promise.all(this.#appending);
    this.#inbox.close();
    await this.#files.close();
  }
}

/** Restores the profiles of a memory that nobody uses yet, and keeps them. A refusal leaves the files as they are and the memory half filled. */
export const openProfileKeeper = async (
  state: string,
  memory: EngineMemory,
  log: Log,
): Promise<Result<ProfileKeeper, ProfileFileCode>> => {
  const token = joinOwners(memory.owners);
  const tables = memory.kinds.map(({ kind, spec, profiles }) => ({
    name: kind,
    table: new ProfileTable(compileLayout(spec), profiles, token),
  }));
  const files = await ProfileFiles.open({ folder: folderIn(state), kept: { tables } });
  if (!files.ok) return files;
  const { rows, applied, missing, torn, journals } = files.value.restored;
  if (journals > 0) log.info('decision.profiles-restored', { rows, changes: applied, missing, torn });
  return accept(new ProfileKeeper(files.value, log));
};

/** Moves files that were refused out of the way, to `profiles-refused-N`. */
export const setProfilesAside = (state: string): void => {
  for (let number = 1; number <= mostSetAside; number += 1) {
    const aside = join(state, `profiles-refused-${number}`);
    if (existsSync(aside)) continue;
    renameSync(folderIn(state), aside);
    syncFolder(state);
    return;
  }
  throw new Error('a thousand folders of refused profiles');
};
