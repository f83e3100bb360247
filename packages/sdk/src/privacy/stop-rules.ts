/** Which chains are stopped, by the directive in force; and the proof of what it did. */
import type { EffectReport } from '@hauberk/privacy/client';

/** A directive as the aspect needs it; `Directive` of the channel is one. */
export interface AspectDirective {
  readonly id: string;
  readonly version: number;
  readonly body: unknown;
}

/** Where directives come from: `hauberk.directives`. Undefined means that none is in force. */
export interface DirectiveSource {
  readonly subscribe: (kind: string, listener: (directive: AspectDirective | undefined) => void) => () => void;
}

/** What happens to calls of a chain. */
export interface StopRule {
  readonly chain: string;
  /** Undefined: every function. */
  readonly apis: ReadonlySet<string> | undefined;
  readonly action: 'empty' | 'deny' | 'delay';
  readonly delayMs: number;
  readonly directive: string;
  readonly version: number;
  stopped: number;
  firstStoppedAtMs: number;
  lastStoppedAtMs: number;
  /** Whether the proof was not sent since it last changed. */
  isNews: boolean;
}

/** Most stops that are taken from one directive. */
const maxStops = 256;
const actions: readonly unknown[] = ['empty', 'deny', 'delay'];

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const readStop = (stop: unknown, { id, version }: AspectDirective, nowMs: number): StopRule | undefined => {
  const chain = memberOf(stop, 'chain');
  const action = memberOf(stop, 'action');
  const delayMs = memberOf(stop, 'delayMs') ?? 0;
  const apis = memberOf(stop, 'apis');
  if (typeof chain !== 'string' || !/^[0-9a-f]{16}$/.test(chain) || !actions.includes(action)) return undefined;
  if (typeof delayMs !== 'number' || !(delayMs >= 0 && delayMs <= 60_000)) return undefined;
  if (apis !== undefined && !Array.isArray(apis)) return undefined;
  return {
    chain,
    apis: apis === undefined ? undefined : new Set(listOf(apis).map(String)),
    action: action as StopRule['action'],
    delayMs,
    directive: id,
    version,
    stopped: 0,
    firstStoppedAtMs: nowMs,
    lastStoppedAtMs: nowMs,
    isNews: true,
  };
};

/** The rules of a directive. An entry that is none is left out: the others still stop what they should. */
export const readStops = (directive: AspectDirective | undefined, nowMs: number): readonly StopRule[] => {
  if (directive === undefined) return [];
  return listOf(memberOf(directive.body, 'stops'))
    .slice(0, maxStops)
    .flatMap((stop) => readStop(stop, directive, nowMs) ?? []);
};

/** Whether a `kill` directive names the aspect, or everything: then it lets every call through unseen. */
export const isKilled = (directive: AspectDirective | undefined): boolean =>
  listOf(memberOf(directive?.body, 'kinds')).some((kind) => kind === '*' || kind === 'privacy.aspect');

/** The rules in force. */
export class StopRules {
  #rules: ReadonlyMap<string, StopRule> = new Map();
  /** Rises with every change. */
  generation = 0;

  /** Puts others in force. One that said the same under the same version goes on counting. */
  replace(rules: readonly StopRule[]): void {
    const kept = (rule: StopRule): StopRule => {
      const before = this.#rules.get(rule.chain);
      return before?.directive === rule.directive && before.version === rule.version ? before : rule;
    };
    this.#rules = new Map(rules.map((rule) => [rule.chain, kept(rule)]));
    this.generation += 1;
  }

  of(chain: string): StopRule | undefined {
    return this.#rules.get(chain);
  }

  get isEmpty(): boolean {
    return this.#rules.size === 0;
  }

  /** Whether some rule asks for the caller of a function. */
  concerns(api: string): boolean {
    for (const rule of this.#rules.values()) if (rule.apis === undefined || rule.apis.has(api)) return true;
    return false;
  }

  /** Counts a call that was kept from going through. */
  static count(rule: StopRule, nowMs: number): void {
    if (rule.stopped === 0) rule.firstStoppedAtMs = nowMs;
    rule.stopped += 1;
    rule.lastStoppedAtMs = nowMs;
    rule.isNews = true;
  }

  /** Proofs that changed since they were asked for last. */
  takeEffects(): readonly EffectReport[] {
    return [...this.#rules.values()].flatMap((rule) => {
      if (!rule.isNews) return [];
      rule.isNews = false;
      const { directive, version, chain, stopped, firstStoppedAtMs, lastStoppedAtMs } = rule;
      return [{ directive, version, chain, applied: true as const, stopped, firstStoppedAtMs, lastStoppedAtMs }];
    });
  }
}
