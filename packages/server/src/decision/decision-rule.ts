/** What a route's decision is made on, compiled once from the configuration. */
import type { DurationMs } from '@hauberk/primitives';
import type { JsonPointer } from '../gateway/route.ts';

/** Where a value stands in a request. */
export type FactSource =
  | { readonly in: 'body'; readonly pointer: JsonPointer }
  | { readonly in: 'path'; readonly parameter: string }
  | { readonly in: 'query'; readonly parameter: string };

/** A value of a request and what policies call it. */
export interface NamedSource {
  readonly name: string;
  readonly from: FactSource;
}

/** The decision of a route. */
export interface DecisionRule {
  readonly scene: string;
  readonly entities: readonly NamedSource[];
  readonly facts: readonly NamedSource[];
  readonly amount: JsonPointer | undefined;
  readonly deadline: DurationMs;
  readonly failMode: 'open' | 'closed';
  /** Members of the body that no honest client sends. */
  readonly honey: readonly JsonPointer[];
}
