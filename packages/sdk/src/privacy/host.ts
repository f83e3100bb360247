/** Foreign objects, read without trusting them: what a realm of the host has, and the tools that later scripts cannot change under us. */

/** Any object of the host. */
export type HostObject = { [name: PropertyKey]: unknown };
/** Any function of the host. */
export type HostFunction = (...input: readonly unknown[]) => unknown;

/** `Reflect.apply`, as it was when this file was loaded. */
export const call: typeof Reflect.apply = Reflect.apply;
/** `Reflect.construct`, as it was when this file was loaded. */
export const construct: typeof Reflect.construct = Reflect.construct;
/** `Object.defineProperty`, as it was when this file was loaded. */
export const define: typeof Reflect.defineProperty = Reflect.defineProperty;
/** `Object.getOwnPropertyDescriptor`, as it was when this file was loaded. */
export const describe: typeof Reflect.getOwnPropertyDescriptor = Reflect.getOwnPropertyDescriptor;
const prototypeOf = Reflect.getPrototypeOf;
const timer = globalThis.setTimeout;

/** Whether a value is an object or a function. */
export const isObject = (value: unknown): value is HostObject =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Whether a value can be called. */
export const isFunction = (value: unknown): value is HostFunction => typeof value === 'function';

/** Calls back after some milliseconds, by the timer of before. */
export const later = (work: () => void, ms: number): void => {
  timer(work, ms);
};

/** A property of a foreign object, or undefined when it has none or throws. */
export const memberOf = (owner: unknown, name: PropertyKey): unknown => {
  try {
    return isObject(owner) ? owner[name] : undefined;
  } catch {
    return undefined;
  }
};

/** Where a property is. */
export interface PropertyPlace {
  readonly owner: HostObject;
  readonly descriptor: PropertyDescriptor;
}

/** The object of a prototype chain that owns a property, and what it says of it. */
export const placeOf = (object: HostObject, name: PropertyKey): PropertyPlace | undefined => {
  let owner: object | null = object;
  while (owner !== null) {
    const descriptor = describe(owner, name);
    if (descriptor !== undefined) return { owner: owner as HostObject, descriptor };
    owner = prototypeOf(owner);
  }
  return undefined;
};

const natives = new WeakMap<object, HostFunction>();

/** Remembers what a function of ours stands in front of. */
export const standsFor = (ours: object, native: HostFunction): void => {
  natives.set(ours, native);
};

/** The native behind functions of ours, however many; anything else as it is. */
export const nativeBehind = (value: unknown): unknown => {
  let native = value;
  while (isObject(native)) {
    const behind = natives.get(native);
    if (behind === undefined) return native;
    native = behind;
  }
  return native;
};
