/** Puts a watched function in the place of each native of a realm, and takes it away again. */
import {
  call,
  construct,
  define,
  describe,
  type HostFunction,
  type HostObject,
  isFunction,
  isObject,
  memberOf,
  nativeBehind,
  ownerOf,
  standsFor,
} from './host.ts';
import type { Surface } from './surface.ts';

/**
 * What became of a surface in a realm: watched; waiting for the first canvas that draws with WebGL; not there; the same function as another
 * surface; or not to be replaced.
 */
export type SurfaceState = 'watched' | 'waiting' | 'absent' | 'alias' | 'locked';

/**
 * Sees one call before the native does. Undefined lets it through; else the answer is carried out. It must not throw. `trap` is
 * the frame that a stack leaves out, with everything it called.
 */
export type See = (
  slot: number,
  native: HostFunction,
  self: unknown,
  args: readonly unknown[],
  newTarget: unknown,
  trap: HostFunction,
) => { readonly value: unknown } | { readonly thrown: unknown } | undefined;

interface Patch {
  readonly owner: HostObject;
  readonly key: string;
  readonly part: 'value' | 'get' | 'set';
  readonly native: unknown;
  readonly ours: unknown;
}

/** A realm whose surfaces are watched. */
export interface Interception {
  /** By the surface's number. */
  readonly states: readonly SurfaceState[];
  /** The native of a path that is watched. */
  readonly nativeOf: (path: string) => HostFunction | undefined;
  /** Puts the natives back. Answers the paths where another script has wrapped our function: there ours stays, and lets everything through. */
  readonly restore: () => readonly string[];
}

/** What was put into a realm so far. A function that stands at two places is one function there as well. */
interface Placing {
  readonly patches: Patch[];
  readonly wrapperOf: Map<HostFunction, HostFunction>;
}

/** Functions of ours, in any realm, so that none is wrapped twice. */
const wrappers = new WeakSet<object>();

const carryOut = (answer: { readonly value: unknown } | { readonly thrown: unknown }): unknown => {
  if ('thrown' in answer) throw answer.thrown;
  return answer.value;
};

/** A proxy and not a function of ours: name, length, own properties and `new.target` are those of the native. */
export const watched = (
  native: HostFunction,
  slot: number,
  see: See,
  slotOf?: (args: readonly unknown[]) => number | undefined,
): HostFunction => {
  const onApply = (target: HostFunction, self: unknown, args: readonly unknown[]): unknown => {
    const seen = slotOf === undefined ? slot : slotOf(args);
    if (seen === undefined) return call(target, self, args);
    const answer = see(seen, target, self, args, undefined, onApply as HostFunction);
    return answer === undefined ? call(target, self, args) : carryOut(answer);
  };
  const onConstruct = (target: HostFunction, args: readonly unknown[], newTarget: HostFunction): object => {
    const answer = see(slot, target, undefined, args, newTarget, onConstruct as HostFunction);
    return (answer === undefined ? construct(target, args, newTarget) : carryOut(answer)) as object;
  };
  const wrapper = new Proxy(native, { apply: onApply, construct: onConstruct } as ProxyHandler<HostFunction>);
  wrappers.add(wrapper);
  standsFor(wrapper, native);
  return wrapper;
};

/** The object that owns the last name of a path. Workers have the same functions under another name of the navigator. */
const holderOf = (root: HostObject, names: readonly string[]): HostObject | undefined => {
  let object: unknown = root;
  for (const [index, name] of names.slice(0, -1).entries()) {
    if (!isObject(object)) return undefined;
    const value = object[name];
    object = value === undefined && index === 0 && name === 'Navigator' ? object['WorkerNavigator'] : value;
  }
  return isObject(object) ? ownerOf(object, names.at(-1) ?? '') : undefined;
};

const partOf: Readonly<Record<Surface['kind'], Patch['part']>> = {
  method: 'value',
  constructor: 'value',
  event: 'value',
  getter: 'get',
  setter: 'set',
};

