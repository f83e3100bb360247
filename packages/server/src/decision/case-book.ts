/** Cases: what people look into, with an owner, notes and an outcome; the outcome becomes the label of its decisions. */
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import { timeOrderedId } from '../admin/admin-token.ts';
import type { Scope } from '../storage/scope.ts';
import type { CaseOutcome, KeptCase } from './case-rows.ts';
import type { BookRefusal } from './policy-book.ts';
import type { DecisionPut, DecisionStore } from './record-rows.ts';

/** A case that is to be opened. */
export interface NewCase {
  readonly title: string;
  readonly decisions: readonly string[];
  readonly alert?: string | undefined;
}

/** A case that the server opens by itself. */
export interface FoundCase {
  /** What it is about, as `cluster ID`: there is one open case for it at most. */
  readonly origin: string;
  /** The alert that led to it; null when absent. */
  readonly alert?: string | null;
  readonly title: string;
  readonly decisions: readonly string[];
  /** Kind and keyed hash, as `device:…`. */
  readonly entities: readonly string[];
  /** What its first note says. */
  readonly why: string;
  /** Who says so. */
  readonly by: string;
}

/** A step of a case. */
export type CaseStep =
  | { readonly action: 'assign'; readonly owner: string }
  | { readonly action: 'note'; readonly text: string }
  | { readonly action: 'close'; readonly outcome: CaseOutcome; readonly text: string }
  | { readonly action: 'reopen'; readonly text: string };

/** Why a step is refused. */
export type CaseRefusal =
  | 'case-unknown'
  | 'case-state'
  | 'case-full'
  | 'alert-unknown'
  | 'decision-unknown'
  | BookRefusal;

/** Notes of a case. */
const maxNotes = 200;
/** Decisions of a case. */
export const maxCaseDecisions = 100;
const maxCaseEntities = 50;
const pageRows = 500;

/** Cases of any app. */
export class Cases {
  readonly #store: DecisionStore;
  readonly #now: () => EpochMs;

  constructor(store: DecisionStore, now: () => EpochMs) {
    this.#store = store;
    this.#now = now;
  }

  async find(scope: Scope, id: string): Promise<KeptCase | undefined> {
    const [row] = await this.#store.load(scope, [{ kind: 'case', id }]);
    return row?.value;
  }

  /** Cases, newest first. */
  async list(
    scope: Scope,
    asked: { readonly state?: KeptCase['state'] | undefined; readonly owner?: string | undefined },
    limit: number,
  ): Promise<readonly KeptCase[]> {
    const all: KeptCase[] = [];
    for (let after = ''; ; ) {
      const page = await this.#store.list(scope, 'case', { after, limit: pageRows });
      for (const { value } of page)
        if (value !== undefined && (asked.state ?? value.state) === value.state)
          if (asked.owner === undefined || asked.owner === value.owner) all.push(value);
      if (page.length < pageRows) break;
      after = page.at(-1)?.key.id ?? '';
    }
    return all.toReversed().slice(0, limit);
  }

  /** Opens a case over decisions, or over those of an alert. */
  async open(scope: Scope, { title, decisions, alert }: NewCase, by: string): Promise<Result<KeptCase, CaseRefusal>> {
    const at = this.#now();
    const [raised] = alert === undefined ? [] : await this.#store.load(scope, [{ kind: 'alert', id: alert }]);
    if (alert !== undefined && raised?.value === undefined) return refuse('alert-unknown');
    const ids = [...new Set([...decisions, ...(raised?.value?.decisions ?? [])])];
    const found = await Promise.all(ids.map((id) => this.#store.find(scope, id)));
    if (found.includes(undefined)) return refuse('decision-unknown');
    const id = timeOrderedId(at);
    const opened: KeptCase = {
      id,
      title,
      state: 'open',
      owner: by,
      alert: alert ?? null,
      decisions: ids,
      entities: [...new Set(found.flatMap((each) => each?.entities ?? []))].slice(0, maxCaseEntities),
      notes: [],
      outcome: null,
      openedBy: by,
      openedAtMs: at,
      changedAtMs: at,
    };
    const written = await this.#write(scope, opened, 0, [], {
      by,
      action: 'case.opened',
      facts: { decisions: ids.length },
    });
    return written.ok ? accept(opened) : written;
  }

