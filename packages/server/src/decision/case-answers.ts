/**
 * What alert rules do by themselves: an entry of a list, a case, a device suspended for some days. Two people agreed on the rule once. An answer is counted before
 * it is given, so a crash between the two costs an answer and never makes one too many; what came of it stands in the alert and in the audit log.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { days, type EpochMs } from '@hauberk/primitives';
import type { DeviceAdministration } from '../device/device-administration.ts';
import type { Scope } from '../storage/scope.ts';
import type { Cases } from './case-book.ts';
import type { AlertResponse, KeptAlert, KeptAlertRule, RuleAnswer } from './case-rows.ts';
import type { DecisionLists } from './policy-list.ts';
import type { DecisionStore } from './record-rows.ts';

/** Devices as answers reach them. */
export type AnswerDevices = Pick<DeviceAdministration, 'list' | 'show' | 'suspend' | 'reinstate'>;

/** What answers stand on. */
export interface AnswerParts {
  readonly store: DecisionStore;
  readonly lists: DecisionLists;
  readonly cases: Pick<Cases, 'openFor'>;
  /** The devices of an app; where absent, none is ever suspended. */
  readonly devicesOf?: ((scope: Scope) => AnswerDevices) | undefined;
  readonly pseudonym: (kind: string, id: string) => string;
  readonly now: () => EpochMs;
}

/** Whose word an answer of this rule is. */
export const alertActor = (id: string): string => `rule ${id}`;

/** Answers that a rule remembers. One that suspends makes no more while it would have to forget a device that is to come back. */
const keptAnswers = 1000;
const devicePage = 1000;
/** Devices of an app that are looked through for the one behind a pseudonym. */
const lookedThrough = 200_000;

/** A device that a rule suspended and that is to come back. */
export interface SuspendedByRule {
  readonly id: string;
  readonly generation: number;
}

const memberOf = ({ entity }: KeptAlert): string => entity.slice(entity.indexOf(':') + 1);
const isAway = ({ device }: RuleAnswer): boolean => device !== undefined;

/** See the top of the file. */
export class AlertAnswers {
  readonly #parts: AnswerParts;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** Answers a new alert. */
  async give(scope: Scope, rule: KeptAlertRule, alert: KeptAlert): Promise<void> {
    const { response } = rule;
    if (response === null || (response.action !== 'case' && alert.entity === '')) return;
    const { store, now } = this.#parts;
    const at = now();
    const key = { kind: 'alertRule', id: rule.id } as const;
    const [row] = await store.load(scope, [key]);
    const present = row?.value;
    if (present === undefined || present.state !== 'active') return;
    const today = present.answers.filter(({ atMs }) => atMs > at - days(1)).length;
    const isFull = present.answers.filter(isAway).length >= keptAnswers;
    if (today >= response.perDay || isFull) return this.#tell(scope, rule, alert, 'limited');
    const device = response.action === 'suspend' ? await this.#deviceOf(scope, memberOf(alert)) : undefined;
    if (response.action === 'suspend' && device === undefined)
      return this.#tell(scope, rule, alert, 'the device is not known');
    const made: RuleAnswer = { member: memberOf(alert), atMs: at, ...(device === undefined ? {} : { device }) };
    const all = [...present.answers, made];
    const past = all.length - keptAnswers;
    const answers = all.filter((each, index) => index >= past || isAway(each));
    const puts = [{ ...key, value: { ...present, answers }, atMs: at }];
    const read = [{ key, version: row?.version ?? 0 }];
    const counted = await store.commit({ changes: [{ scope, read, puts, audit: [] }] }, at);
    if (counted.ok) await this.#tell(scope, rule, alert, await this.#act(scope, { rule, response, alert, at, device }));
  }

