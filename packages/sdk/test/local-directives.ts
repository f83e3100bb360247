/** Directives as a client gets them, without a gateway: the newest of a kind, to whoever listens and to whoever comes later. */
import type { AspectDirective, DirectiveSource } from '../src/privacy/stop-rules.ts';

/** The source, and the hand that publishes. */
export interface LocalDirectives extends DirectiveSource {
  readonly publish: (kind: string, directive: AspectDirective | undefined) => void;
}

/** Makes one. */
export const localDirectives = (): LocalDirectives => {
  const listeners = new Map<string, Set<(directive: AspectDirective | undefined) => void>>();
  const inForce = new Map<string, AspectDirective>();
  return {
    subscribe: (kind, listener) => {
      const all = listeners.get(kind) ?? new Set();
      listeners.set(kind, all.add(listener));
      listener(inForce.get(kind));
      return () => void all.delete(listener);
    },
    publish: (kind, directive) => {
      if (directive === undefined) inForce.delete(kind);
      else inForce.set(kind, directive);
      for (const listener of listeners.get(kind) ?? []) listener(directive);
    },
  };
};
