/**
 * The binding service against any order of events, over memory, disk and PostgreSQL: messages that are lost, doubled and reordered, clocks that jump, calls
 * that race, a store that fails before or after it wrote, and processes that start anew. Whatever happens, what must never be is not.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Binding, BindingAttempt, Guard } from '@hauberk/binding';
import { fromBase64Url, toBase64Url, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import type { AuditEntry } from '../src/audit/audit-log.ts';
import type { BindingStore } from '../src/binding/binding-store.ts';
import type { InboundSms } from '../src/binding/inbound-sms.ts';
import type { IssuedToken } from '../src/binding/request-token.ts';
import { openStorage } from '../src/storage/index.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';
import { type PostgresBindings, postgresBindings } from '../src/storage/postgres/postgres-binding-store.ts';
import type { Stores } from '../src/storage/stores.ts';
import {
  aliceNumber,
  ask,
  type BindingBank,
  bobNumber,
  openBank,
  repeatingPasskeys,
  scope,
  smsOf,
  VirtualClock,
} from './binding-kit.ts';
import { noPostgres, type PostgresCluster, startCluster } from './postgres-cluster.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';

/** Stores that can be lost and opened again. */
interface Machine {
  stores(): Stores;
  /** The process dies and a new one starts on what was kept. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const memoryMachine = async (): Promise<Machine> => {
  const { stores } = memoryStorage().connect();
  const store = stores.bindings as BindingStore & { failOver(): void };
  return { stores: () => stores, restart: async () => store.failOver(), close: async () => undefined };
};

let cluster: PostgresCluster | undefined;
let schemas = 0;
after(() => cluster?.remove());

/** Another node takes over with every restart: the old one's connections are gone, the fence is raised. */
const postgresMachine = async (): Promise<Machine> => {
  cluster ??= startCluster();
  schemas += 1;
  const config = { ...cluster.config, schema: `model${schemas}` };
  const { stores } = memoryStorage().connect();
  const open = async (): Promise<PostgresBindings> => {
    const bindings = postgresBindings(config);
    await bindings.start();
    return bindings;
  };
  let present = await open();
  const audit: Stores['audit'] = { ...stores.audit, readAfter: (...args) => present.auditAfter(...args) };
  return {
    stores: () => ({ ...stores, bindings: present.store, audit }),
    restart: async () => {
      await present.close();
      present = await open();
    },
    close: () => present.close(),
  };
};

const sqliteMachine = async (): Promise<Machine> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-binding-model-'));
  let storage = await openStorage({ folder, upkeepMs: 0 });
  return {
    stores: () => storage.ports,
    restart: async () => {
      await storage.close();
      storage = await openStorage({ folder, upkeepMs: 0 });
    },
    close: async () => {
      await storage.close();
      rmSync(folder, { recursive: true });
    },
  };
};

/** The passkey of every story: whoever holds it signs, what counts is who vouched. */
const passkeyId = toBase64Url(utf8('passkey'));

class Crash extends Error {}

/** Fails the next commit, before or after it is kept. */
class FailingStore {
  next: 'none' | 'before' | 'after' = 'none';
  wrap(inner: () => BindingStore): BindingStore {
    return {
      fence: () => inner().fence(),
      load: (...args) => inner().load(...args),
      list: (...args) => inner().list(...args),
      purge: (...args) => inner().purge(...args),
      commit: async (...args) => {
        const fails = this.next;
        this.next = 'none';
        if (fails === 'before') throw new Crash('before the commit');
        const answer = await inner().commit(...args);
        if (fails === 'after') throw new Crash('after the commit');
        return answer;
      },
    };
  }
}

