/** The host that a call sends data to. Nothing else of the address is looked at for longer than the call takes. */
import { call, construct, type HostObject, isFunction, isObject, memberOf } from './host.ts';

/** What is remembered of an XMLHttpRequest between `open` and `send`. */
export interface OpenedRequest {
  readonly host: string | undefined;
  readonly isWaitedFor: boolean;
}

const textOf = (root: HostObject, value: unknown): string | undefined => {
  if (typeof value === 'string') return value;
  if (!isObject(value)) return undefined;
  for (const [name, member] of [
    ['URL', 'href'],
    ['Request', 'url'],
    ['TrustedScriptURL', 'toString'],
  ] as const) {
    const constructor = root[name];
    if (!isFunction(constructor) || !(value instanceof constructor)) continue;
    const held = memberOf(value, member);
    const text = isFunction(held) ? call(held, value, []) : held;
    return typeof text === 'string' ? text : undefined;
  }
  return undefined;
};

const isRemote = (protocol: unknown): boolean => typeof protocol === 'string' && /^(?:https?|wss?):$/.test(protocol);

const urlOf = (root: HostObject, address: unknown): HostObject | undefined => {
  const text = textOf(root, address);
  const Url = root['URL'];
  if (text === undefined || !isFunction(Url)) return undefined;
  try {
    const base = memberOf(root['document'], 'baseURI') ?? memberOf(root['location'], 'href');
    return construct(Url, base === undefined ? [text] : [text, base]) as HostObject;
  } catch {
    return undefined;
  }
};

/** The whole address, as the realm resolves it. */
export const addressOf = (root: HostObject, address: unknown): string | undefined => {
  const href = urlOf(root, address)?.['href'];
  return typeof href === 'string' ? href : undefined;
};

/** Hosts without a class for addresses: mini-programs name them in full. */
const plainHostOf = (address: unknown): string | undefined =>
  typeof address === 'string'
    ? /^(?:https?|wss?):\/\/(?:[^/?#@]*@)?([^/?#@]+)/i.exec(address)?.[1]?.toLowerCase()
    : undefined;

/** Host, with the port when it is not the usual one; undefined when the address names none. */
export const hostOf = (root: HostObject, address: unknown): string | undefined => {
  if (root['URL'] === undefined) return plainHostOf(address);
  const url = urlOf(root, address);
  const host = url?.['host'];
  return isRemote(url?.['protocol']) && typeof host === 'string' && host !== '' ? host : undefined;
};

/** The first candidate of a `srcset`. */
const firstOf = (value: unknown): unknown => (typeof value === 'string' ? value.trim().split(/[\s,]/, 1)[0] : value);

/** Finds the hosts of the calls of one realm. */
export class Destinations {
  readonly #root: HostObject;
  readonly #opened = new WeakMap<object, OpenedRequest>();

  constructor(root: HostObject) {
    this.#root = root;
  }

  of(path: string, self: unknown, args: readonly unknown[]): string | undefined {
    if (path === 'XMLHttpRequest.prototype.send') return this.requestOf(self)?.host;
    if (path.endsWith('.sendRequest')) return hostOf(this.#root, optionOf(args[0])) ?? hostOf(this.#root, args[1]);
    if (path !== 'XMLHttpRequest.prototype.open')
      return hostOf(this.#root, path.endsWith('.srcset') ? firstOf(args[0]) : optionOf(args[0]));
    const host = hostOf(this.#root, args[1]);
    if (isObject(self)) this.#opened.set(self, { host, isWaitedFor: args.length > 2 && !args[2] });
    return host;
  }

  /** What was opened for an XMLHttpRequest. */
  requestOf(self: unknown): OpenedRequest | undefined {
    return isObject(self) ? this.#opened.get(self) : undefined;
  }
}

/** Mini-programs name the address in an object. */
const optionOf = (value: unknown): unknown => {
  const url = Object.prototype.toString.call(value) === '[object Object]' ? memberOf(value, 'url') : undefined;
  return url === undefined ? value : url;
};
