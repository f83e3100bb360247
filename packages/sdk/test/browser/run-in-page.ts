/** The SDK suite's entry in a browser page: the test process calls it case by case. */
import { createHauberk } from '../../src/web/index.ts';
import { webStorage } from '../../src/web/web-storage.ts';
import type { Platform } from './lab.ts';
import { runCase } from './sdk-suite.ts';

/** What the page is told of the gateway. */
export type PagePlatform = Pick<Platform, 'origins' | 'configKey'>;

/** Runs one case; answers the failure's text. */
export const runInPage = async (told: PagePlatform, name: string): Promise<string | undefined> => {
  const evict = (database: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(database);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error ?? new Error('deleteDatabase'));
    });
  const platform: Platform = { name: 'chromium', ...told, open: createHauberk, storage: webStorage, evict };
  try {
    await runCase(platform, name);
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
  }
};