const devices = ['own', 'second', 'thief'] as const;
type Device = (typeof devices)[number];
const device = fc.constantFrom(...devices);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      device,
      replaces: fc.boolean(),
      way: fc.constantFrom('sms' as const, 'sms' as const, 'passkey' as const, 'bound-device' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('vouch' as const), by: device }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('passkey' as const), device, isFresh: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('approve' as const), device, by: device, isRead: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('sms' as const),
      device,
      from: fc.constantFrom(aliceNumber, aliceNumber, aliceNumber, bobNumber),
      message: fc.constantFrom('first', 'first', 'second'),
      wait: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('sent' as const),
      device,
      state: fc.constantFrom('delivered' as const, 'sent' as const, 'absent' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('code' as const), device, isRead: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('confirm' as const), device, by: device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('left' as const), device, by: device }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -3_600_000, max: 3_600_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The ways of honest attempts, from which stories stray. */
const bySms = (name: Device, replaces: boolean): readonly Step[] => [
  { kind: 'request', device: name, replaces, way: 'sms' },
  { kind: 'sms', device: name, from: aliceNumber, message: 'first', wait: false },
  { kind: 'sent', device: name, state: 'delivered' },
  { kind: 'confirm', device: name, by: name },
];

const byPasskey = (name: Device, from: Device): readonly Step[] => [
  { kind: 'vouch', by: from },
  { kind: 'request', device: name, replaces: true, way: 'passkey' },
  { kind: 'passkey', device: name, isFresh: true },
  { kind: 'confirm', device: name, by: name },
];

const byBoundDevice = (name: Device, from: Device): readonly Step[] => [
  { kind: 'request', device: name, replaces: true, way: 'bound-device' },
  { kind: 'approve', device: name, by: from, isRead: true },
  { kind: 'confirm', device: name, by: name },
];

