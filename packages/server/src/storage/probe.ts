/** Whether a write reaches the disk now: blocks that are allocated and synced beside the record, and a turn of the writer. */
import { open, rm } from 'node:fs/promises';

/** `ok`, or why a write would not be kept: a refusal of the storage, a system error's code, `storage-slow`, `storage-failed`. */
export type ProbeCode = string;

/** About what a group of writes needs. */
const block = Buffer.alloc(65_536, 0x20);

/** Deleted again: writing over blocks that the file still has would succeed on a full disk. */
const writeBlock = async (file: string): Promise<void> => {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.write(block);
    await handle.datasync();
  } finally {
    await handle.close();
    await rm(file, { force: true });
  }
};

const codeOf = (error: unknown): ProbeCode =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'storage-failed';

const longestMs = 2000;

/** Probes; `askWriter` answers `ok` or a refusal once the writer has committed a group. */
export const probeStorage = async (file: string, askWriter: () => Promise<ProbeCode>): Promise<ProbeCode> => {
  const late = Promise.withResolvers<ProbeCode>();
  const timer = setTimeout(late.resolve, longestMs, 'storage-slow');
  const work = writeBlock(file).then(askWriter).catch(codeOf);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};
