/** The SDK suite in Node. */
import { after, before, describe, it } from 'node:test';
import { toBase64Url } from '@hauberk/primitives';
import { type ClientStorage, createHauberk, memoryStorage } from '@hauberk/sdk/node';
import type { Platform } from './browser/lab.ts';
import { runCase, sdkSuite } from './browser/sdk-suite.ts';
import { deadOrigin } from './dead-origin.ts';
import { FakeGateway } from './fake-gateway.ts';

const gateway = new FakeGateway();
let platform: Platform;

/** Memory that outlives a client, as a device's storage does. */
const storages = new Map<string, ClientStorage>();
const storageOf = (name: string): ClientStorage => {
  const held = storages.get(name) ?? memoryStorage();
  storages.set(name, held);
  return held;
};

before(async () => {
  platform = {
    name: 'node',
    origins: [await gateway.listen(), await gateway.listen(), await deadOrigin()],
    configKey: toBase64Url(gateway.keys.configKey.publicKey),
    open: createHauberk,
    storage: storageOf,
    evict: async (name) => {
      storages.delete(name);
    },
  };
});
after(() => gateway.close());

describe('SDK in Node', () => {
  for (const { name } of sdkSuite) it(name, () => runCase(platform, name));
});