  async #act(
    scope: Scope,
    {
      rule,
      response,
      alert,
      at,
      device,
    }: {
      readonly rule: KeptAlertRule;
      readonly response: AlertResponse;
      readonly alert: KeptAlert;
      readonly at: EpochMs;
      readonly device: SuspendedByRule | undefined;
    },
  ): Promise<string> {
    const actor = alertActor(rule.id);
    const reason = `alert ${alert.id}: ${rule.name}`;
    const { lists, cases, devicesOf } = this.#parts;
    if (response.action === 'case') {
      const { decisions, entity } = alert;
      const found = {
        origin: `alert ${alert.id}`,
        alert: alert.id,
        title: rule.name,
        decisions,
        why: reason,
        by: actor,
      };
      const opened = await cases.openFor(scope, { ...found, entities: entity === '' ? [] : [entity] });
      return opened.ok ? `opened case ${opened.value.id}` : `no case: ${opened.code}`;
    }
    if (response.action === 'list') {
      const add = [{ member: memberOf(alert), source: actor, reason, expiresAtMs: at + days(response.days) }];
      const change = { list: response.list, kind: rule.group ?? '', add, remove: [] };
      const listed = await lists.add(scope, change, { actor, reason });
      return listed.ok ? `listed on ${response.list}` : `not listed: ${listed.code}`;
    }
    if (device === undefined || devicesOf === undefined) return 'the device is not known';
    // The answer names the generation that it leaves behind.
    const word = { actor, reason, ifGeneration: device.generation - 1 };
    const suspended = await devicesOf(scope).suspend(device.id, word);
    return suspended.ok ? `suspended for ${response.days} d` : `not suspended: ${suspended.code}`;
  }

  /** Nothing behind a decision keeps the id of its device: the devices of the app are looked through for the one of this pseudonym. */
  async #deviceOf(scope: Scope, member: string): Promise<SuspendedByRule | undefined> {
    const devices = this.#parts.devicesOf?.(scope);
    if (devices === undefined) return undefined;
    let afterId: string | undefined;
    for (let looked = 0; looked < lookedThrough; looked += devicePage) {
      const asked = { app: scope.app, limit: devicePage, ...(afterId === undefined ? {} : { afterId }) };
      const page = await devices.list(asked);
      if (!page.ok) return undefined;
      const found = page.value.devices.find(({ id }) => this.#parts.pseudonym('device', id) === member);
      if (found !== undefined) return { id: found.id, generation: found.generation + 1 };
      afterId = page.value.devices.at(-1)?.id;
      if (!page.value.isFull || afterId === undefined) return undefined;
      await breathe();
    }
    return undefined;
  }

  async #tell(scope: Scope, rule: KeptAlertRule, { id, entity }: KeptAlert, answered: string): Promise<void> {
    const { store, now } = this.#parts;
    const at = now();
    const key = { kind: 'alert', id } as const;
    const [row] = await store.load(scope, [key]);
    if (row?.value === undefined) return;
    const puts = [{ ...key, value: { ...row.value, answered }, atMs: at }];
    const facts = { rule: rule.hash, entity, answered };
    const audit = [{ actor: alertActor(rule.id), action: 'alert.answered', subject: id, facts }];
    await store.commit({ changes: [{ scope, read: [{ key, version: row.version }], puts, audit }] }, at);
  }

  /** Takes back what a rule that ended put on its list. */
  async unlist(scope: Scope, { id, response, group, answers }: KeptAlertRule, why: string, by: string): Promise<void> {
    if (response?.action !== 'list' || group === null || answers.length === 0) return;
    const remove = [...new Set(answers.map(({ member }) => member))];
    const back = { list: response.list, kind: group, add: [], remove };
    await this.#parts.lists.add(scope, back, { actor: by, reason: `rule ${id} ended: ${why}` });
  }

  /** Devices that a rule suspended and that nobody has changed since. */
  async suspended(scope: Scope, { answers }: KeptAlertRule): Promise<readonly SuspendedByRule[]> {
    const devices = this.#parts.devicesOf?.(scope);
    const away: SuspendedByRule[] = [];
    for (const { device } of answers) {
      const shown = device === undefined ? undefined : await devices?.show(device.id);
      if (device === undefined || shown?.ok !== true) continue;
      const { state, generation } = shown.value;
      if (state === 'suspended' && generation === device.generation) away.push(device);
    }
    return away;
  }

  /** Gives devices back whose days are over, also those of rules that ended. One that somebody changed since stays as it is. */
  async giveBack(scope: Scope, { id, response, answers }: KeptAlertRule): Promise<void> {
    const { store, devicesOf, now } = this.#parts;
    const at = now();
    if (response?.action !== 'suspend' || devicesOf === undefined) return;
    const isDue = (each: RuleAnswer): boolean => isAway(each) && each.atMs + days(response.days) <= at;
    const due = new Set(answers.filter(isDue).flatMap(({ device }) => device?.id ?? []));
    if (due.size === 0) return;
    for (const { device } of answers.filter(isDue)) {
      if (device === undefined) continue;
      const word = { actor: alertActor(id), reason: 'its days are over', ifGeneration: device.generation };
      const back = await devicesOf(scope).reinstate(device.id, word);
      // The record takes no writes now: tried again.
      if (!back.ok && back.code.startsWith('storage-')) due.delete(device.id);
    }
    const key = { kind: 'alertRule', id } as const;
    const [row] = await store.load(scope, [key]);
    if (row?.value === undefined) return;
    const left = row.value.answers.map((each) =>
      isDue(each) && due.has(each.device?.id ?? '') ? { member: each.member, atMs: each.atMs } : each,
    );
    const puts = [{ ...key, value: { ...row.value, answers: left }, atMs: at }];
    await store.commit({ changes: [{ scope, read: [{ key, version: row.version }], puts, audit: [] }] }, at);
  }
}
