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
  placeOf,
  standsFor,
} from './host.ts';
import type { Surface } from './surface.ts';

/**
 * What became of a surface in a realm: watched; waiting for the first context of a canvas; not there; the same function as another surface;
 * or not to be replaced.
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
  /** The native `XMLHttpRequest.prototype.open`, when it is watched. */
  readonly openRequest: HostFunction | undefined;
  /** Puts the natives back. Answers the paths where another script has wrapped our function: there ours stays, and lets everything through. */
  readonly restore: () => readonly string[];
}

/** Watched functions, in any realm, so that none is watched twice. */
const wrappers = new WeakSet<object>();

const carryOut = (answer: { readonly value: unknown } | { readonly thrown: unknown }): unknown => {
  if ('thrown' in answer) throw answer.thrown;
  return answer.value;
};

/** The traps of every watched function; what is its own stands beside them. */
interface Watch extends ProxyHandler<HostFunction> {
  readonly slot: number;
  readonly see: See;
}

function onApply(this: Watch, target: HostFunction, self: unknown, args: readonly unknown[]): unknown {
  const answer = this.see(this.slot, target, self, args, undefined, onApply as HostFunction);
  return answer === undefined ? call(target, self, args) : carryOut(answer);
}

function onConstruct(this: Watch, target: HostFunction, args: readonly unknown[], newTarget: HostFunction): object {
  const answer = this.see(this.slot, target, undefined, args, newTarget, onConstruct as unknown as HostFunction);
  return (answer === undefined ? construct(target, args, newTarget) : carryOut(answer)) as object;
}

/** Puts a proxy in front of a native, and not a function of ours: name, length, own properties and `new.target` are those of the native. */
const standIn = (native: HostFunction, handler: ProxyHandler<HostFunction>): HostFunction => {
  const ours = new Proxy(native, handler);
  wrappers.add(ours);
  standsFor(ours, native);
  return ours;
};

/** A function that is watched as a surface. */
export const watched = (native: HostFunction, slot: number, see: See): HostFunction =>
  standIn(native, { apply: onApply, construct: onConstruct, slot, see } as Watch);

/** The object behind the names of a path but the last. Workers have the same functions under another name of the navigator. */
const objectAt = (root: HostObject, path: string): HostObject | undefined => {
  let object: unknown = root;
  for (const name of path.split('.')) {
    if (!isObject(object)) return undefined;
    const value = object[name];
    object = value === undefined && name === 'Navigator' && object === root ? object['WorkerNavigator'] : value;
  }
  return isObject(object) ? object : undefined;
};

const partOf: Readonly<Record<Surface['kind'], Patch['part']>> = {
  method: 'value',
  constructor: 'value',
  event: 'value',
  getter: 'get',
  setter: 'set',
};

/** Hosts of mini-programs give their functions by getters: what such a getter gives is replaced, and put in the place of the getter. */
const patchOf = (
  holder: HostObject,
  key: string,
  part: Patch['part'],
  wrap: (native: HostFunction) => HostFunction,
): Patch | 'absent' | 'alias' | 'locked' => {
  const place = placeOf(holder, key);
  if (place === undefined) return 'absent';
  const { owner, descriptor } = place;
  const isGiven = part === 'value' && descriptor.get !== undefined;
  const native: unknown = isGiven ? owner[key] : descriptor[part];
  if (!isFunction(native)) return 'absent';
  if (wrappers.has(native)) return 'alias';
  const ours = wrap(native);
  if (isGiven) {
    const { enumerable } = descriptor;
    const given = { value: ours, configurable: true, enumerable: enumerable === true, writable: true };
    return define(owner, key, given) ? { owner, key, part, native: descriptor, ours } : 'locked';
  }
  descriptor[part] = ours as never;
  return define(owner, key, descriptor) ? { owner, key, part, native, ours } : 'locked';
};

const undo = ({ owner, key, part, native, ours }: Patch): boolean => {
  const descriptor = describe(owner, key);
  if (descriptor === undefined || descriptor[part] !== ours) return false;
  return define(owner, key, isFunction(native) ? { ...descriptor, [part]: native } : (native as PropertyDescriptor));
};