/** Honest ways with something else in between, and some steps of them missing or twice. */
const story = fc
  .tuple(
    fc.array(fc.tuple(device, fc.boolean(), fc.constantFrom('sms', 'sms', 'passkey', 'bound-device'), device), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.array(fc.tuple(fc.nat(20), step), { maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(12), fc.constantFrom(0, 0, 2)), { maxLength: 1 }),
  )
  .map(([ways, strayed, changes]): readonly Step[] => {
    const honest = ways.flatMap(([name, replaces, way, from]) => {
      if (way === 'sms') return bySms(name, replaces);
      return way === 'passkey' ? byPasskey(name, from) : byBoundDevice(name, from);
    });
    const changed = honest.flatMap((each, index) => {
      const times = changes.find(([at]) => at === index)?.[1] ?? 1;
      return Array.from({ length: times }, () => each);
    });
    for (const [at, each] of strayed) changed.splice(Math.min(at, changed.length), 0, each);
    return changed;
  });

interface Held extends IssuedToken {
  readonly issuedMs: number;
  readonly sms: Map<string, InboundSms>;
  readonly numbers: Set<string>;
  readonly physical: Set<string>;
}

class Story {
  readonly machine: Machine;
  readonly clock: VirtualClock = new VirtualClock();
  readonly failing: FailingStore = new FailingStore();
  readonly tokens = new Map<Device, Held>();
  readonly counted = new Map<string, unknown>();
  /** Bindings whose device vouched for the passkey, or that came of such a one without an SMS in between. */
  readonly vouched = new Set<string>();
  /** Attempts that the bound phone let in. */
  readonly approved = new Set<string>();
  challenge = '';
  /** Since the start, on a clock that nobody sets. */
  trueMs = 0;
  bank: BindingBank;
  issued = 0;

  readonly without: readonly Guard[];

  constructor(machine: Machine, without: readonly Guard[]) {
    this.machine = machine;
    this.without = without;
    this.bank = this.#open();
  }

  #open(): BindingBank {
    return openBank(
      this.failing.wrap(() => this.machine.stores().bindings),
      { clock: this.clock, without: this.without, passkeys: repeatingPasskeys },
    );
  }

  /** Runs a call; a crash is a process that died, so another one goes on. */
  async #call<Answer>(run: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      await this.machine.restart();
      this.bank = this.#open();
      return undefined;
    }
  }

  async #request({ device: name, replaces, way }: Extract<Step, { kind: 'request' }>): Promise<void> {
    const asked = await this.#call(() => this.bank.service.requestToken(ask('alice', name, { replaces, way })));
    if (asked?.ok !== true) return;
    this.issued += 1;
    const held = {
      ...asked.value,
      issuedMs: this.trueMs,
      sms: new Map(),
      numbers: new Set<string>(),
      physical: new Set<string>(),
    };
    this.tokens.set(name, held);
  }

  async #vouch(by: Device): Promise<void> {
    const own = { profile: 'alice', key: by };
    const clientData = fromBase64Url(this.bank.service.passkeyChallenge(own)) ?? new Uint8Array(0);
    const live = await this.binding();
    const added = await this.#call(() =>
      this.bank.service.addPasskey(own, { clientData, attestationObject: utf8('passkey') }),
    );
    if (added?.ok === true) assert.equal(live?.end === undefined ? live?.key : '', by, 'only the bound phone vouches');
    // After a crash nobody knows whether it was kept.
    if (live !== undefined && added?.ok !== false) this.vouched.add(live.id);
  }

  async #passkey({ device: name, isFresh }: Extract<Step, { kind: 'passkey' }>): Promise<void> {
    const held = this.tokens.get(name);
    if (held === undefined) return;
    const challenge = isFresh ? (held.challenge ?? '') : this.challenge;
    this.challenge = held.challenge ?? this.challenge;
    const empty = new Uint8Array(0);
    const clientData = fromBase64Url(challenge) ?? empty;
    const words = { credential: passkeyId, clientData, authenticatorData: empty, signature: empty };
    const live = await this.binding();
    const caller = { attempt: held.attempt, key: name };
    const shown = await this.#call(() => this.bank.service.provePasskey(caller, words));
    if (shown?.ok !== true || shown.value.state !== 'proven' || shown.value.code !== undefined) return;
    assert.equal(challenge, held.challenge, 'the challenge of this attempt');
    assert.ok(live !== undefined && live.end === undefined && this.vouched.has(live.id), 'a passkey that still counts');
  }

  async #approve({ device: name, by, isRead }: Extract<Step, { kind: 'approve' }>): Promise<void> {
    const held = this.tokens.get(name);
    if (held === undefined) return;
    const live = await this.binding();
    const words = isRead ? (held.words ?? '') : 'AAAA-AAAA';
    const approved = await this.#call(() => this.bank.service.approveDevice({ profile: 'alice', key: by }, words));
    if (approved?.ok === false) return;
    this.approved.add(held.attempt);
    if (approved === undefined) return;
    assert.ok(isRead && live?.end === undefined && live?.key === by && by !== name, 'the bound phone, the words');
  }

  async #sms({ device: name, from, message }: Extract<Step, { kind: 'sms' }>): Promise<void> {
    const held = this.tokens.get(name);
    // An attempt without SMS has no token that one could carry.
    if (held === undefined || held.text === '') return;
    const sms = held.sms.get(`${from} ${message}`) ?? smsOf(held, from);
    held.sms.set(`${from} ${message}`, sms);
    const answer = await this.#call(() => this.bank.service.inboundSms(sms));
    if (answer === undefined || 'ok' in answer) return;
    held.numbers.add(from);
    held.physical.add(sms.messageId);
    // What was acknowledged once is acknowledged in the same words for ever.
    const before = this.counted.get(sms.messageId);
    if (before !== undefined) assert.deepEqual(answer, before);
    if (answer.code !== 'binding.token-used') this.counted.set(sms.messageId, answer);
  }

  async #code(name: Device, isRead: boolean): Promise<void> {
    const held = this.tokens.get(name);
    if (held === undefined) return;
    const caller = { attempt: held.attempt, key: name };
    await this.#call(() => this.bank.service.requestCode(caller));
    const { code } = this.bank.codes.at(-1) ?? { code: '00000000' };
    await this.#call(() => this.bank.service.reportCode(caller, { code, isRead }));
  }

  async take(event: Step): Promise<void> {
    const held = 'device' in event ? this.tokens.get(event.device) : undefined;
    const caller = {
      attempt: held?.attempt ?? 'none',
      key: 'by' in event ? event.by : 'device' in event ? event.device : '',
    };
    const { service } = this.bank;
    switch (event.kind) {
      case 'request':
        return this.#request(event);
      case 'sms':
        return this.#sms(event);
      case 'vouch':
        return this.#vouch(event.by);
      case 'passkey':
        return this.#passkey(event);
      case 'approve':
        return this.#approve(event);
      case 'code':
        return this.#code(event.device, event.isRead);
      case 'sent':
        await this.#call(() => service.reportSentItem(caller, { state: event.state }));
        return;
      case 'confirm':
        await this.#call(() => service.confirm(caller));
        return;
      case 'left':
        await this.#call(() => service.reportLeft(caller, 'left'));
        return;
      case 'pass':
        this.clock.pass(event.ms);
        this.trueMs += event.ms;
        return;
      case 'jump':
        this.clock.step(event.ms);
        return;
      case 'fail':
        this.failing.next = event.when;
        return;
      case 'restart':
        await this.machine.restart();
        this.bank = this.#open();
    }
  }

  async binding(): Promise<Binding | undefined> {
    const [row] = await this.machine.stores().bindings.load(scope, [{ kind: 'binding', id: 'alice' }]);
    return row?.value as Binding | undefined;
  }
}

