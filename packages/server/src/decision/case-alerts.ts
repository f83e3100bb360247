/**
 * Alerts: rules over decisions, raised once while they stay open. A rule may answer by itself (`case-answers.ts`): then two people agreed on it once, by the hash of
 * exactly this rule; it answers so often a day at most, ends by itself, and whoever ends it takes back what it listed.
 */
import { createHash } from 'node:crypto';
import { accept, canonicalJson, type EpochMs, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import { scopeKey } from '../storage/scope.ts';
import { type AlertAnswers, alertActor } from './case-answers.ts';
import type { AlertRuleContent, KeptAlert, KeptAlertRule } from './case-rows.ts';
import type { BookRefusal } from './policy-book.ts';
import type { DecisionPut, DecisionStore, IndexedDecision } from './record-rows.ts';
import type { SeenBatch, SeenDecision } from './record-stream.ts';

/** Why a rule or an alert is refused. */
export type AlertRefusal =
  | 'rules-full'
  | 'rule-expired'
  | 'rule-unknown'
  | 'rule-ended'
  | 'alert-unknown'
  | 'alert-closed'
  | BookRefusal;

/** Rules of an app. */
export const maxAlertRules = 64;
/** Entities that one rule looks at in one batch. */
const maxGroups = 256;
const shownDecisions = 10;
const pageRows = 500;

/** The hash of a rule: of everything that decides what it does. */
export const alertRuleHash = ({ reason: _reason, ...decided }: AlertRuleContent): string =>
  createHash('sha256')
    .update(`hauberk alert rule 1\n${canonicalJson(decided as unknown as JsonValue)}`)
    .digest('hex');

const contentOf = ({
  id: _id,
  hash: _hash,
  approvedBy: _by,
  state: _state,
  answers: _answers,
  ...content
}: KeptAlertRule): AlertRuleContent => content;

const isAsked = ({ scene, decisionReason, outcome }: AlertRuleContent, decision: IndexedDecision): boolean =>
  (scene === null || decision.scene === scene) &&
  (decisionReason === null || decision.reasons.includes(decisionReason)) &&
  (outcome === null || decision.outcome === outcome);

/** Alerts of any app. */
export class Alerts {
  readonly #store: DecisionStore;
  /** What rules do by themselves. */
  readonly answers: AlertAnswers;
  readonly #now: () => EpochMs;

  constructor(store: DecisionStore, answers: AlertAnswers, now: () => EpochMs) {
    this.#store = store;
    this.answers = answers;
    this.#now = now;
  }

  async rules(scope: Scope): Promise<readonly KeptAlertRule[]> {
    const rows = await this.#store.list(scope, 'alertRule', { limit: maxAlertRules });
    return rows.flatMap(({ value }) => value ?? []);
  }

  /** Puts a rule in force; said again, it changes nothing. */
  async approve(scope: Scope, content: AlertRuleContent, actor: string): Promise<Result<KeptAlertRule, AlertRefusal>> {
    const at = this.#now();
    if (content.expiresAtMs <= at) return refuse('rule-expired');
    const hash = alertRuleHash(content);
    const id = hash.slice(0, 20);
    const key = { kind: 'alertRule', id } as const;
    const [row] = await this.#store.load(scope, [key]);
    if (row?.value !== undefined) return row.value.state === 'active' ? accept(row.value) : refuse('rule-ended');
    if ((await this.#store.count(scope, 'alertRule')) >= maxAlertRules) return refuse('rules-full');
    const rule: KeptAlertRule = { ...content, id, hash, approvedBy: actor, state: 'active', answers: [] };
    const facts = { rule: hash, name: rule.name, reason: rule.reason, expiresAtMs: rule.expiresAtMs };
    const audit = { actor, action: 'alert.rule-approved', subject: id, facts };
    const change = { scope, read: [{ key, version: 0 }], puts: [{ ...key, value: rule, atMs: at }], audit: [audit] };
    const written = await this.#store.commit({ changes: [change] }, at);
    return written.ok ? accept(rule) : written;
  }

  /** Ends a rule and takes back what it put on its list. */
  async end(scope: Scope, id: string, reason: string, by: string): Promise<Result<KeptAlertRule, AlertRefusal>> {
    const at = this.#now();
    const key = { kind: 'alertRule', id } as const;
    const [row] = await this.#store.load(scope, [key]);
    const rule = row?.value;
    if (rule === undefined) return refuse('rule-unknown');
    const ended: KeptAlertRule = { ...rule, state: 'ended' };
    const audit = { actor: by, action: 'alert.rule-ended', subject: id, facts: { reason } };
    const read = [{ key, version: row?.version ?? 0 }];
    const change = { scope, read, puts: [{ ...key, value: ended, atMs: at }], audit: [audit] };
    const written = await this.#store.commit({ changes: [change] }, at);
    if (!written.ok) return written;
    await this.answers.unlist(scope, rule, reason, by);
    return accept(ended);
  }

  /** Alerts, newest first. */
  async list(scope: Scope, state: KeptAlert['state'] | undefined, limit: number): Promise<readonly KeptAlert[]> {
    const all: KeptAlert[] = [];
    for (let after = ''; ; ) {
      const page = await this.#store.list(scope, 'alert', { after, limit: pageRows });
      all.push(
        ...page.flatMap(({ value }) => value ?? []).filter((alert) => state === undefined || alert.state === state),
      );
      if (page.length < pageRows) break;
      after = page.at(-1)?.key.id ?? '';
    }
    return all.toSorted((one, other) => other.lastAtMs - one.lastAtMs).slice(0, limit);
  }

  /** Acknowledges or closes an alert. After it is closed the same thing raises a new one. */
  async step(
    scope: Scope,
    id: string,
    state: 'acknowledged' | 'closed',
    note: string,
    by: string,
  ): Promise<Result<KeptAlert, AlertRefusal>> {
    const at = this.#now();
    const key = { kind: 'alert', id } as const;
    const [row] = await this.#store.load(scope, [key]);
    if (row?.value === undefined) return refuse('alert-unknown');
    if (row.value.state === 'closed') return refuse('alert-closed');
    const alert: KeptAlert = { ...row.value, state, changedBy: by, note };
    const watch: DecisionPut = { kind: 'alerting', id: `${alert.rule}\n${alert.entity}`, value: undefined, atMs: at };
    const put: DecisionPut = { ...key, value: alert, atMs: at };
    const audit = { actor: by, action: `alert.${state}`, subject: id, facts: { note } };
    const puts = state === 'closed' ? [put, watch] : [put];
    const change = { scope, read: [{ key, version: row.version }], puts, audit: [audit] };
    const written = await this.#store.commit({ changes: [change] }, at);
    return written.ok ? accept(alert) : written;
  }

  /** Gives devices back whose days are over. */
  async upkeep(scope: Scope): Promise<void> {
    for (const rule of await this.rules(scope)) await this.answers.giveBack(scope, rule);
  }

  /** Looks at a batch of decisions. */
  async take({ decisions }: SeenBatch): Promise<void> {
    const byScope = new Map<string, SeenDecision[]>();
    for (const seen of decisions)
      byScope.set(scopeKey(seen.scope), [...(byScope.get(scopeKey(seen.scope)) ?? []), seen]);
    for (const all of byScope.values()) {
      const { scope } = all[0] as SeenDecision;
      const now = this.#now();
      for (const rule of await this.rules(scope))
        if (rule.state === 'active' && rule.expiresAtMs > now && alertRuleHash(contentOf(rule)) === rule.hash)
          await this.#judge(
            scope,
            rule,
            all.map(({ indexed }) => indexed),
          );
    }
  }

  async #judge(scope: Scope, rule: KeptAlertRule, all: readonly IndexedDecision[]): Promise<void> {
    const newest = new Map<string, IndexedDecision>();
    const times = new Map<string, number>();
    for (const decision of all) {
      if (!isAsked(rule, decision)) continue;
      const entity = rule.group === null ? '' : decision.entities.find((each) => each.startsWith(`${rule.group}:`));
      if (entity === undefined || (!newest.has(entity) && newest.size >= maxGroups)) continue;
      const held = newest.get(entity);
      if (held === undefined || decision.atMs >= held.atMs) newest.set(entity, decision);
      times.set(entity, (times.get(entity) ?? 0) + 1);
    }
    for (const [entity, decision] of newest) await this.#count(scope, rule, entity, decision, times.get(entity) ?? 1);
  }

  async #count(
    scope: Scope,
    rule: KeptAlertRule,
    entity: string,
    { atMs }: IndexedDecision,
    more: number,
  ): Promise<void> {
    const found = await this.#store.query(scope, {
      fromMs: atMs - rule.windowMinutes * 60_000,
      toMs: atMs + 1,
      scene: rule.scene ?? undefined,
      reason: rule.decisionReason ?? undefined,
      outcome: rule.outcome ?? undefined,
      entity: entity === '' ? undefined : entity,
      limit: Math.max(rule.threshold, shownDecisions),
    });
    if (found.length >= rule.threshold) await this.#raise(scope, rule, entity, found, more);
  }

  async #raise(
    scope: Scope,
    rule: KeptAlertRule,
    entity: string,
    found: readonly IndexedDecision[],
    more: number,
  ): Promise<void> {
    const at = this.#now();
    const watchKey = { kind: 'alerting', id: `${rule.id}\n${entity}` } as const;
    const [watch] = await this.#store.load(scope, [watchKey]);
    const id =
      watch?.value?.alert ??
      createHash('sha256')
        .update(`${rule.id}\n${entity}\n${found[0]?.id ?? at}`)
        .digest('hex')
        .slice(0, 20);
    const key = { kind: 'alert', id } as const;
    const [row] = await this.#store.load(scope, [key]);
    const held = row?.value;
    const alert: KeptAlert = {
      id,
      rule: rule.id,
      name: rule.name,
      severity: rule.severity,
      entity,
      state: held?.state ?? 'open',
      count: held === undefined ? found.length : held.count + more,
      firstAtMs: held?.firstAtMs ?? found.at(-1)?.atMs ?? at,
      lastAtMs: found[0]?.atMs ?? at,
      decisions: found.slice(0, shownDecisions).map((each) => each.id),
      answered: held?.answered ?? null,
      changedBy: held?.changedBy ?? alertActor(rule.id),
      note: held?.note ?? null,
    };
    const puts: DecisionPut[] = [{ ...key, value: alert, atMs: at }];
    if (held === undefined) puts.push({ ...watchKey, value: { alert: id }, atMs: at });
    const read = [
      { key, version: row?.version ?? 0 },
      { key: watchKey, version: watch?.version ?? 0 },
    ];
    const audit = { actor: alertActor(rule.id), action: 'alert.raised', subject: id, facts: { rule: rule.id, entity } };
    const change = { scope, read, puts, audit: held === undefined ? [audit] : [] };
    const written = await this.#store.commit({ changes: [change] }, at);
    if (written.ok && held === undefined) await this.answers.give(scope, rule, alert);
  }
}
