/** Calls every surface of the registry before, while and after it is watched, and tells what came of it. Runs inside a page. */
import { createPrivacyAspect, type Surface, webSurfaces } from '../../src/privacy/web.ts';
import type { Outcome, SurfaceProof } from '../privacy-proof.ts';
import { type Receiver, receivers, sampleAddress, samples } from './privacy-samples.ts';

type Part = 'value' | 'get' | 'set';
const partOf = { method: 'value', constructor: 'value', event: 'value', getter: 'get', setter: 'set' } as const;
const root = globalThis as unknown as Record<string, unknown>;

const placeOf = (surface: Surface): { owner: object; key: string } | undefined => {
  const names = surface.kind === 'event' ? ['EventTarget', 'prototype', 'addEventListener'] : surface.path.split('.');
  let object: unknown = root;
  for (const name of names.slice(0, -1)) object = (object as Record<string, unknown> | undefined)?.[name];
  const key = names.at(-1) ?? '';
  let owner: object | null = object === undefined || object === null ? null : (object as object);
  while (owner !== null && !Object.hasOwn(owner, key)) owner = Object.getPrototypeOf(owner);
  return owner === null ? undefined : { owner, key };
};

/** The function as it stands there now. */
const functionOf = (surface: Surface): ((...input: unknown[]) => unknown) | undefined => {
  const place = placeOf(surface);
  if (place === undefined) return undefined;
  const part: Part = partOf[surface.kind];
  return Object.getOwnPropertyDescriptor(place.owner, place.key)?.[part];
};

const looksOf = (surface: Surface): string => {
  const place = placeOf(surface);
  const made = functionOf(surface);
  if (place === undefined || made === undefined) return 'absent';
  const { configurable, enumerable, writable } = Object.getOwnPropertyDescriptor(place.owner, place.key) ?? {};
  const keys = Reflect.ownKeys(made).map(String).sort();
  const named =
    surface.kind === 'constructor'
      ? (made as unknown as { prototype: { constructor: unknown } }).prototype.constructor === made
      : '';
  return JSON.stringify([made.name, made.length, configurable, enumerable, writable, keys, named, typeof made]);
};

const errorText = (error: unknown): string => {
  const { name, message } = error as Error;
  return `${name}: ${message.replaceAll(/localhost:\d+/g, 'localhost')}`;
};

/** Values as words; objects by their kind, for two of them are never the same. */
const valueText = (value: unknown): string => {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object' || typeof value === 'function') return Object.prototype.toString.call(value);
  return `${typeof value} ${String(value as string)}`;
};

const volatile = /NetworkInformation|screenX|screenY/;

const settle = (value: unknown, waitMs: number): Promise<Outcome> =>
  Promise.race([
    Promise.resolve(value as PromiseLike<unknown>).then(
      (settled) => `resolves ${valueText(settled)}`,
      (error: unknown) => `rejects ${errorText(error)}`,
    ),
    new Promise<Outcome>((resolve) => setTimeout(() => resolve('stays open'), waitMs)),
  ]);

const outcomeOf = (surface: Surface, call: () => unknown, waitMs: number): Promise<Outcome> => {
  try {
    const value = call();
    if (value instanceof Promise) return settle(value, waitMs);
    // Names of watches and the like rise with every call.
    if (surface.answers === 'position' || volatile.test(surface.path)) return Promise.resolve(typeof value);
    return Promise.resolve(valueText(value));
  } catch (error) {
    return Promise.resolve(`throws ${errorText(error)}`);
  }
};

const rootOf = (path: string): string => path.split(path.includes('.prototype.') ? '.prototype.' : '.')[0] ?? '';

/** One call: the place is asked for its function at that moment. */
export interface Probe {
  readonly name: string;
  readonly call: () => unknown;
}

const argumentsOf = (surface: Surface): readonly unknown[] | undefined => {
  if (surface.kind === 'getter') return [];
  if (surface.kind === 'setter' && surface.isExit) return [sampleAddress];
  return samples[surface.path]?.();
};

const constructorProbes = (surface: Surface): readonly Probe[] => {
  const current = () => functionOf(surface) as unknown as new (...input: unknown[]) => object;
  const given = argumentsOf(surface);
  return [
    { name: 'new without arguments', call: () => new (current())() },
    { name: 'a subclass', call: () => new (class extends current() {})(...(given ?? [])) },
    ...(given === undefined
      ? []
      : [{ name: 'new with arguments', call: () => new (current())(...given).constructor === current() }]),
  ];
};

