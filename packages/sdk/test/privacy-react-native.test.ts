/** React Native: what the registry of native modules hands out is watched, stopped and restored; host objects stay as they are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNativeAspect, nativeSurfaces } from '../src/privacy/react-native.ts';
import { localDirectives } from './local-directives.ts';
import type { ToldReport } from './privacy-proof.ts';

/** A host object: methods that want it for `this`, frozen as those of the host are. */
const hostObject = (name: string, methods: readonly string[], calls: string[]): object => {
  const module: Record<string, unknown> = { getConstants: () => ({ module: name }) };
  for (const method of methods)
    module[method] = function answer(this: unknown, ...input: readonly unknown[]): unknown {
      if (this !== module) throw new TypeError('not the host object');
      calls.push(`${name}.${method}`);
      for (const callback of input) if (typeof callback === 'function') callback({ from: method });
      return method.endsWith('Sync') || method === 'sendRequest'
        ? `${method} value`
        : Promise.resolve(`${method} value`);
    };
  return Object.freeze(module);
};

const openRegistry = () => {
  const calls: string[] = [];
  const methods = new Map<string, string[]>();
  for (const { path } of nativeSurfaces) {
    const [module = '', method = ''] = path.split('.');
    methods.set(module, [...(methods.get(module) ?? []), method]);
  }
  const modules = new Map([...methods].map(([name, list]) => [name, hostObject(name, list, calls)]));
  const get = (name: string): object | null => modules.get(name) ?? null;
  const NativeModules: Record<string, unknown> = {};
  for (const [name, module] of modules)
    Object.defineProperty(NativeModules, name, { get: () => module, enumerable: true, configurable: true });
  return { calls, modules, TurboModuleRegistry: { get, getEnforcing: get }, NativeModules };
};

type Method = (...input: readonly unknown[]) => unknown;

describe('React Native', () => {
  for (const surface of nativeSurfaces)
    for (const way of ['TurboModuleRegistry', 'NativeModules'] as const)
      it(`${surface.path} by ${way}`, async () => {
        const made = openRegistry();
        const plain = made.TurboModuleRegistry.get;
        const reports: ToldReport[] = [];
        const directives = localDirectives();
        const aspect = createNativeAspect(made, {
          directives,
          report: (kind, body) => void reports.push({ kind, body }),
        });
        const [name = '', method = ''] = surface.path.split('.');
        const module = (
          way === 'NativeModules' ? made.NativeModules[name] : made.TurboModuleRegistry.get(name)
        ) as Record<string, Method>;
        assert.notEqual(module, made.modules.get(name));
        assert.equal(module[method], module[method]);
        const told: unknown[] = [];
        const call = async (): Promise<unknown> => {
          try {
            return await module[method]?.(
              'a',
              () => told.push('success'),
              () => told.push('error'),
            );
          } catch (error) {
            return (error as Error).message;
          }
        };
        const outcomes: unknown[] = [];
        // Every round comes from the same place after a wait, so that all have one chain.
        await Promise.resolve();
        for (const round of ['watched', 'deny', 'after'] as const) {
          aspect.flush();
          const chains = reports.flatMap(({ kind, body }) => (kind === 'privacy.chain' ? [body['chain']] : []));
          const stops = chains.map((chain) => ({ chain, action: 'deny' }));
          directives.publish(
            'privacy.stop',
            round === 'deny' ? { id: 'stop', version: 1, body: { stops } } : undefined,
          );
          outcomes.push(await call());
        }
        assert.deepEqual(made.calls, [surface.path, surface.path]);
        assert.equal(outcomes[0], outcomes[2]);
        assert.notEqual(outcomes[1], outcomes[0]);
        assert.deepEqual((module['getConstants'] as Method)(), { module: name });
        assert.equal(aspect.status().faults, 0);
        aspect.off();
        assert.equal(made.TurboModuleRegistry.get, plain);
        assert.equal(made.NativeModules[name], made.modules.get(name));
      });

  it('modules that nobody asked to be watched are handed out as they are', () => {
    const made = openRegistry();
    const other = Object.freeze({ draw: () => 1 });
    made.modules.set('Other', other);
    const aspect = createNativeAspect(made);
    assert.equal(made.TurboModuleRegistry.getEnforcing('Other'), other);
    assert.equal(made.TurboModuleRegistry.get('None'), null);
    aspect.off();
  });
});
