/**
 * Works on a state folder until it is killed: transfers under idempotency keys, devices, audit records, events, from the main thread and
 * two workers. Each acknowledgement is a line in a file of the round, each execution (what a bank would do) a line in another. A write to
 * a file is there once the call returns, however the process ends.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { epochMs } from '@hauberk/primitives';
import { connectStorage, openStorage, type StateConnection, type Stores, transferOf } from '../src/storage/index.ts';

const scope = { organisation: 'bank', app: 'retail' };
const [folder = '', round = '0'] = isMainThread ? process.argv.slice(2) : (workerData as { args: string[] }).args;
const now = epochMs(Date.now());
const expiresAtMs = epochMs(now + 3_600_000);

const said = openSync(join(folder, `said-${round}`), 'a');
const say = (kind: string, name: string): void => {
  writeSync(said, `${kind} ${name}\n`);
};

/** The upstream: it executes, and knows nothing of keys. */
const execute = (key: string): void => {
  const file = openSync(join(folder, 'executed'), 'a');
  writeSync(file, `${key}\n`);
  fsyncSync(file);
  closeSync(file);
};

const must = <Value>(answer: { ok: true; value: Value } | { ok: false; code: string }): Value => {
  if (!answer.ok) throw new Error(answer.code);
  return answer.value;
};

const transfer = async (ports: Stores, device: string, key: string): Promise<void> => {
  const request = { fingerprint: 'f', expiresAtMs, retryUnknown: false };
  const begun = must(await ports.idempotency.begin(scope, { device, customer: 'c', route: 'r', key }, request, now));
  if (begun.state !== 'fresh') return;
  execute(key);
  const content = new TextEncoder().encode(key);
  if (must(await ports.idempotency.finish(begun.attempt, { kept: true, status: 200, content }, now))) say('done', key);
};

const workOn = async (ports: Stores, device: string, thread: string): Promise<never> => {
  for (let turn = 0; ; turn += 1) {
    const name = `${round}-${thread}-${turn}`;
    const enrolment = { thumbprint: name, publicKey: new Uint8Array(65), tier: 1, verdictReference: 'v' };
    const record = { actor: 'a', action: 'transfer', subject: name, facts: {} };
    const event = { scope, kind: 'k', atMs: now, payload: new TextEncoder().encode(name) };
    await Promise.all([
      // The same keys in every round and thread: retries of what an earlier round left in every state.
      transfer(ports, device, `key-${turn}`),
      transfer(ports, device, `key-${name}`),
      ports.devices.enrol(scope, enrolment, now).then((answer) => say('device', must(answer).key.thumbprint)),
      ports.audit.append(scope, record, now).then((answer) => say('audit', `${name} ${must(answer).size}`)),
      ports.outbox.append([event]).then((answer) => say('event', `${name} ${must(answer)}`)),
    ]);
  }
};

if (isMainThread) {
  const storage = await openStorage({ folder: join(folder, 'state') });
  const first = { thumbprint: 'first', publicKey: new Uint8Array(65), tier: 1, verdictReference: 'v' };
  const device = must(await storage.ports.devices.enrol(scope, first, now)).device.id;
  for (const thread of ['w1', 'w2']) {
    const connection = storage.connectPort();
    new Worker(new URL(import.meta.url), {
      workerData: { args: [folder, round], connection, device, thread },
      transferList: transferOf(connection),
    });
  }
  say('boot', String(storage.boot));
  await workOn(storage.ports, device, 'main');
} else {
  const { connection, device, thread } = workerData as { connection: StateConnection; device: string; thread: string };
  await workOn(connectStorage(connection).ports, device, thread);
}
