/** Whole binds through two server processes over one database, one of which is killed in the middle: every token is claimed once. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { postgresBindings } from '../src/storage/postgres/postgres-binding-store.ts';
import { aliceNumber, ask, bobNumber, scope, smsOf } from './binding-kit.ts';
import { noPostgres, type PostgresCluster, startCluster } from './postgres-cluster.ts';

type Answer = Readonly<Record<string, unknown>> & { readonly ok?: boolean };

/** A server process. A call that gets no answer any more is told so. */
class Server {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly ready: Promise<unknown>;
  readonly #waiting = new Map<number, (answer: Answer | 'lost') => void>();
  #calls = 0;
  #isDead = false;

  constructor(config: object) {
    const script = new URL('./binding-postgres-server.ts', import.meta.url).pathname;
    this.child = spawn(process.execPath, [script, JSON.stringify({ config })], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => undefined);
    this.ready = new Promise((resolve) => this.#waiting.set(0, resolve));
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const { id, answer } = JSON.parse(line) as { readonly id: number; readonly answer: Answer };
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
    this.child.once('exit', () => {
      this.#isDead = true;
      for (const tell of this.#waiting.values()) tell('lost');
      this.#waiting.clear();
    });
  }

  call(method: string, args: readonly unknown[]): Promise<Answer | 'lost'> {
    if (this.#isDead) return Promise.resolve('lost');
    this.#calls += 1;
    const id = this.#calls;
    const answered = new Promise<Answer | 'lost'>((resolve) => this.#waiting.set(id, resolve));
    this.child.stdin.write(`${JSON.stringify({ id, method, args })}\n`);
    return answered;
  }
}

let cluster: PostgresCluster;
before(() => {
  if (noPostgres === false) cluster = startCluster();
});
after(() => {
  if (noPostgres === false) cluster.remove();
});

/** One line of an answer. */
const said = (answer: Answer): string => {
  const { value, code } = answer as { readonly value?: Readonly<Record<string, unknown>>; readonly code?: unknown };
  return String(value?.['state'] ?? value?.['attempt'] ?? answer['outcome'] ?? code);
};

const attemptsInAll = 6;

test('binds through two processes, one killed in the middle: each token claimed once, each attempt bound once', {
  skip: noPostgres,
}, async () => {
  const config = { ...cluster.config, schema: 'processes' };
  // One after the other: each start raises the fence.
  const doomed = new Server(config);
  await doomed.ready;
  const survivor = new Server(config);
  await survivor.ready;
  const servers = [doomed, survivor];
  let calls = 0;
  let lost = 0;
  /** Wherever it leads; what was lost is asked again at the one that lives, as apps and links do. */
  const anywhere = async (method: string, ...args: readonly unknown[]): Promise<Answer> => {
    calls += 1;
    const answer = await (servers[calls % 2] ?? survivor).call(method, args);
    if (answer !== 'lost') return answer;
    lost += 1;
    const again = await survivor.call(method, args);
    assert.notEqual(again, 'lost');
    return again as Answer;
  };
  const reached: Record<string, number> = {};
  const note = (step: string): void => {
    reached[step] = (reached[step] ?? 0) + 1;
    // In the middle: some are bound, some are on their way, some have not begun.
    if (step === 'proven' && reached[step] === attemptsInAll / 2) doomed.child.kill('SIGKILL');
  };
  const issuedOf = async (phone: string, profile: string) => {
    const answer = await anywhere('requestToken', ask(profile, phone, { replaces: true }));
    assert.equal(answer.ok, true, said(answer));
    return answer['value'] as {
      readonly attempt: string;
      readonly vmn: never;
      readonly text: string;
      readonly expiresInMs: number;
    };
  };
  const bindOnce = async (round: number): Promise<string> => {
    const profile = round % 2 === 0 ? 'alice' : 'bob';
    const phone = `phone-${round}`;
    const issued = await issuedOf(phone, profile);
    note('issued');
    const caller = { attempt: issued.attempt, key: phone };
    // One physical SMS, which the link hands to both at once, and again.
    const sms = smsOf(issued, profile === 'alice' ? aliceNumber : bobNumber);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => anywhere('inboundSms', sms)));
    assert.ok(
      outcomes.every((each) => ['counted', 'redelivered'].includes(said(each))),
      outcomes.map(said).join(),
    );
    note('seen');
    const proven = await Promise.all([1, 2].map(() => anywhere('reportSentItem', caller, { state: 'delivered' })));
    assert.deepEqual(new Set(proven.map(said)), new Set(['proven']));
    note('proven');
    await Promise.all([1, 2].map(() => anywhere('confirm', caller)));
    assert.equal(said(await anywhere('status', caller)), 'bound');
    note('bound');
    return issued.attempt;
  };
  try {
    const attempts: string[] = [];
    // A customer binds one phone at a time, and three a day.
    for (let pair = 0; pair < attemptsInAll / 2; pair += 1)
      attempts.push(...(await Promise.all([bindOnce(pair * 2), bindOnce(pair * 2 + 1)])));
    assert.ok(lost > 0, 'the death was felt');
    const bindings = postgresBindings(config);
    const entries = await bindings.auditAfter(scope, 0, 1000);
    for (const attempt of attempts)
      for (const to of ['issued', 'seen', 'proven', 'bound'])
        assert.equal(entries.filter(({ subject, facts }) => subject === attempt && facts['to'] === to).length, 1, to);
    const live = await bindings.store.list(scope, 'binding', '', 10);
    assert.deepEqual(
      live.map(({ profile, id, end }) => [profile, id, end]),
      [
        ['alice', attempts.at(-2), undefined],
        ['bob', attempts.at(-1), undefined],
      ],
    );
    await bindings.close();
  } finally {
    for (const { child } of servers) child.kill('SIGKILL');
    for (const { child } of servers)
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});
