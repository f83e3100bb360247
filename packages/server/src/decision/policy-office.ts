/** What people do about decisions, put together on the main thread: policies, lists and models of all apps. */
import type { SceneFacts } from '@hauberk/decision';
import type { EpochMs, JsonValue, Result } from '@hauberk/primitives';
import { refuse } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import { type BookRefusal, PolicyBook } from './policy-book.ts';
import { checkPolicy, type PolicyCheck, type PolicyFaultTold } from './policy-check.ts';
import type { KeptPolicy, PolicyAction, PolicyStepCode } from './policy-life.ts';
import { DecisionLists } from './policy-list.ts';
import { DecisionModels } from './policy-model.ts';
import type { DecisionStore } from './record-rows.ts';

/** What the office stands on. */
export interface OfficeParts {
  readonly store: DecisionStore;
  readonly scopes: readonly Scope[];
  /** What stands for an id in lists and records; nothing keeps the id itself. */
  readonly pseudonym: (kind: string, id: string) => string;
  /** Lists that the configuration names beside those of the record. */
  readonly configuredLists: readonly string[];
  /** Scenes that the configuration adds to the catalogue. */
  readonly configuredScenes: readonly SceneFacts[];
  readonly now: () => EpochMs;
}

/** A step of exactly one version of a policy, as two people agree on it. */
export interface PolicyStepContent {
  readonly policy: string;
  readonly version: number;
  /** Of the document. */
  readonly hash: string;
  readonly action: PolicyAction;
  /** For `challenge`. */
  readonly perMille?: number | undefined;
  readonly reason: string;
}

/** See the top of the file. */
export class DecisionOffice {
  readonly book: PolicyBook;
  readonly lists: DecisionLists;
  readonly models: DecisionModels;
  readonly pseudonym: OfficeParts['pseudonym'];
  readonly #parts: OfficeParts;

  constructor(parts: OfficeParts) {
    this.#parts = parts;
    this.pseudonym = parts.pseudonym;
    this.book = new PolicyBook({ store: parts.store, scopes: parts.scopes, now: parts.now });
    this.lists = new DecisionLists(parts.store, this.book, parts.now);
    this.models = new DecisionModels(parts.store, this.book, parts.now);
  }

  /** Checks a document against the facts and lists of an app. */
  async check(scope: Scope, document: JsonValue): Promise<PolicyCheck> {
    const lists = (await this.lists.lists(scope)).map(({ name }) => name);
    return checkPolicy(document, [...lists, ...this.#parts.configuredLists], this.#parts.configuredScenes);
  }

  /** Keeps a checked document as the next version of its policy. */
  async draft(
    scope: Scope,
    document: JsonValue,
    reason: string,
    by: string,
  ): Promise<
    | Result<KeptPolicy, 'policies-full' | BookRefusal>
    | { readonly ok: false; readonly code: 'policy-faults'; readonly faults: readonly PolicyFaultTold[] }
  > {
    const checked = await this.check(scope, document);
    if (!checked.ok) return { ...refuse('policy-faults'), faults: checked.faults };
    const { policy, scenes } = checked;
    return this.book.draft(scope, { policy, document, scenes, reason }, by);
  }

  /** Lets a version take a step. */
  step(
    scope: Scope,
    { policy, version, hash, action, perMille, reason }: PolicyStepContent,
    actor: string,
  ): Promise<Result<KeptPolicy, PolicyStepCode | BookRefusal>> {
    const step = { version, hash, action, ...(perMille === undefined ? {} : { perMille }) };
    return this.book.step(scope, policy, step, { actor, reason });
  }

  /** Drops list entries whose time is over, everywhere. */
  async upkeep(): Promise<void> {
    for (const scope of this.#parts.scopes) await this.lists.expire(scope);
  }
}
