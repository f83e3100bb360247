/** The storage ports keep their contract in memory and over SQLite. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { OpenedStorage } from '../contract/harness.ts';
import { storageContract } from '../contract/index.ts';
import { connectStorage, openStorage } from '../src/storage/index.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';

storageContract('in memory', async () => {
  const memory = memoryStorage();
  const [first, other] = [memory.connect(), memory.connect()];
  return {
    stores: first.stores,
    other: other.stores,
    loseOther: async () => other.close(),
    fill: async (isFull) => memory.fill(isFull),
    close: async () => {},
  };
});

/** A port tells of its end asynchronously; until the writer has heard, a probe is tried again. */
const settled = async (isSettled: () => Promise<boolean>): Promise<void> => {
  while (!(await isSettled())) await pause(5);
};

const openSqlite = async (): Promise<OpenedStorage> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-storage-'));
  const storage = await openStorage({ folder, upkeepMs: 0 });
  const connection = storage.connectPort();
  const other = connectStorage(connection);
  let isLost = false;
  return {
    stores: storage.ports,
    other: other.ports,
    loseOther: async () => {
      isLost = true;
      const before = await storage.ports.audit.head();
      connection.writerPort.close();
      await settled(async () => (await storage.ports.audit.head()).size > before.size);
    },
    fill: async (isFull) => storage.limit(isFull ? 1 : null),
    close: async () => {
      if (!isLost) await other.close();
      await storage.close();
      rmSync(folder, { recursive: true });
    },
  };
};

storageContract('SQLite behind the writer thread', openSqlite);
