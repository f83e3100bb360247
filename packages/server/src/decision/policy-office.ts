/** What people do about decisions, put together on the main thread: policies, lists and models of all apps. */
import type { SceneFacts } from '@hauberk/decision';
import type { EpochMs, JsonValue, Result } from '@hauberk/primitives';
import { refuse } from '@hauberk/primitives';
import type { Outbox } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';
import { Alerts } from './case-alerts.ts';
import { AlertAnswers, type AnswerDevices } from './case-answers.ts';
import { Cases } from './case-book.ts';
import { type BookRefusal, PolicyBook } from './policy-book.ts';
import { checkPolicy, type PolicyCheck, type PolicyFaultTold } from './policy-check.ts';
import { PolicyGuard } from './policy-guard.ts';
import type { KeptPolicy, PolicyAction, PolicyStepCode } from './policy-life.ts';
import { DecisionLists } from './policy-list.ts';
import { DecisionModels } from './policy-model.ts';
import { appFactSchema } from './policy-schema.ts';
import type { PolicyText } from './policy-snapshot.ts';
import { RecordDesk } from './record-desk.ts';
import { schemaHashOf } from './record-reader.ts';
import type { DecisionStore } from './record-rows.ts';
import { RecordStream, type SeenBatch, type SeenDecision } from './record-stream.ts';
import { RecordTexts, textOf } from './record-texts.ts';

/** What the office stands on. */
export interface OfficeParts {
  readonly store: DecisionStore;
  readonly outbox: Pick<Outbox, 'readAfter' | 'acknowledged' | 'head' | 'segments'>;
  readonly scopes: readonly Scope[];
  /** What stands for an id in lists and records; nothing keeps the id itself. */
  readonly pseudonym: (kind: string, id: string) => string;
  /** The devices of an app, for rules that suspend; they suspend none where it is absent. */
  readonly devicesOf?: ((scope: Scope) => AnswerDevices) | undefined;
  /** Lists that the configuration names beside those of the record. */
  readonly configuredLists: readonly string[];
  /** Scenes that the configuration adds to the catalogue. */
  readonly configuredScenes: readonly SceneFacts[];
  /** The run of this process, and what its memory was reserved for; undefined where nothing decides. */
  readonly run?: { readonly boot: number; readonly memory: JsonValue } | undefined;
  /** Policies of files; none when absent. */
  readonly configuredPolicies?: () => readonly PolicyText[];
  readonly now: () => EpochMs;
  /** A fault behind the requests; what met it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** How long the index knows decisions, and how many it holds. */
const indexDays = 180;
const mostIndexed = 5_000_000;
const forgetAtOnce = 500;
const forgetTurns = 200;

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
  readonly texts: RecordTexts;
  readonly records: RecordDesk;
  readonly stream: RecordStream;
  readonly alerts: Alerts;
  readonly cases: Cases;
  readonly pseudonym: OfficeParts['pseudonym'];
  readonly #parts: OfficeParts;
  readonly #guard: PolicyGuard;
  #stopFollowing: () => void = () => {};

  constructor(parts: OfficeParts) {
    this.#parts = parts;
    this.pseudonym = parts.pseudonym;
    this.book = new PolicyBook({ store: parts.store, scopes: parts.scopes, now: parts.now });
    this.lists = new DecisionLists(parts.store, this.book, parts.now);
    this.models = new DecisionModels(parts.store, this.book, parts.now);
    this.texts = new RecordTexts(parts.store, parts.now);
    const { store, outbox, now } = parts;
    const { texts, book, lists } = this;
    this.records = new RecordDesk({ store, outbox, texts, book, lists, now });
    this.cases = new Cases(store, now);
    const { cases } = this;
    const { pseudonym, devicesOf } = parts;
    this.alerts = new Alerts(store, new AlertAnswers({ store, lists, cases, devicesOf, pseudonym, now }), now);
    this.#guard = new PolicyGuard({
      book,
      isKnownBad: (scope, seen) => this.#isKnownBad(scope, seen),
      onHalted: () => {},
    });
    this.stream = new RecordStream({
      outbox,
      store,
      now,
      kindsOf: (scope, hash) => this.records.kindsOf(scope, hash),
      onSeen: (batch) => this.#seen(batch),
      failed: parts.failed,
    });
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

  async #seen(batch: SeenBatch): Promise<void> {
    await this.#guard.take(batch);
    await this.alerts.take(batch);
  }

  /** Whether somebody has said that it is fraud, or an entity of it is on a list. */
  async #isKnownBad(scope: Scope, { indexed }: SeenDecision): Promise<boolean> {
    const label = await this.records.label(scope, indexed.id);
    if (label?.fraud === true) return true;
    const { lists } = this.book.snapshotOf(scope);
    const members = indexed.entities.map((entity) => entity.slice(entity.indexOf(':') + 1));
    return lists.some((list) => members.some((member) => list.members.includes(member)));
  }

  /** Opens the book, keeps the texts that workers decide by, and begins to read what was decided. */
  async start(): Promise<void> {
    await this.book.refresh();
    await this.keepTexts();
    this.#stopFollowing = this.book.follow(() => void this.keepTexts().catch(this.#parts.failed));
    this.stream.open();
  }

  async close(): Promise<void> {
    this.#stopFollowing();
    await this.stream.close();
  }

  /** Keeps what is decided by now: records name these texts by their hashes. */
  async keepTexts(): Promise<void> {
    const { configuredPolicies = () => [], run } = this.#parts;
    for (const scope of this.#parts.scopes) {
      const { policies, shadow, challengers, model, lists } = this.book.snapshotOf(scope);
      const names = [...lists.map(({ name }) => name), ...this.#parts.configuredLists];
      const schema = appFactSchema(names, this.#parts.configuredScenes);
      await this.texts.keep(scope, [
        ...[...policies, ...shadow, ...challengers, ...configuredPolicies()].map(
          ({ hash, document }) => ({ kind: 'policy', hash, document }) as const,
        ),
        ...(run === undefined ? [] : [textOf('run', run.boot.toString(16), run.memory)]),
        ...(model === null ? [] : [{ kind: 'model', hash: model.hash, document: model.document } as const]),
        ...(schema.ok
          ? [textOf('schema', schemaHashOf(schema.value), schema.value.declaration as unknown as JsonValue)]
          : []),
      ]);
    }
  }

  /** Drops list entries whose time is over, everywhere. */
  async upkeep(): Promise<void> {
    for (const scope of this.#parts.scopes) {
      await this.lists.expire(scope);
      await this.alerts.upkeep(scope);
    }
    const at = this.#parts.now();
    const bounds = { beforeMs: at - indexDays * 86_400_000, most: mostIndexed };
    for (let turn = 0; turn < forgetTurns; turn += 1) {
      const forgotten = await this.#parts.store.forget(bounds, forgetAtOnce);
      if (!forgotten.ok || forgotten.value < forgetAtOnce) break;
    }
    // Files may have been read again.
    await this.keepTexts();
  }
}
