/**
 * The privacy aspect for React Native: `createNativeAspect({ TurboModuleRegistry, NativeModules }, { … })`, first in `index.js`. Native modules are
 * objects of the host that must not be changed, so what their registry hands out is a wrapper.
 */
import { type AspectOptions, PrivacyAspect } from './core.ts';
import { call, define, describe, type HostFunction, type HostObject, isFunction, isObject } from './host.ts';
import { nativeSurfaces } from './native-surfaces.ts';

export type { AttributionOptions, FileMap, ModuleMap } from './attribution.ts';
export type { AspectConnection, AspectOptions, AspectStatus, PrivacyAspect, Reporter, SurfaceStatus } from './core.ts';
export { nativeSurfaces } from './native-surfaces.ts';
export type { FrequencyLimit } from './stack-policy.ts';
export type { AspectDirective, DirectiveSource } from './stop-rules.ts';
export type { Surface } from './surface.ts';

/** What the app takes from `react-native`. */
export interface NativeHost {
  readonly TurboModuleRegistry?: object;
  readonly NativeModules?: object;
}

type Watch = (native: HostFunction, slot: number) => HostFunction;

/** Module → method → number of the surface. */
const slots: ReadonlyMap<string, ReadonlyMap<string, number>> = (() => {
  const modules = new Map<string, Map<string, number>>();
  for (const [slot, { path }] of nativeSurfaces.entries()) {
    const [module = '', method = ''] = path.split('.');
    const methods = modules.get(module) ?? new Map<string, number>();
    modules.set(module, methods.set(method, slot));
  }
  return modules;
})();

/** Hands out one wrapper for each module. */
class Modules {
  readonly #watch: Watch;
  readonly #wrappers = new WeakMap<object, object>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  of(name: unknown, module: unknown): unknown {
    const methods = typeof name === 'string' ? slots.get(name) : undefined;
    if (methods === undefined || !isObject(module)) return module;
    const known = this.#wrappers.get(module);
    if (known !== undefined) return known;
    const wrapper = this.#wrap(module, methods);
    this.#wrappers.set(module, wrapper);
    return wrapper;
  }

  #wrap(module: HostObject, methods: ReadonlyMap<string, number>): object {
    const made = new Map<unknown, HostFunction>();
    // Methods of the host want its own object for `this`, not the wrapper.
    const onModule = (native: HostFunction): HostFunction =>
      new Proxy(native, {
        apply: (target: HostFunction, self: unknown, args: readonly unknown[]) =>
          call(target, self === wrapper ? module : self, args),
      } as ProxyHandler<HostFunction>);
    const get = (target: HostObject, key: PropertyKey): unknown => {
      const value = target[key];
      const slot = methods.get(String(key));
      if (!isFunction(value) || slot === undefined) return value;
      const before = made.get(value);
      if (before !== undefined) return before;
      const watched = this.#watch(onModule(value), slot);
      made.set(value, watched);
      return watched;
    };
    // Not over the module itself: a property of it that cannot change would have to be handed out as it is.
    const wrapper: object = new Proxy(Object.create(module) as HostObject, { get: (_shadow, key) => get(module, key) });
    return wrapper;
  }
}

const replace = (
  owner: object,
  name: string,
  made: (native: HostFunction) => HostFunction,
): (() => void) | undefined => {
  const descriptor = describe(owner, name);
  const native: unknown = descriptor?.value ?? (owner as HostObject)[name];
  if (!isFunction(native)) return undefined;
  const ours = made(native);
  if (!define(owner, name, { value: ours, configurable: true, enumerable: true, writable: true })) return undefined;
  return () => {
    if ((owner as HostObject)[name] === ours)
      define(owner, name, descriptor ?? { value: native, configurable: true, enumerable: true, writable: true });
  };
};

const wrapRegistry = (registry: object, modules: Modules): readonly ((() => void) | undefined)[] =>
  ['get', 'getEnforcing'].map((name) =>
    replace(
      registry,
      name,
      (native) =>
        (...input) =>
          modules.of(input[0], call(native, registry, input)),
    ),
  );

const wrapLegacy = (owner: HostObject, modules: Modules): readonly (() => void)[] =>
  [...slots.keys()].flatMap((name) => {
    if (!(name in owner)) return [];
    const descriptor = describe(owner, name);
    const get = (): unknown =>
      modules.of(name, descriptor?.get === undefined ? descriptor?.value : call(descriptor.get, owner, []));
    if (descriptor === undefined || !define(owner, name, { get, configurable: true, enumerable: true })) return [];
    return [() => void define(owner, name, descriptor)];
  });

/** Watches the native modules that are asked for from now on. */
export const createNativeAspect = (host: NativeHost, options: AspectOptions = {}): PrivacyAspect => {
  const { now } = Date;
  const aspect = new PrivacyAspect({ surfaces: nativeSurfaces, address: () => '', monotonic: now, wall: now }, options);
  const modules = new Modules(aspect.watcherOf(host as HostObject, 'react-native'));
  const undos = [
    ...(host.TurboModuleRegistry === undefined ? [] : wrapRegistry(host.TurboModuleRegistry, modules)),
    ...(host.NativeModules === undefined ? [] : wrapLegacy(host.NativeModules as HostObject, modules)),
  ];
  aspect.onOff(() => {
    for (const undo of [...undos].reverse()) undo?.();
  });
  return aspect;
};
