/** Calls every surface of the registry before, while and after it is watched, and tells what came of it. Runs inside a page. */
import { createPrivacyAspect, type Surface, webSurfaces } from '../../src/privacy/web.ts';
import { localDirectives } from '../local-directives.ts';
import type { Outcome, StopProof, SurfaceProof, ToldReport } from '../privacy-proof.ts';
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

const settle = (value: unknown, waitMs: number): Promise<Outcome> =>
  Promise.race([
    Promise.resolve(value as PromiseLike<unknown>).then(
      (settled) => `resolves ${valueText(settled)}`,
      (error: unknown) => `rejects ${errorText(error)}`,
    ),
    new Promise<Outcome>((resolve) => setTimeout(() => resolve(staysOpen), waitMs)),
  ]);

const outcomeOf = (call: () => unknown, waitMs: number): Promise<Outcome> => {
  try {
    const value = call();
    if (value instanceof Promise) return settle(value, waitMs);
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

/** Longest wait for a promise that may stay open, and for one that should not. */
const openMs = 800;
const settledMs = 30_000;
const staysOpen = 'stays open';

/** Outcomes of all probes. Nobody waits for what stayed open in the round of `reference`; for the rest there is time. */
const run = (probes: readonly (readonly Probe[])[], reference?: readonly (readonly Outcome[])[] | 'all settle') =>
  Promise.all(
    probes.map((list, index) =>
      Promise.all(
        list.map(({ call }, at) => {
          if (reference === undefined) return outcomeOf(call, openMs);
          const known = reference === 'all settle' ? '' : reference[index]?.at(at - list.length);
          return outcomeOf(call, known === staysOpen ? 0 : settledMs);
        }),
      ),
    ),
  );

/** WebGL is watched from its first context on. */
const draw = (): void => {
  document.createElement('canvas').getContext('webgl');
};

/** Proves every surface. */
export const proveSurfaces = async (): Promise<readonly SurfaceProof[]> => {
  const there = webSurfaces.filter(isThere);
  // The same function at two places is proven once.
  const surfaces = there.filter(
    (surface, index) =>
      surface.kind === 'event' || there.findIndex((other) => functionOf(other) === functionOf(surface)) === index,
  );
  // The first round leaves cookies, entries and permissions that the others find alike.
  const first = await run(await ready(surfaces));
  const before = await ready(surfaces);
  const natives = surfaces.map(functionOf);
  const nativeLooks = surfaces.map(looksOf);
  const nativeTexts = surfaces.map(textOf);
  const native = await run(before, first);
  const meanwhile = await ready(surfaces);
  const aspect = createPrivacyAspect({});
  const slots = surfaces.map((surface) => webSurfaces.indexOf(surface));
  draw();
  const watchedLooks = surfaces.map(looksOf);
  const watchedTexts = surfaces.map(textOf);
  const replaced = surfaces.map((surface, index) => functionOf(surface) !== natives[index]);
  const start = aspect.status();
  const watched = await run(meanwhile, native);
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

/** Has every surface called by chains that are stopped in between, and tells what the stopped calls came to. */
export const proveStops = async (
  action: 'empty' | 'deny' | 'delay',
): Promise<{ readonly proofs: readonly StopProof[]; readonly reports: readonly ToldReport[] }> => {
  const there = webSurfaces.filter(isThere);
  const surfaces = there.filter(
    (surface, index) =>
      there.findIndex((other) => functionOf(other) === functionOf(surface)) === index || surface.kind === 'event',
  );
  const last = async () => (await ready(surfaces)).map((probes) => probes.slice(-1));
  const first = await run(await ready(surfaces));
  const rounds = [await last(), await last(), await last()];
  const directives = localDirectives();
  const reports: ToldReport[] = [];
  const report = (kind: string, body: Readonly<Record<string, unknown>>): void => {
    reports.push({ kind, body });
  };
  const aspect = createPrivacyAspect({ firstCalls: 1000, directives, report });
  draw();
  const before: Outcome[][] = [];
  const during: Outcome[][] = [];
  const after: Outcome[][] = [];
  // One loop makes the calls of every round, so that their chains are the same.
  for (const [probes, into] of [
    [rounds[0], before],
    [rounds[1], during],
    [rounds[2], after],
  ] as const) {
    if (into === during) {
      aspect.flush();
      const chains = reports.flatMap(({ kind, body }) => (kind === 'privacy.chain' ? [body['chain']] : []));
      const delay = action === 'delay' ? { delayMs: 50 } : {};
      const stops = chains.map((chain) => ({ chain, action, ...delay }));
      directives.publish('privacy.stop', { id: 'directive-1', version: 1, body: { stops } });
    }
    if (into === after) directives.publish('privacy.stop', undefined);
    into.push(...(await run(probes ?? [], into === during && action !== 'delay' ? 'all settle' : first)));
    if (into === during) aspect.flush();
  }
  aspect.flush();
  const { faults } = aspect.status();
  aspect.off();
  if (faults > 0) throw new Error(`${faults} faults`);
  const proofs = surfaces.map(({ path, kind, api, answers, empty, denial }, index) => ({
    path,
    kind,
    api,
    answers,
    empty,
    denial,
    before: before[index]?.[0] ?? '',
    during: during[index]?.[0] ?? '',
    after: after[index]?.[0] ?? '',
  }));
  return { proofs, reports };
};

/** The surfaces that this browser has, also those that are the same function as another. */
export const thereIs = async (): Promise<readonly string[]> =>
  webSurfaces.filter(isThere).map(({ kind, path }) => `${kind} ${path}`);