  /**
   * Opens a case that nobody asked for. While one about the same thing is open, or when the last one came to an honest outcome, that one is the answer: what people
   * have looked into and found harmless is not put before them again.
   */
  async openFor(
    scope: Scope,
    { origin, alert = null, title, decisions, entities, why, by }: FoundCase,
  ): Promise<Result<KeptCase, CaseRefusal>> {
    const at = this.#now();
    const originKey = { kind: 'caseFor', id: origin } as const;
    const [row] = await this.#store.load(scope, [originKey]);
    const before = row?.value === undefined ? undefined : await this.find(scope, row.value.case);
    if (before !== undefined && (before.state === 'open' || before.outcome === 'honest')) return accept(before);
    const key = { kind: 'case', id: timeOrderedId(at) } as const;
    const opened: KeptCase = {
      id: key.id,
      title,
      state: 'open',
      owner: null,
      alert,
      decisions: [...new Set(decisions)].slice(0, maxCaseDecisions),
      entities: [...new Set(entities)].slice(0, maxCaseEntities),
      notes: [{ by, atMs: at, text: why }],
      outcome: null,
      openedBy: by,
      openedAtMs: at,
      changedAtMs: at,
    };
    const read = [
      { key: originKey, version: row?.version ?? 0 },
      { key, version: 0 },
    ];
    const puts: readonly DecisionPut[] = [
      { ...key, value: opened, atMs: at },
      { ...originKey, value: { case: key.id }, atMs: at },
    ];
    const facts = { decisions: opened.decisions.length, origin };
    const audit = [{ actor: by, action: 'case.opened', subject: key.id, facts }];
    const written = await this.#store.commit({ changes: [{ scope, read, puts, audit }] }, at);
    return written.ok ? accept(opened) : written;
  }

  /** Takes a step of a case. */
  async step(scope: Scope, id: string, step: CaseStep, by: string): Promise<Result<KeptCase, CaseRefusal>> {
    const at = this.#now();
    const [row] = await this.#store.load(scope, [{ kind: 'case', id }]);
    const held = row?.value;
    if (held === undefined) return refuse('case-unknown');
    if ((held.state === 'closed') !== (step.action === 'reopen')) return refuse('case-state', held.state);
    if ('text' in step && held.notes.length >= maxNotes) return refuse('case-full');
    const notes = 'text' in step ? [...held.notes, { by, atMs: at, text: step.text }] : held.notes;
    const changed: KeptCase = {
      ...held,
      notes,
      changedAtMs: at,
      ...(step.action === 'assign' ? { owner: step.owner } : {}),
      ...(step.action === 'close' ? { state: 'closed', outcome: step.outcome } : {}),
      ...(step.action === 'reopen' ? { state: 'open', outcome: null } : {}),
    };
    const labels =
      step.action === 'close' && step.outcome !== 'unclear' ? this.#labels(held, step.outcome, by, at) : [];
    const facts =
      step.action === 'close' ? { outcome: step.outcome } : step.action === 'assign' ? { owner: step.owner } : {};
    const written = await this.#write(scope, changed, row?.version ?? 0, labels, {
      by,
      action: `case.${step.action}`,
      facts,
    });
    return written.ok ? accept(changed) : written;
  }

  /** The outcome as labels. They have no order: the profiles of a running engine do not hear of them. */
  #labels({ id, decisions }: KeptCase, outcome: CaseOutcome, by: string, at: number): readonly DecisionPut[] {
    return decisions.map((decision): DecisionPut => {
      const source = `case ${id} by ${by}`;
      const label = { decision, fraud: outcome === 'fraud', knownAtMs: at, source, run: 0, order: 0 };
      return { kind: 'label', id: decision, value: label, atMs: at };
    });
  }

  #write(
    scope: Scope,
    value: KeptCase,
    version: number,
    more: readonly DecisionPut[],
    {
      by,
      action,
      facts,
    }: { readonly by: string; readonly action: string; readonly facts: Readonly<Record<string, string | number>> },
  ) {
    const key = { kind: 'case', id: value.id } as const;
    const puts: readonly DecisionPut[] = [{ ...key, value, atMs: value.changedAtMs }, ...more];
    const audit = [{ actor: by, action, subject: value.id, facts }];
    return this.#store.commit({ changes: [{ scope, read: [{ key, version }], puts, audit }] }, this.#now());
  }
}
