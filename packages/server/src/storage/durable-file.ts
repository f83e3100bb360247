/** Files that are there whole or not at all, also after a power cut. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes names in a folder durable. */
export const syncFolder = (folder: string): void => {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Makes a file's content durable. */
export const syncFile = (path: string): void => syncFolder(path);

/** Replaces a file: temporary file, fsync, rename, fsync of the folder. The mode is set at creation, so no other mode ever shows. */
export const writeFileDurably = (path: string, content: string | Uint8Array, mode = 0o600): void => {
  const temporary = `${path}.${process.pid}.new`;
  const descriptor = openSync(temporary, 'w', mode);
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
};

/** A folder that only its owner may enter. */
export const makePrivateFolder = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
};

/** Makes an empty file that only its owner may read, unless it is there; files that SQLite adds beside it take its mode. */
export const makePrivateFile = (path: string): void => {
  closeSync(openSync(path, 'a', 0o600));
};
