/** What one run of the SDK suite works with: a fake gateway with levers, and this platform's clients. */
import type { Hauberk } from '../../src/core/hauberk.ts';
import type { HauberkOptions, HostPorts, TrustRoot } from '../../src/core/options.ts';
import type { ClientStorage } from '../../src/core/storage.ts';

/** What the platform brings. */
export interface Platform {
  readonly name: string;
  /** Two origins of one gateway; nobody listens on the third. */
  readonly origins: readonly [string, string, string];
  readonly configKey: string;
  readonly open: (options: HauberkOptions, ports: Partial<HostPorts>) => Hauberk;
  readonly storage: (name: string) => ClientStorage;
  readonly evict: (name: string) => Promise<void>;
}

/** What the gateway saw. */
export interface Seen {
  readonly counts: Readonly<Record<string, number>>;
  readonly executions: readonly {
    readonly method: string;
    readonly url: string;
    readonly body: string;
    readonly key?: string;
    readonly contentType?: string;
    readonly tag: string;
    readonly early: boolean;
  }[];
  readonly sequences: readonly string[];
}

/** One case's view. */
export interface Lab {
  readonly platform: Platform;
  /** A client on the case's own storage. */
  readonly client: (changed?: Partial<HauberkOptions>, ports?: Partial<HostPorts>) => Hauberk;
  /** Bends the gateway, or only looks. */
  readonly gateway: (command?: Readonly<Record<string, unknown>>) => Promise<Seen>;
  readonly storageName: string;
  readonly trust: TrustRoot;
}

/** The first verified version of the fake's config. */
export const firstVersion = 5;

/** Opens the lab for one case, the gateway as new. */
export const openLab = async (platform: Platform, storageName: string): Promise<Lab> => {
  const [origin, backup] = platform.origins;
  const gateway = async (command: Readonly<Record<string, unknown>> = {}): Promise<Seen> => {
    const response = await fetch(`${origin}/lab`, { method: 'POST', body: JSON.stringify(command) });
    return (await response.json()) as Seen;
  };
  await gateway({ reset: true });
  const options: HauberkOptions = {
    organisation: 'test-bank',
    app: 'test-app',
    service: 'test-api',
    endpoints: [origin, backup],
    trust: {
      configKeys: [{ kid: 'config-1', publicKey: platform.configKey }],
      minConfigVersion: 1,
      buildTimeMs: Date.now() - 86_400_000,
    },
    timeoutMs: 5000,
  };
  const client: Lab['client'] = (changed = {}, ports = {}) =>
    platform.open({ ...options, ...changed }, { storage: platform.storage(storageName), ...ports });
  return { platform, client, gateway, storageName, trust: options.trust };
};
