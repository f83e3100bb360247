/** Tells when the configuration file changed. Editors and orchestrators replace files instead of writing them, so the folder is watched. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** Several events of one save are one change. */
const settleMs = 200;

/** Calls `changed` after each change of the file; answers how to stop. */
export const watchFile = (file: string, changed: () => void): (() => void) => {
  const path = resolve(file);
  const name = basename(path);
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(path), { persistent: false }, (_event, touched) => {
      // Kubernetes swaps a `..data` link and never names the file itself.
      if (touched !== null && touched !== name && touched !== '..data') return;
      clearTimeout(timer);
      timer = setTimeout(changed, settleMs);
    });
    watcher.on('error', () => watcher?.close());
  } catch {
    // A file system without notifications: SIGHUP still reloads.
    watcher = undefined;
  }
  return () => {
    clearTimeout(timer);
    watcher?.close();
  };
};
