/**
 * Response rules: an exception of a kind stops the chain that it comes from, without asking again. Two people agreed on the rule once, by the hash of exactly
 * this rule; it answers so often a day at most, ends by itself, and whoever ends it ends what it stopped.
 */
import { createHash } from 'node:crypto';
import { accept, canonicalJson, days, type EpochMs, hours, type Result, refuse } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { otherChain, ownerOf } from './judge-batch.ts';
import type { KeptFinding, PrivacyStore, ResponseRule } from './privacy-store.ts';
import type { ChainStops } from './stop-chains.ts';

/** Exactly what two people agree on. */
export type RuleContent = Pick<
  ResponseRule,
  'kind' | 'action' | 'delayMs' | 'minDevices' | 'perDay' | 'stopHours' | 'expiresAtMs'
> & { readonly reason: string };

/** What rules work with. */
export interface RuleParts {
  readonly store: PrivacyStore;
  readonly stops: ChainStops;
  readonly now: () => EpochMs;
}

/** Why a finding was not answered. */
export type NoAnswer = 'none' | 'changed' | 'too-few-devices' | 'own-code' | 'limited' | 'refused';

const maxRules = 64;
const keptAnswers = 256;

/** The hash of a rule: of everything that decides what it does. */
export const ruleHash = (rule: Omit<RuleContent, 'reason'>): string => {
  const { kind, action, delayMs, minDevices, perDay, stopHours, expiresAtMs } = rule;
  const text = canonicalJson({ kind, action, delayMs, minDevices, perDay, stopHours, expiresAtMs });
  return createHash('sha256').update(`hauberk response rule 1\n${text}`).digest('hex');
};

/** Whose word a stop of this rule is. */
export const ruleActor = (id: string): string => `rule ${id}`;

/** Rules of any app. */
export class ResponseRules {
  readonly #parts: RuleParts;

  constructor(parts: RuleParts) {
    this.#parts = parts;
  }

  async list(scope: Scope): Promise<readonly ResponseRule[]> {
    const rows = await this.#parts.store.list(scope, 'rule', { limit: maxRules });
    return rows.flatMap(({ value }) => value ?? []);
  }

  /** Puts a rule in force that two people agreed on; said again, it changes nothing. One that was ended stays so. */
  async approve(
    scope: Scope,
    content: RuleContent,
    approval: { readonly id: string; readonly actor: string },
  ): Promise<Result<ResponseRule, 'rules-full' | 'rule-expired' | 'rule-ended' | 'privacy-conflict' | StorageRefusal>> {
    const { store, now } = this.#parts;
    const at = now();
    if (content.expiresAtMs <= at) return refuse('rule-expired');
    const { reason, ...decided } = content;
    const hash = ruleHash(decided);
    const id = createHash('sha256').update(`${approval.id}\n${hash}`).digest('hex').slice(0, 20);
    const key = { kind: 'rule', id } as const;
    const [row] = await store.load(scope, [key]);
    if (row?.value !== undefined) return row.value.state === 'active' ? accept(row.value) : refuse('rule-ended');
    if ((await store.count(scope, 'rule')) >= maxRules) return refuse('rules-full');
    const rule: ResponseRule = { ...decided, id, hash, approvedBy: approval.actor, state: 'active', answers: [] };
    const facts = { rule: hash, kind: rule.kind, reason, expiresAtMs: rule.expiresAtMs };
    const audit = { actor: approval.actor, action: 'privacy.rule-approved', subject: id, facts };
    const written = await this.#write(scope, rule, 0, audit);
    return written.ok ? accept(rule) : written;
  }

  /** Ends a rule and everything that it stopped. */
  async revoke(
    scope: Scope,
    id: string,
    reason: string,
    by: string,
  ): Promise<Result<ResponseRule, 'rule-unknown' | 'privacy-conflict' | StorageRefusal>> {
    const { store, stops } = this.#parts;
    const [row] = await store.load(scope, [{ kind: 'rule', id }]);
    const rule = row?.value;
    if (rule === undefined) return refuse('rule-unknown');
    const ended: ResponseRule = { ...rule, state: 'revoked' };
    const audit = { actor: by, action: 'privacy.rule-revoked', subject: id, facts: { reason } };
    const written = await this.#write(scope, ended, row?.version ?? 0, audit);
    if (!written.ok) return written;
    await stops.resumeAll(scope, (stop) => stop.by === ruleActor(id), reason, by);
    return accept(ended);
  }

  /** Answers a finding by the first rule of its kind that may. */
  async answer(scope: Scope, kept: KeptFinding): Promise<NoAnswer | 'answered'> {
    const { now } = this.#parts;
    if (kept.finding.state !== 'open' || kept.finding.chain === otherChain) return 'none';
    let why: NoAnswer = 'none';
    for (const rule of await this.list(scope)) {
      const isForce = rule.state === 'active' && rule.expiresAtMs > now() && rule.kind === kept.finding.kind;
      if (!isForce) continue;
      const answered = await this.#answerBy(scope, rule, kept);
      if (answered === 'answered') return answered;
      why = answered;
    }
    return why;
  }

  /** Whether the rule may stop this chain now. */
  async #judge(scope: Scope, rule: ResponseRule, { finding, witnesses }: KeptFinding): Promise<NoAnswer | undefined> {
    const { store, now } = this.#parts;
    // Somebody who can write rows but not sign approvals must not gain a rule.
    if (ruleHash(rule) !== rule.hash) return 'changed';
    if (witnesses.length < rule.minDevices) return 'too-few-devices';
    const [known] = await store.load(scope, [{ kind: 'chain', id: finding.chain }]);
    // The app's own code is for people to stop, and so is what nobody is known to own.
    if (known?.value === undefined || ['app', 'unknown', ''].includes(ownerOf(known.value))) return 'own-code';
    const today = rule.answers.filter(({ atMs }) => atMs > now() - days(1));
    return today.length >= rule.perDay ? 'limited' : undefined;
  }

  async #answerBy(scope: Scope, rule: ResponseRule, kept: KeptFinding): Promise<NoAnswer | 'answered'> {
    const { store, stops, now } = this.#parts;
    const no = await this.#judge(scope, rule, kept);
    if (no !== undefined) return no;
    const { chain, api } = kept.finding;
    const atMs = now();
    const answer = { chain, atMs, untilMs: atMs + hours(rule.stopHours) };
    // Counted before it is done: a crash between the two costs an answer and never makes one too many.
    const [row] = await store.load(scope, [{ kind: 'rule', id: rule.id }]);
    const counted = { ...rule, answers: [...rule.answers, answer].slice(-keptAnswers) };
    const facts = { rule: rule.hash, chain, api };
    const audit = { actor: ruleActor(rule.id), action: 'privacy.rule-answered', subject: kept.id, facts };
    const written = await this.#write(scope, counted, row?.version ?? 0, audit);
    if (!written.ok) return 'refused';
    const order = {
      chain,
      action: rule.action,
      delayMs: rule.delayMs ?? undefined,
      hours: rule.stopHours,
      reason: `rule ${rule.id}: ${rule.kind}`,
    };
    const stopped = await stops.stop(scope, order, ruleActor(rule.id));
    return stopped.ok ? 'answered' : 'refused';
  }

  #write(scope: Scope, rule: ResponseRule, version: number, audit: AuditRecord) {
    const key = { kind: 'rule', id: rule.id } as const;
    const put = { ...key, value: rule, atMs: this.#parts.now() };
    const change = { scope, read: [{ key, version }], puts: [put], audit: [audit] };
    return this.#parts.store.commit({ changes: [change] }, this.#parts.now());
  }
}