const eventProbes = (surface: Surface): readonly Probe[] => {
  const type = surface.path.slice('event.'.length);
  return [
    {
      name: 'a listener hears once',
      call: () => {
        let heard = 0;
        const listener = (): void => {
          heard += 1;
        };
        document.addEventListener(type, listener);
        document.dispatchEvent(new Event(type));
        document.removeEventListener(type, listener);
        document.dispatchEvent(new Event(type));
        return heard;
      },
    },
  ];
};

/** The calls that are made of a surface. */
export const probesOf = async (surface: Surface): Promise<readonly Probe[]> => {
  if (surface.kind === 'constructor') return constructorProbes(surface);
  if (surface.kind === 'event') return eventProbes(surface);
  const make = receivers[rootOf(surface.path)];
  const receiver: Receiver = make === undefined ? () => globalThis : await make();
  const other: Receiver = make === undefined ? () => globalThis : await make();
  const apply = (self: unknown, args: readonly unknown[]): unknown =>
    Reflect.apply(functionOf(surface) as (...input: unknown[]) => unknown, self, args);
  const given = argumentsOf(surface);
  return [
    { name: 'on a stranger', call: () => apply({}, []) },
    { name: 'without arguments', call: () => apply(receiver(), []) },
    ...(given === undefined || given.length === 0
      ? []
      : [{ name: 'with arguments', call: () => apply(other(), given) }]),
  ];
};

const textOf = (surface: Surface): string => {
  const made = functionOf(surface);
  return made === undefined ? '' : Function.prototype.toString.call(made);
};

const isThere = (surface: Surface): boolean => {
  if (surface.kind !== 'event') return functionOf(surface) !== undefined;
  const handler = `on${surface.path.slice('event.'.length)}`;
  return handler in root || handler in document;
};

const ready = async (surfaces: readonly Surface[]): Promise<readonly (readonly Probe[])[]> =>
  Promise.all(surfaces.map((surface) => probesOf(surface)));

const run = (surfaces: readonly Surface[], probes: readonly (readonly Probe[])[], waitMs: number) =>
  Promise.all(
    surfaces.map((surface, index) =>
      Promise.all((probes[index] ?? []).map(({ call }) => outcomeOf(surface, call, waitMs))),
    ),
  );

/** Proves every surface. */
export const proveSurfaces = async (waitMs: number): Promise<readonly SurfaceProof[]> => {
  const there = webSurfaces.filter(isThere);
  // The same function at two places is proven once.
  const surfaces = there.filter(
    (surface, index) =>
      surface.kind === 'event' || there.findIndex((other) => functionOf(other) === functionOf(surface)) === index,
  );
  // The first round leaves cookies, entries and permissions that the others find alike.
  await run(surfaces, await ready(surfaces), waitMs);
  const before = await ready(surfaces);
  const natives = surfaces.map(functionOf);
  const nativeLooks = surfaces.map(looksOf);
  const nativeTexts = surfaces.map(textOf);
  const native = await run(surfaces, before, waitMs);
  const meanwhile = await ready(surfaces);
  const aspect = createPrivacyAspect({});
  const slots = surfaces.map((surface) => webSurfaces.indexOf(surface));
  const watchedLooks = surfaces.map(looksOf);
  const watchedTexts = surfaces.map(textOf);
  const replaced = surfaces.map((surface, index) => functionOf(surface) !== natives[index]);
  const start = aspect.status();
  const watched = await run(surfaces, meanwhile, waitMs);
  const end = aspect.status();
  aspect.off();
  const proofs = surfaces.map((surface, index): SurfaceProof => {
    const slot = slots[index] ?? -1;
    return {
      path: surface.path,
      kind: surface.kind,
      api: surface.api,
      state: end.surfaces[slot]?.state ?? 'none',
      probes: (meanwhile[index] ?? []).map(({ name }) => name),
      native: native[index] ?? [],
      watched: watched[index] ?? [],
      nativeLooks: nativeLooks[index] ?? '',
      watchedLooks: watchedLooks[index] ?? '',
      nativeText: nativeTexts[index] ?? '',
      watchedText: watchedTexts[index] ?? '',
      counted: (end.surfaces[slot]?.calls ?? 0) - (start.surfaces[slot]?.calls ?? 0),
      isReplaced: replaced[index] ?? false,
      isRestored: functionOf(surface) === natives[index],
    };
  });
  return proofs;
};
