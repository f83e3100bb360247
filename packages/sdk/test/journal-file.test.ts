/** The journal's cases on file storage; memory and IndexedDB run them with the whole suite. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { toBase64Url } from '@hauberk/primitives';
import { type ClientStorage, createHauberk, fileStorage } from '@hauberk/sdk/node';
import { journalCases } from './browser/journal-cases.ts';
import { openLab, type Platform } from './browser/lab.ts';
import { deadOrigin } from './dead-origin.ts';
import { FakeGateway } from './fake-gateway.ts';

const gateway = new FakeGateway();
const folder = mkdtempSync(join(tmpdir(), 'hauberk-journal-'));
let platform: Platform;

/** One process uses a file at a time, through one storage. */
const storages = new Map<string, ClientStorage>();
const storageOf = (name: string): ClientStorage => {
  const held = storages.get(name) ?? fileStorage(join(folder, name));
  storages.set(name, held);
  return held;
};

before(async () => {
  platform = {
    name: 'node with files',
    origins: [await gateway.listen(), await gateway.listen(), await deadOrigin()],
    configKey: toBase64Url(gateway.keys.configKey.publicKey),
    open: createHauberk,
    storage: storageOf,
    evict: async () => undefined,
  };
});
after(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('journal on file storage', () => {
  for (const [index, { name, run }] of journalCases.entries())
    it(name, async () => run(await openLab(platform, `case-${index}`)));
});
