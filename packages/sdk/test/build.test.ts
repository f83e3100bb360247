/** What apps download. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { buildSdk, writePackage } from '../build.ts';
import { deadOrigin } from './dead-origin.ts';

const compiler = fileURLToPath(new URL('../../../node_modules/.bin/tsc', import.meta.url));

const somePoint = nodeCrypto.generateKeyPair('p256', 'sign').publicKey;

const built = buildSdk();
const sizeOf = async (name: string): Promise<number> =>
  (await built).find((file) => file.name === name)?.gzipBytes ?? Number.POSITIVE_INFINITY;

describe('SDK build', () => {
  for (const [name, limit] of [
    ['hauberk.mjs', 20],
    ['hauberk.js', 20],
    ['hauberk-noble.mjs', 45],
    ['hauberk-bind.mjs', 3],
    ['hauberk-bound.mjs', 3],
    ['hauberk-consent.mjs', 2],
    ['hauberk-native-signals.mjs', 11],
    ['hauberk-probes.mjs', 17],
    ['hauberk-probes.js', 17],
    ['hauberk-keys.mjs', 3],
    ['hauberk-journal.mjs', 8],
    ['hauberk-journal.js', 8],
    ['hauberk-directives.mjs', 8],
    ['hauberk-directives-web.mjs', 8],
    ['hauberk-directives.js', 8],
    ['hauberk-trusted.mjs', 10],
    ['hauberk-trusted-web.mjs', 12],
    ['hauberk-trusted-web.js', 12],
    ['hauberk-bridge-conformance.mjs', 18],
    ['hauberk-privacy.mjs', 18],
    ['hauberk-privacy-mini.mjs', 15],
    ['hauberk-privacy-react-native.mjs', 16],
    ['hauberk-privacy.js', 18],
  ] as const)
    it(`${name} is at most ${limit} KB gzipped`, async () => {
      const size = await sizeOf(name);
      assert.ok(size <= limit * 1024, `${size} bytes`);
    });

  it('the file for pages without modules defines one global', async () => {
    const file = (await built).find(({ name }) => name === 'hauberk.js');
    const sandbox: { Hauberk?: { createHauberk?: unknown } } = {};
    vm.runInNewContext(
      `${new TextDecoder().decode(file?.bytes)};this.Hauberk = Hauberk`,
      vm.createContext(Object.assign(sandbox, { TextEncoder, TextDecoder })),
    );
    assert.equal(typeof sandbox.Hauberk?.createHauberk, 'function');
  });

  it('no web build names a module that a page would have to find', async () => {
    const file = (await built).find(({ name }) => name === 'hauberk.mjs');
    assert.doesNotMatch(new TextDecoder().decode(file?.bytes), /\bfrom\s*["']|\brequire\(|\bimport\s*["'(]/);
  });

  it('the built journal understands the failures of the built client, though they share no module', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hauberk-sdk-journal-'));
    try {
      await writePackage(folder);
      const built = async (file: string) => (await import(pathToFileURL(join(folder, file)).href)) as unknown;
      const { createHauberk } = (await built('hauberk-node.mjs')) as typeof import('../src/node.ts');
      const { openJournal } = (await built('hauberk-journal.mjs')) as typeof import('../src/journal.ts');
      const hauberk = createHauberk({
        organisation: 'demo',
        app: 'app',
        service: 'api',
        endpoints: [await deadOrigin()],
        trust: { configKeys: [{ kid: 'k', publicKey: somePoint }], minConfigVersion: 1, buildTimeMs: 0 },
        attempts: 1,
        journal: openJournal({ retryMs: 3_600_000 }),
      });
      await hauberk.owner('alice');
      await hauberk.enqueue({ url: '/pay', method: 'POST', body: '1' });
      let [entry] = await hauberk.journal.list();
      while (entry?.reason === '') {
        await new Promise((resolve) => setTimeout(resolve, 5));
        [entry] = await hauberk.journal.list();
      }
      assert.deepEqual([entry?.state, entry?.reason], ['waiting', 'transport']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('the built conformance suite passes the built bridge, and fails one with a defect', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hauberk-sdk-bridge-'));
    try {
      await writePackage(folder);
      const built = async (file: string) => (await import(pathToFileURL(join(folder, file)).href)) as unknown;
      const trusted = (await built('hauberk-trusted-node.mjs')) as typeof import('../src/trusted-node.ts');
      const { runBridgeConformance } = (await built(
        'hauberk-bridge-conformance.mjs',
      )) as typeof import('../src/bridge-conformance.ts');
      const { bridgeOver, memoryTrustedStore, softwareBackend } = trusted;
      const host = {
        crypto: nodeAsyncCrypto,
        store: memoryTrustedStore(),
        platform: 'node',
        name: 'built',
        now: Date.now,
      };
      const backend = softwareBackend(host);
      const failures = async (made: typeof backend): Promise<readonly string[]> => {
        const results = await runBridgeConformance(bridgeOver(made), { crypto: nodeAsyncCrypto });
        return results.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
      };
      assert.deepEqual(await failures(backend), []);
      const forgetful = { ...backend, deleteKey: async () => ({ deleted: true }) };
      assert.deepEqual(await failures(forgetful), ['delete']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a program outside the workspace compiles against the declarations, and a wrong one does not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hauberk-sdk-dist-'));
    try {
      await writePackage(join(folder, 'node_modules/@hauberk/sdk'));
      const program = (line: string): string => `
        import { createHauberk, HauberkError, type HauberkOptions } from '@hauberk/sdk';
        declare const options: HauberkOptions;
        const response: Promise<Response> = createHauberk(options).fetch(new URL('https://api.example/'), { method: 'POST' });
        response.catch((error: unknown) => error instanceof HauberkError && error.code === 'unbound');
        ${line}`;
      writeFileSync(join(folder, 'right.mts'), program(''));
      const bridging = (call: string): string => `
        import { bridgeConformance } from '@hauberk/sdk/bridge-conformance';
        import { bridgeBackend, nativeSignals, type TrustedBridge, type TrustedServices, trustedServices } from '@hauberk/sdk/trusted';
        import { pageTrustedServices } from '@hauberk/sdk/trusted-web';
        import { bind, type BindOptions, type BindOutcome, type BindShelf, type SimSlot } from '@hauberk/sdk/bind';
        import { type DeviceKeys, type Linked, openKeys, sharedKey } from '@hauberk/sdk/keys';
        import { openSignals } from '@hauberk/sdk/probes';
        import { openNativeSignals, type Signals } from '@hauberk/sdk/native-signals';
        declare const signalling: Parameters<typeof openSignals>[0] & Parameters<typeof openNativeSignals>[0];
        declare const options: Parameters<typeof trustedServices>[1];
        const bridge: TrustedBridge = { call: ${call} };
        const signals: Signals = openNativeSignals({ ...signalling, native: nativeSignals(bridgeBackend(bridge)) });
        const inPage: Signals = openSignals({ hauberk: signalling.hauberk, mayCollect: signalling.mayCollect });
        const services: TrustedServices = trustedServices(bridgeBackend(bridge), options);
        const statement: Promise<string> = services.identify({ challenge: new Uint8Array(32) });
        const rules: readonly string[] = bridgeConformance.map(({ rule }) => rule);
        const page: TrustedServices = pageTrustedServices({ organisation: 'a', app: 'b', service: 'c' });
        declare const asked: Omit<BindOptions, 'sim'>;
        const chooseSlot = async (slots: readonly SimSlot[]): Promise<number | undefined> => slots[0]?.slot;
        const outcome: Promise<BindOutcome> = bind({ ...asked, sim: bridgeBackend(bridge), chooseSlot });
        const shelf: BindShelf | undefined = asked.shelf;
        const keys: DeviceKeys = openKeys();
        const linked: Promise<Linked | undefined> = keys.link([sharedKey(bridgeBackend(bridge), 'keychain-group')]);`;
      writeFileSync(join(folder, 'bridging.mts'), bridging('async (message: string) => message'));
      writeFileSync(join(folder, 'wrong-bridge.mts'), bridging('(message: string) => message'));
      writeFileSync(
        join(folder, 'wrong.mts'),
        program("createHauberk({ ...options, endpoints: 'https://api.example' });"),
      );
      const compile = (file: string): number | null =>
        spawnSync(compiler, ['--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2024,dom', file], {
          cwd: folder,
        }).status;
      assert.equal(compile('right.mts'), 0);
      assert.notEqual(compile('wrong.mts'), 0);
      assert.equal(compile('bridging.mts'), 0);
      assert.notEqual(compile('wrong-bridge.mts'), 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
