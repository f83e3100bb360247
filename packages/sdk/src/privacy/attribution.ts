/** Whose a call chain is: by the build's module map, by the script's address, by who brought the script into the page. */
import type { ChainFrame } from '@hauberk/privacy/client';
import { isObject, memberOf } from './host.ts';

/**
 * Where the modules of one built file are. `ranges` are sorted: from that place (line from 1, column from 0) on, code belongs to the package
 * of that number. The build plug-in writes it.
 */
export interface FileMap {
  readonly packages: readonly string[];
  readonly ranges: readonly (readonly [line: number, column: number, packageIndex: number])[];
}

/** Name of a built file, as its address ends → its map. */
export type ModuleMap = Readonly<Record<string, FileMap>>;

/** Who owns a chain. */
export interface Owner {
  /** `app`, a package, or a host. */
  readonly name: string;
  readonly version?: string;
}

/** What attribution is told by the app. */
export interface AttributionOptions {
  readonly modules?: ModuleMap;
  /** Owners by the beginning of a script's address: `{ 'https://cdn.example/ads/': 'ads@3.1.0' }`. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Packages that only pass calls on (`zone.js`): the next frame owns what they call. */
  readonly passing?: readonly string[];
}

/** Where built files put their maps; the stamp of the build plug-ins writes it. */
export const stampsName = '__hauberkModules';

const isFileMap = (value: unknown): value is FileMap =>
  Array.isArray(memberOf(value, 'packages')) && Array.isArray(memberOf(value, 'ranges'));

/** Scripts whose bringer is remembered. */
const maxBrought = 256;
const app: Owner = { name: 'app' };
const ownerForm = /^[A-Za-z0-9@][A-Za-z0-9@._:/-]{0,127}$/;
const versionForm = /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/;

/** `name@1.2.3` → its parts; a scope's sign is part of the name. */
export const ownerOfPackage = (text: string): Owner => {
  const at = text.lastIndexOf('@');
  const name = at > 0 ? text.slice(0, at) : text;
  const version = at > 0 ? text.slice(at + 1) : '';
  if (!ownerForm.test(name)) return app;
  return versionForm.test(version) ? { name, version } : { name };
};

/** The package at a place of a file: that of the last range that begins at or before it. Column counts from 1, as in a stack. */
export const packageAt = ({ packages, ranges }: FileMap, line: number, column: number): string | undefined => {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [rangeLine = 0, rangeColumn = 0] = ranges[middle] ?? [];
    if (rangeLine < line || (rangeLine === line && rangeColumn <= column - 1)) low = middle + 1;
    else high = middle;
  }
  const named: unknown = packages[ranges[low - 1]?.[2] ?? -1];
  return typeof named === 'string' ? named : undefined;
};

const hostOf = (script: string): string | undefined => /^https?:\/\/([^/?#@]+)\//.exec(script)?.[1]?.toLowerCase();

/** Finds owners. */
export class Attribution {
  readonly #scripts: readonly (readonly [string, Owner])[];
  readonly #passing: ReadonlySet<string>;
  readonly #pageAddress: () => string;
  /** Null until it is asked for. */
  #ownHost: string | undefined | null = null;
  /** Script → who brought it. */
  readonly #brought = new Map<string, Owner>();
  readonly #files = new Map<string, FileMap>();

  constructor(options: AttributionOptions, pageAddress: () => string) {
    this.#scripts = Object.entries(options.scripts ?? {})
      .map(([start, owner]) => [start, ownerOfPackage(owner)] as const)
      .sort(([one], [other]) => other.length - one.length);
    this.#passing = new Set(['zone.js', ...(options.passing ?? [])]);
    this.#pageAddress = pageAddress;
    this.addModules(options.modules ?? {});
  }

  /** Takes in the map of further files. */
  addModules(modules: ModuleMap): void {
    for (const [file, map] of Object.entries(modules)) this.#files.set(file, map);
  }

  /** Remembers who put a script into the page. */
  bring(script: string, owner: Owner): void {
    if (this.#brought.size < maxBrought && !this.#brought.has(script)) this.#brought.set(script, owner);
  }

  /** The owner of a chain: that of the innermost frame that does not only pass calls on. */
  ownerOf(frames: readonly ChainFrame[]): Owner {
    for (const frame of frames) {
      if (frame.kind !== 'js') continue;
      const owner = this.#ownerOfFrame(frame.script, frame.line, frame.column);
      if (!this.#passing.has(owner.name)) return owner;
    }
    return app;
  }

  #ownerOfFrame(script: string, line: number, column: number): Owner {
    const told = this.#scripts.find(([start]) => script.startsWith(start));
    if (told !== undefined) return told[1];
    const file = this.#fileOf(script);
    const named = file === undefined ? undefined : packageAt(file, line, column);
    if (named !== undefined) return ownerOfPackage(named);
    const host = hostOf(script);
    if (this.#ownHost === null) this.#ownHost = hostOf(`${this.#pageAddress()}/`);
    if (host !== undefined && host !== this.#ownHost && ownerForm.test(host)) return { name: host };
    return this.#brought.get(script) ?? app;
  }

  /** Takes in what files said of themselves when they were loaded. The page can write there too: it tells of scripts that play along. */
  #takeStamps(): void {
    const stamps = memberOf(globalThis, stampsName);
    if (!isObject(stamps)) return;
    for (const [file, map] of Object.entries(stamps))
      if (!this.#files.has(file) && isFileMap(map)) this.#files.set(file, map);
  }

  /** The map whose name the address ends with, from a whole part of the path on. */
  #fileOf(script: string): FileMap | undefined {
    this.#takeStamps();
    for (let at = script.indexOf('/'); at >= 0; at = script.indexOf('/', at + 1)) {
      const map = this.#files.get(script.slice(at + 1));
      if (map !== undefined) return map;
    }
    return this.#files.get(script);
  }
}