/** Each transition has one record, and the records of an attempt are a way through the table. */
const checkAudit = (entries: readonly AuditEntry[]): void => {
  for (const [attempt, records] of Map.groupBy(entries, ({ subject }) => subject)) {
    let state: unknown = 'idle';
    for (const { facts } of records) {
      assert.equal(facts['from'], state, attempt);
      state = facts['to'];
    }
    assert.ok(records.filter(({ facts }) => facts['to'] === 'bound').length <= 1, attempt);
  }
};

const checkStory = async (told: Story, before: Binding | undefined): Promise<void> => {
  const binding = await told.binding();
  assert.ok(told.issued <= 3, 'B16: at most three attempts a day');
  if (binding === undefined || binding.end !== undefined) return;
  const held = [...told.tokens.entries()].find(([, { attempt }]) => attempt === binding.id);
  if (held === undefined) return;
  const [name, { issuedMs, numbers, physical }] = held;
  assert.equal(binding.key, name, 'bound to the device that asked, whoever confirmed');
  if (before?.id !== binding.id) {
    assert.ok(told.trueMs - issuedMs <= 45_000, 'B11: in time, whatever the clocks say');
    const { challenge, words } = held[1];
    if (words !== undefined) assert.ok(told.approved.has(binding.id), 'let in by the bound phone');
    const isChained = challenge !== undefined || words !== undefined;
    if (isChained && before !== undefined && told.vouched.has(before.id)) told.vouched.add(binding.id);
  }
  assert.ok(!numbers.has(bobNumber), 'B06 and B25');
  assert.ok(physical.size <= 1, 'B07');
};

let bound = 0;

const property = (open: () => Promise<Machine>, without: readonly Guard[] = []) =>
  fc.asyncProperty(story, async (steps) => {
    const machine = await open();
    try {
      const told = new Story(machine, without);
      for (const event of steps) {
        const before = await told.binding();
        await told.take(event);
        await checkStory(told, before);
      }
      const entries = await machine.stores().audit.readAfter(scope, 0, 10_000);
      checkAudit(entries.filter(({ actor }) => actor === 'binding'));
      bound += entries.filter(({ action }) => action === 'binding.bound').length;
    } finally {
      await machine.close();
    }
  });

