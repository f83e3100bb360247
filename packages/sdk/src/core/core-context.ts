/** What the parts of one client share. */
import type { NamedKey } from '@hauberk/channel/client';
import type { ServerClock } from './clock.ts';
import type { EndpointList } from './endpoint-list.ts';
import type { HauberkOptions, HostPorts } from './options.ts';
import type { RetryBudget } from './retry-budget.ts';

/** Options and ports with every default filled in. */
export interface CoreContext {
  readonly options: HauberkOptions;
  readonly configKeys: readonly NamedKey[];
  readonly timeoutMs: number;
  readonly minTimeoutMs: number;
  readonly attempts: number;
  readonly budget: RetryBudget;
  readonly ports: HostPorts;
  readonly endpoints: EndpointList;
  /** The newest authenticated time of this context; undefined before the first handshake. */
  serverClock: ServerClock | undefined;
  /** Told of the revision of directives that bound replies name. */
  announced: ((revision: string) => void) | undefined;
}