/** Hosts of mini-programs give their functions by getters: what such a getter gives is replaced, and put in the place of the getter. */
const patchOf = (owner: HostObject, key: string, part: Patch['part'], wrap: (native: HostFunction) => HostFunction) => {
  const descriptor = describe(owner, key);
  if (descriptor === undefined) return 'absent';
  const isGiven = part === 'value' && descriptor.get !== undefined;
  const native: unknown = isGiven ? owner[key] : descriptor[part];
  if (!isFunction(native)) return 'absent';
  if (wrappers.has(native)) return 'alias';
  const ours = wrap(native);
  const placed = isGiven
    ? { value: ours, configurable: true, enumerable: descriptor.enumerable === true, writable: true }
    : { ...descriptor, [part]: ours };
  if (!define(owner, key, placed)) return 'locked';
  return { owner, key, part, native: isGiven ? descriptor : native, ours } satisfies Patch;
};

const undo = ({ owner, key, part, native, ours }: Patch): boolean => {
  const descriptor = describe(owner, key);
  if (descriptor === undefined || descriptor[part] !== ours) return false;
  return define(owner, key, isFunction(native) ? { ...descriptor, [part]: native } : (native as PropertyDescriptor));
};

/** One function serves every event: it looks at the name that a listener is added for. */
const eventWatch = (root: HostObject, slots: ReadonlyMap<string, number>, see: See, patches: Patch[]): void => {
  const owner = holderOf(root, ['EventTarget', 'prototype', 'addEventListener']);
  if (owner === undefined || slots.size === 0) return;
  const slotOf = ([type]: readonly unknown[]) => (typeof type === 'string' ? slots.get(type) : undefined);
  const patch = patchOf(owner, 'addEventListener', 'value', (native) => watched(native, -1, see, slotOf));
  if (typeof patch === 'object') patches.push(patch);
};

const hasEvent = (root: HostObject, type: string): boolean =>
  `on${type}` in root || (isObject(root['document']) && `on${type}` in root['document']);

/** Classes name themselves in their prototype; both names must be one value. */
const patchConstructor = (patch: Patch, patches: Patch[]): void => {
  const prototype = (patch.native as unknown as HostObject)['prototype'];
  if (!isObject(prototype) || describe(prototype, 'constructor')?.value !== patch.native) return;
  const { native, ours } = patch;
  const named: Patch = { owner: prototype, key: 'constructor', part: 'value', native, ours };
  if (define(prototype, 'constructor', { ...describe(prototype, 'constructor'), value: ours })) patches.push(named);
};

const installOne = (root: HostObject, surface: Surface, slot: number, see: See, placing: Placing): SurfaceState => {
  const names = surface.path.split('.');
  const owner = holderOf(root, names);
  if (owner === undefined) return 'absent';
  let isAlias = false;
  const patch = patchOf(owner, names.at(-1) ?? '', partOf[surface.kind], (native) => {
    const before = placing.wrapperOf.get(native);
    isAlias = before !== undefined;
    const wrapper = before ?? watched(native, slot, see);
    placing.wrapperOf.set(native, wrapper);
    return wrapper;
  });
  if (typeof patch === 'string') return patch;
  placing.patches.push(patch);
  if (surface.kind === 'constructor' && !isAlias) patchConstructor(patch, placing.patches);
  return isAlias ? 'alias' : 'watched';
};

const installSafely = (root: HostObject, surface: Surface, slot: number, see: See, placing: Placing): SurfaceState => {
  try {
    return installOne(root, surface, slot, see, placing);
  } catch {
    // A getter on the way threw, or an object is frozen in a way of its own.
    return 'locked';
  }
};

/**
 * Interfaces that take the browser longer to make than all others together, and that no page has a use for before it has a context. They are watched
 * right before the first one is made.
 */
const lateRoots: readonly string[] = ['WebGLRenderingContext', 'WebGL2RenderingContext'];
const contextMakers: readonly string[] = ['HTMLCanvasElement', 'OffscreenCanvas'];

const whenDrawing = (root: HostObject, patches: Patch[], work: () => void): void => {
  for (const name of contextMakers) {
    const owner = holderOf(root, [name, 'prototype', 'getContext']);
    if (owner === undefined) continue;
    const patch = patchOf(owner, 'getContext', 'value', (native) => {
      const apply = (target: HostFunction, self: unknown, args: readonly unknown[]): unknown => {
        if (typeof args[0] === 'string' && args[0].includes('webgl')) work();
        return call(target, self, args);
      };
      const ours = new Proxy(native, { apply } as ProxyHandler<HostFunction>);
      standsFor(ours, native);
      return ours;
    });
    if (typeof patch === 'object') patches.push(patch);
  }
};