test('any story over the store in memory keeps the rules', async () => {
  await fc.assert(property(memoryMachine), { numRuns: isFull ? 20_000 : 600 });
  assert.ok(bound > 0, 'some story ends bound');
});
test('any story over PostgreSQL keeps the rules', { skip: noPostgres }, () =>
  fc.assert(property(postgresMachine), { numRuns: isFull ? 300 : 5 }),
);
test('any story over the record on disk keeps the rules', () =>
  fc.assert(property(sqliteMachine), { numRuns: isFull ? 300 : 5 }));

for (const without of [['number-match', 'one-number'], ['one-sms'], ['deadline'], ['own-key']] as const)
  test(`the control: without ${without.join(' and ')} some story breaks them`, async () => {
    const { failed } = await fc.check(property(memoryMachine, without), { numRuns: 3000, endOnFailure: true });
    assert.ok(failed);
  });

/** The calls of one moment, in any interleaving of their loads and commits. */
const raced = async (
  scheduler: fc.Scheduler,
  calls: (bank: BindingBank, token: IssuedToken) => readonly Promise<unknown>[],
) => {
  const { stores } = memoryStorage().connect();
  const inner = stores.bindings;
  const plain = openBank(inner);
  const asked = await plain.service.requestToken(ask('alice', 'own'));
  assert.ok(asked.ok);
  const bank = openBank(
    {
      ...inner,
      load: scheduler.scheduleFunction((...args: Parameters<BindingStore['load']>) => inner.load(...args)),
      commit: scheduler.scheduleFunction((...args: Parameters<BindingStore['commit']>) => inner.commit(...args)),
    },
    { clock: plain.clock },
  );
  const running = Promise.all(calls(bank, asked.value));
  await scheduler.waitFor(running);
  const rows = await inner.load(scope, [
    { kind: 'attempt', id: asked.value.attempt },
    { kind: 'binding', id: 'alice' },
  ]);
  const audit = await stores.audit.readAfter(scope, 0, 1000);
  checkAudit(audit.filter(({ actor }) => actor === 'binding'));
  return { attempt: rows[0]?.value as BindingAttempt, binding: rows[1]?.value as Binding | undefined };
};

test('two numbers, a report and confirmations in one moment: never bound, in whatever order they interleave', () =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const { attempt, binding } = await raced(scheduler, ({ service }, token) => {
        const caller = { attempt: token.attempt, key: 'own' };
        return [
          service.inboundSms(smsOf(token, aliceNumber)),
          service.inboundSms(smsOf(token, bobNumber)),
          service.reportSentItem(caller, { state: 'delivered' }),
          service.confirm(caller),
          service.confirm({ ...caller, key: 'thief' }),
        ];
      });
      assert.equal(attempt.state, 'declined');
      assert.ok(binding === undefined || binding.end !== undefined);
    }),
    { numRuns: isFull ? 3000 : 150 },
  ));

test('one SMS delivered many times in one moment is one SMS, in whatever order its deliveries interleave', () =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const { attempt } = await raced(scheduler, ({ service }, token) => {
        const sms = smsOf(token, aliceNumber);
        return [1, 2, 3, 4].map(async () => assert.deepEqual(await service.inboundSms(sms), { outcome: 'counted' }));
      });
      assert.equal(attempt.state, 'seen');
    }),
    { numRuns: isFull ? 3000 : 150 },
  ));

test('two devices confirm in one moment: one binding, and who lost it cannot use it', () =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const { binding } = await raced(scheduler, (bank, token) => {
        const caller = { attempt: token.attempt, key: 'own' };
        const own = async (): Promise<void> => {
          await bank.service.inboundSms(smsOf(token, aliceNumber));
          await bank.service.reportSentItem(caller, { state: 'delivered' });
          await Promise.all([bank.service.confirm(caller), bank.service.confirm(caller)]);
        };
        const other = bank.service.requestToken(ask('alice', 'second', { replaces: true }));
        return [own(), other];
      });
      assert.equal(binding?.key, 'own');
    }),
    { numRuns: isFull ? 2000 : 100 },
  ));
