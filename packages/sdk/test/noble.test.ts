/** The SDK suite on the portable provider, as React Native and mini-programs have it. */
import { after, before, describe, it } from 'node:test';
import { toBase64Url } from '@hauberk/primitives';
import { type ClientStorage, createHauberk, fetchTransport, memoryStorage } from '@hauberk/sdk/noble';
import type { Platform } from './browser/lab.ts';
import { runCase, sdkSuite } from './browser/sdk-suite.ts';
import { deadOrigin } from './dead-origin.ts';
import { FakeGateway } from './fake-gateway.ts';

const gateway = new FakeGateway();
const storages = new Map<string, ClientStorage>();
let platform: Platform;

before(async () => {
  platform = {
    name: 'noble',
    origins: [await gateway.listen(), await gateway.listen(), await deadOrigin()],
    configKey: toBase64Url(gateway.keys.configKey.publicKey),
    open: (options, ports) =>
      createHauberk(options, {
        storage: memoryStorage(),
        transport: fetchTransport(
          (url, init) => fetch(url, init),
          () => 'send',
          false,
        ),
        clock: { monotonic: () => performance.now(), wall: () => Date.now() },
        ...ports,
      }),
    storage: (name) => {
      const held = storages.get(name) ?? memoryStorage();
      storages.set(name, held);
      return held;
    },
    evict: async (name) => {
      storages.delete(name);
    },
  };
});
after(() => gateway.close());

describe('SDK on the portable provider', () => {
  for (const { name } of sdkSuite) it(name, () => runCase(platform, name));
});
