/**
 * Names of upstreams to addresses. `dns.lookup` runs on libuv's four threads: one dead name server starves every file write and every other
 * name for half a minute. This resolver asks c-ares, reads the hosts file and the search domains itself, and keeps answers.
 */
import { Resolver } from 'node:dns';
import { readFileSync } from 'node:fs';
import { isIP, type LookupFunction } from 'node:net';

/** One address of a name. */
interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Where the names come from; the defaults are the system's. */
export interface ResolverOptions {
  readonly hostsFile?: string;
  readonly resolvFile?: string;
  /** `address:port` of the name servers; the system's when absent. */
  readonly servers?: readonly string[];
  /** Longest time that an answer is kept, in seconds. */
  readonly longestTtlSeconds?: number;
  readonly timeoutMs?: number;
  readonly tries?: number;
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // A machine without the file has no entries.
    return '';
  }
};

/** Reads a hosts file: name → addresses, in file order. */
export const readHosts = (text: string): ReadonlyMap<string, readonly Address[]> => {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/);
    const family = isIP(address);
    if (family !== 4 && family !== 6) continue;
    for (const name of names) {
      const held = hosts.get(name.toLowerCase()) ?? [];
      held.push({ address, family });
      hosts.set(name.toLowerCase(), held);
    }
  }
  return hosts;
};

/** The search list and `ndots` of a resolv.conf. */
export interface SearchList {
  readonly domains: readonly string[];
  readonly dots: number;
}

/** Reads the search list of a resolv.conf. */
export const readSearch = (text: string): SearchList => {
  let domains: readonly string[] = [];
  let dots = 1;
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'search' || word === 'domain') domains = rest;
    const option = word === 'options' ? rest.find((each) => /^ndots:\d+$/.test(each)) : undefined;
    if (option !== undefined) dots = Math.min(15, Number(option.slice(6)));
  }
  return { domains, dots };
};

/** The names to ask for, in order, as resolv.conf(5) says. */
export const candidates = (name: string, search: SearchList): readonly string[] => {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const expanded = search.domains.map((domain) => `${name}.${domain}`);
  return name.split('.').length - 1 >= search.dots ? [name, ...expanded] : [...expanded, name];
};

interface Kept {
  readonly addresses: readonly Address[];
  readonly expiresAt: number;
}

class UnresolvedName extends Error {
  readonly code = 'ENOTFOUND';
}

/** A resolver with its own cache; `lookup` fits node's socket option of that name. */
export interface NameResolver {
  readonly lookup: LookupFunction;
  readonly resolve: (name: string) => Promise<readonly Address[]>;
}

const askFamily = (resolver: Resolver, name: string, family: 4 | 6): Promise<{ addresses: Address[]; ttl: number }> =>
  new Promise((settle) => {
    const done = (error: Error | null, records: readonly { address: string; ttl: number }[]): void =>
      settle(
        error === null
          ? {
              addresses: records.map(({ address }) => ({ address, family })),
              ttl: Math.min(...records.map(({ ttl }) => ttl)),
            }
          : { addresses: [], ttl: Number.POSITIVE_INFINITY },
      );
    if (family === 4) resolver.resolve4(name, { ttl: true }, done);
    else resolver.resolve6(name, { ttl: true }, done);
  });

const askServers = async (resolver: Resolver, names: readonly string[]) => {
  for (const name of names) {
    const [v4, v6] = await Promise.all([askFamily(resolver, name, 4), askFamily(resolver, name, 6)]);
    const addresses = [...v4.addresses, ...v6.addresses];
    if (addresses.length > 0) return { addresses, ttl: Math.min(v4.ttl, v6.ttl) };
  }
  return undefined;
};

const openCares = (options: ResolverOptions): Resolver => {
  const resolver = new Resolver({ timeout: options.timeoutMs ?? 2000, tries: options.tries ?? 2 });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  return resolver;
};

/** Builds a resolver. The hosts file is read at every miss, so that a change needs no restart. */
export const createResolver = (options: ResolverOptions = {}): NameResolver => {
  const cares = openCares(options);
  const search = readSearch(readText(options.resolvFile ?? '/etc/resolv.conf'));
  const kept = new Map<string, Kept>();
  const pending = new Map<string, Promise<readonly Address[]>>();

  const ask = async (name: string): Promise<readonly Address[]> => {
    const fixed = readHosts(readText(options.hostsFile ?? '/etc/hosts')).get(name);
    const found =
      fixed === undefined ? await askServers(cares, candidates(name, search)) : { addresses: fixed, ttl: 5 };
    const stale = kept.get(name);
    // Name servers that fail must not take a working upstream down: its last addresses stand in.
    if (found === undefined && stale === undefined) throw new UnresolvedName(`no address for ${name}`);
    const addresses = found?.addresses ?? stale?.addresses ?? [];
    const ttl = Math.min(Math.max(found?.ttl ?? 1, 1), options.longestTtlSeconds ?? 30);
    kept.set(name, { addresses, expiresAt: performance.now() + ttl * 1000 });
    return addresses;
  };

  const resolve = (asked: string): Promise<readonly Address[]> => {
    const name = asked.toLowerCase();
    const family = isIP(name);
    if (family === 4 || family === 6) return Promise.resolve([{ address: name, family }]);
    const held = kept.get(name);
    if (held !== undefined && held.expiresAt > performance.now()) return Promise.resolve(held.addresses);
    const running = pending.get(name);
    if (running !== undefined) return running;
    const started = ask(name).finally(() => pending.delete(name));
    pending.set(name, started);
    return started;
  };

  const lookup: LookupFunction = (name, lookupOptions, done) => {
    resolve(name).then(
      (all) => {
        const fitting = all.filter(({ family }) => !lookupOptions.family || lookupOptions.family === family);
        const [first] = fitting;
        if (first === undefined) done(new UnresolvedName(`no address for ${name}`), '', 0);
        else if (lookupOptions.all === true) done(null, [...fitting]);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, '', 0),
    );
  };
  return { lookup, resolve };
};