/** Puts surfaces into one realm. */
class Placer {
  readonly states: SurfaceState[] = [];
  readonly natives = new Map<string, HostFunction>();
  readonly #root: HostObject;
  readonly #see: See;
  readonly #placing: Placing;
  readonly #late: (readonly [Surface, number])[] = [];

  constructor(root: HostObject, see: See, patches: Patch[]) {
    this.#root = root;
    this.#see = see;
    this.#placing = { patches, wrapperOf: new Map() };
  }

  place(surface: Surface, slot: number): void {
    const before = this.#placing.patches.length;
    const state = installSafely(this.#root, surface, slot, this.#see, this.#placing);
    const native = this.#placing.patches[before]?.native;
    if (state === 'watched' && isFunction(native)) this.natives.set(surface.path, native);
    this.states[slot] = state;
  }

  /** Leaves a surface for later, when it is one of those. */
  isLate(surface: Surface, slot: number): boolean {
    const name = surface.path.slice(0, surface.path.indexOf('.'));
    if (!lateRoots.includes(name) || !(name in this.#root)) return false;
    this.#late.push([surface, slot]);
    this.states[slot] = 'waiting';
    return true;
  }

  readonly placeLate = (): void => {
    for (const [surface, slot] of this.#late.splice(0)) this.place(surface, slot);
  };

  /** What waited waits no more. */
  forgetLate(): void {
    this.#late.length = 0;
  }
}

/** Libraries (Sentry) take a function whose text is not a native's for a polyfill, and leave it alone or go another way. */
const keepTexts = (root: HostObject, patches: Patch[]): void => {
  const owner = holderOf(root, ['Function', 'prototype', 'toString']);
  const patch =
    owner === undefined
      ? 'absent'
      : patchOf(owner, 'toString', 'value', (native) => {
          const apply = (target: HostFunction, self: unknown, args: readonly unknown[]): unknown =>
            call(target, nativeBehind(self), args);
          const ours = new Proxy(native, { apply } as ProxyHandler<HostFunction>);
          standsFor(ours, native);
          return ours;
        });
  if (typeof patch === 'object') patches.push(patch);
};

/** zone.js puts its own functions onto the one instance, where they hide those of the interface. */
const patchInstance = (root: HostObject, surfaces: readonly Surface[], see: See, patches: Patch[]): void => {
  const geolocation = memberOf(memberOf(root, 'navigator'), 'geolocation');
  if (!isObject(geolocation)) return;
  for (const [slot, { path }] of surfaces.entries()) {
    const [interfaceName, key = ''] = path.split('.prototype.');
    if (interfaceName !== 'Geolocation' || !Object.hasOwn(geolocation, key)) continue;
    const patch = patchOf(geolocation, key, 'value', (native) => watched(native, slot, see));
    if (typeof patch === 'object') patches.push(patch);
  }
};

/** Watches every surface of a realm that is there. */
export const intercept = (root: HostObject, surfaces: readonly Surface[], see: See): Interception => {
  const patches: Patch[] = [];
  const placer = new Placer(root, see, patches);
  const events = new Map<string, number>();
  for (const [slot, surface] of surfaces.entries()) {
    if (surface.kind === 'event') {
      const type = surface.path.slice('event.'.length);
      const isThere = hasEvent(root, type);
      placer.states[slot] = isThere ? 'watched' : 'absent';
      if (isThere) events.set(type, slot);
    } else if (!placer.isLate(surface, slot)) placer.place(surface, slot);
  }
  eventWatch(root, events, see, patches);
  patchInstance(root, surfaces, see, patches);
  keepTexts(root, patches);
  if (placer.states.includes('waiting')) whenDrawing(root, patches, placer.placeLate);
  return {
    states: placer.states,
    nativeOf: (path) => placer.natives.get(path),
    restore: () => {
      placer.forgetLate();
      const placed = patches.splice(0).reverse();
      return placed.flatMap((patch) => (undo(patch) ? [] : [patch.key]));
    },
  };
};