/** One function serves every event: it looks at the name that a listener is added for. */
class EventWatch implements ProxyHandler<HostFunction> {
  readonly slots: ReadonlyMap<string, number>;
  readonly see: See;

  constructor(slots: ReadonlyMap<string, number>, see: See) {
    this.slots = slots;
    this.see = see;
  }

  apply(target: HostFunction, self: unknown, args: readonly unknown[]): unknown {
    const type = args[0];
    const slot = typeof type === 'string' ? this.slots.get(type) : undefined;
    if (slot === undefined) return call(target, self, args);
    const answer = this.see(slot, target, self, args, undefined, onListen);
    return answer === undefined ? call(target, self, args) : carryOut(answer);
  }
}
const { apply: onListen } = EventWatch.prototype as unknown as Record<'apply', HostFunction>;

const eventWatch = (root: HostObject, slots: ReadonlyMap<string, number>, see: See, patches: Patch[]): void => {
  const prototype = objectAt(root, 'EventTarget.prototype');
  if (prototype === undefined || slots.size === 0) return;
  const wrap = (native: HostFunction): HostFunction => standIn(native, new EventWatch(slots, see));
  const patch = patchOf(prototype, 'addEventListener', 'value', wrap);
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

/**
 * Interfaces that take the browser longer to make than all others together, and that no page has a use for before it has a context. They are watched
 * right before the first one is made.
 */
const latePaths: ReadonlySet<string> = new Set([
  'WebGLRenderingContext.prototype',
  'WebGL2RenderingContext.prototype',
  'CanvasRenderingContext2D.prototype',
  'OffscreenCanvasRenderingContext2D.prototype',
]);
const contextMakers: readonly string[] = ['HTMLCanvasElement', 'OffscreenCanvas'];

/** Puts a function of ours in front of a native that no surface is. */
const wrapNative = (
  root: HostObject,
  path: string,
  key: string,
  apply: (target: HostFunction, self: unknown, args: readonly unknown[]) => unknown,
  patches: Patch[],
): void => {
  const holder = objectAt(root, path);
  const wrap = (native: HostFunction): HostFunction => standIn(native, { apply } as ProxyHandler<HostFunction>);
  const patch = holder === undefined ? 'absent' : patchOf(holder, key, 'value', wrap);
  if (typeof patch === 'object') patches.push(patch);
};

const whenDrawing = (root: HostObject, patches: Patch[], work: () => void): void => {
  const getContext = (target: HostFunction, self: unknown, args: readonly unknown[]): unknown => {
    work();
    return call(target, self, args);
  };
  for (const name of contextMakers) wrapNative(root, `${name}.prototype`, 'getContext', getContext, patches);
};

/** Puts surfaces into one realm. All of them at a page's start: what is done here is done some three hundred times by code that never ran before. */
class Placer {
  readonly states: SurfaceState[] = [];
  readonly #root: HostObject;
  readonly #see: See;
  readonly #patches: Patch[];
  /** A function that stands at two places is one function there as well. */
  readonly #wrapperOf = new Map<HostFunction, HostFunction>();
  readonly #late: (readonly [Surface, number])[] = [];
  /** The object that was looked up last: surfaces of one interface follow each other. */
  #object: HostObject | undefined;
  #objectPath = '';
  #slot = 0;
  #isAlias = false;

  constructor(root: HostObject, see: See, patches: Patch[]) {
    this.#root = root;
    this.#see = see;
    this.#patches = patches;
  }

  /** Places a surface, or leaves it for later. */
  place(surface: Surface, slot: number, isLate = false): void {
    const { path, kind } = surface;
    const dot = path.lastIndexOf('.');
    const objectPath = dot < 0 ? '' : path.slice(0, dot);
    if (!isLate && latePaths.has(objectPath) && path.slice(0, path.indexOf('.')) in this.#root) {
      this.#late.push([surface, slot]);
      this.states[slot] = 'waiting';
      return;
    }
    try {
      this.states[slot] = this.#install(objectPath, path.slice(dot + 1), kind, slot);
    } catch {
      // A getter on the way threw, or an object is frozen in a way of its own.
      this.states[slot] = 'locked';
    }
  }

  #install(objectPath: string, key: string, kind: Surface['kind'], slot: number): SurfaceState {
    if (objectPath !== this.#objectPath) {
      this.#object = objectAt(this.#root, objectPath);
      this.#objectPath = objectPath;
    }
    const holder = objectPath === '' ? this.#root : this.#object;
    if (holder === undefined) return 'absent';
    this.#slot = slot;
    const patch = patchOf(holder, key, partOf[kind], this.#wrap);
    if (typeof patch === 'string') return patch;
    this.#patches.push(patch);
    if (this.#isAlias) return 'alias';
    if (kind === 'constructor') patchConstructor(patch, this.#patches);
    return 'watched';
  }

  readonly #wrap = (native: HostFunction): HostFunction => {
    const before = this.#wrapperOf.get(native);
    this.#isAlias = before !== undefined;
    if (before !== undefined) return before;
    const wrapper = watched(native, this.#slot, this.#see);
    this.#wrapperOf.set(native, wrapper);
    return wrapper;
  };

  readonly placeLate = (): void => {
    for (const [surface, slot] of this.#late.splice(0)) this.place(surface, slot, true);
  };

  /** What waited waits no more. */
  forgetLate(): void {
    this.#late.length = 0;
  }
}

/** Libraries (Sentry) take a function whose text is not a native's for a polyfill, and leave it alone or go another way. */
const keepTexts = (root: HostObject, patches: Patch[]): void => {
  const toText = (target: HostFunction, self: unknown, args: readonly unknown[]): unknown =>
    call(target, nativeBehind(self), args);
  wrapNative(root, 'Function.prototype', 'toString', toText, patches);
};

/** zone.js puts its own functions onto the one instance, where they hide those of the interface. Without it the instance is not made. */
const patchInstance = (root: HostObject, surfaces: readonly Surface[], see: See, patches: Patch[]): void => {
  if (!('Zone' in root)) return;
  const geolocation = memberOf(memberOf(root, 'navigator'), 'geolocation');
  if (!isObject(geolocation)) return;
  for (const [slot, { path }] of surfaces.entries()) {
    const [interfaceName, key = ''] = path.split('.prototype.');
    if (interfaceName !== 'Geolocation' || !Object.hasOwn(geolocation, key)) continue;
    const patch = patchOf(geolocation, key, 'value', (native) => watched(native, slot, see));
    if (typeof patch === 'object') patches.push(patch);
  }
};

const openRequestOf = (root: HostObject, patches: readonly Patch[]): HostFunction | undefined => {
  const requests = objectAt(root, 'XMLHttpRequest.prototype');
  const native = patches.find(({ owner, key }) => owner === requests && key === 'open')?.native;
  return isFunction(native) ? native : undefined;
};

/** Watches every surface of a realm that is there. */
export const intercept = (root: HostObject, surfaces: readonly Surface[], see: See): Interception => {
  const patches: Patch[] = [];
  const placer = new Placer(root, see, patches);
  const { states } = placer;
  const events = new Map<string, number>();
  for (let slot = 0; slot < surfaces.length; slot += 1) {
    const surface = surfaces[slot] as Surface;
    if (surface.kind !== 'event') {
      placer.place(surface, slot);
      continue;
    }
    const type = surface.path.slice('event.'.length);
    const isThere = hasEvent(root, type);
    states[slot] = isThere ? 'watched' : 'absent';
    if (isThere) events.set(type, slot);
  }
  eventWatch(root, events, see, patches);
  patchInstance(root, surfaces, see, patches);
  keepTexts(root, patches);
  if (states.includes('waiting')) whenDrawing(root, patches, placer.placeLate);
  return {
    states,
    openRequest: openRequestOf(root, patches),
    restore: () => {
      placer.forgetLate();
      const placed = patches.splice(0).reverse();
      return placed.flatMap((patch) => (undo(patch) ? [] : [patch.key]));
    },
  };
};
