/**
 * The gateway (and the bank) die by SIGKILL under load, at random moments and exactly between forwarding and reply; 4 rounds, 100 with
 * HAUBERK_FULL=1. HAUBERK_SEED repeats a run.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO_CUSTOMERS, seededRandom } from '@hauberk/example-bank';
import { newVictim, transferBody, type Victim } from '../attack/victim.ts';
import { type Answer, craft, deliver, enrol, openSession, type Session } from '../attack/wire-client.ts';
import { KillWorld } from './support/kill-world.ts';

const rounds = process.env['HAUBERK_FULL'] === '1' ? 100 : 4;
const seed = Number(process.env['HAUBERK_SEED'] ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
const customers = 4;
/** Transfers that one customer has under way at a time. */
const lanes = 2;

/** One order of a customer, and what the customer knows of it. */
interface Order {
  readonly victim: Victim;
  readonly reference: string;
  /** The transfer id of a bound 2xx. */
  acknowledged: string | undefined;
  /** The code of a bound refusal. */
  refused: string | undefined;
}

/** Where the blow falls. */
type Blow = 'anywhere' | 'before-the-bank' | 'before-the-reply' | 'bank';
const blows: readonly Blow[] = ['anywhere', 'before-the-reply', 'before-the-bank', 'bank'];

let world: KillWorld;
let victims: Victim[] = [];

before(async () => {
  world = await KillWorld.start(3);
  for (const customer of DEMO_CUSTOMERS.slice(0, customers)) victims.push(await newVictim(world.target, customer));
});
after(() => world.close());

const sendOrder = async (order: Order): Promise<Answer> => {
  const { victim, reference } = order;
  const crafted = await craft(victim.target, victim.session, 'POST', '/api/transfers', {
    body: transferBody(victim.customer, reference, 1),
    headers: { authorization: victim.authorization, 'idempotency-key': `key-${reference}` },
  });
  return deliver(victim.target, victim.session, crafted);
};

const noteAnswer = (order: Order, answer: Answer): void => {
  if (answer.bound && answer.status < 300) order.acknowledged = String(answer.json['transferId']);
  else if (answer.bound) order.refused = answer.code;
};

/** Orders one after the other until `ends` says so or a connection breaks. */
const orderOn = async (orders: Order[], victim: Victim, name: string, ends: () => boolean): Promise<void> => {
  for (let count = 0; !ends(); count += 1) {
    const order: Order = { victim, reference: `${name}-${count}`, acknowledged: undefined, refused: undefined };
    orders.push(order);
    try {
      noteAnswer(order, await sendOrder(order));
    } catch {
      // Killed under it: the customer knows nothing.
    }
    if (order.acknowledged === undefined) return;
  }
};

/** A device's state goes to and fro until the gateway dies; answers the changes that were acknowledged. */
const operate = async (device: string, name: string, ends: () => boolean): Promise<string[]> => {
  const acknowledged: string[] = [];
  for (let count = 0; !ends(); count += 1) {
    const reason = `${name}-${count}`;
    const change = { action: count % 2 === 0 ? 'suspend' : 'unsuspend', reason };
    // Killed under it: the operator knows nothing.
    const answer = await world.admin('POST', `/devices/${device}/changes`, change).catch(() => undefined);
    if (answer === undefined) return acknowledged;
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    acknowledged.push(reason);
  }
  return acknowledged;
};

/** Waits for the moment of the blow: everything under way stands between gateway and bank, or any moment at all. */
const untilBlow = async (blow: Blow): Promise<void> => {
  await sleep(20 + Math.floor(random() * 230));
  if (blow === 'anywhere') return;
  world.link.hold(blow === 'before-the-bank' ? 'requests' : 'replies');
  const patience = AbortSignal.timeout(60_000);
  while (world.link.held() < customers * lanes) await sleep(2, undefined, { signal: patience });
};

interface Aftermath {
  readonly orders: readonly Order[];
  readonly audited: readonly string[];
}

/** Load, blow, restart. */
const strike = async (round: number, blow: Blow, drilled: string): Promise<Aftermath> => {
  const orders: Order[] = [];
  let ended = false;
  const ends = (): boolean => ended;
  const load = victims.flatMap((victim, index) =>
    Array.from({ length: lanes }, (_, lane) => orderOn(orders, victim, `r${round}-c${index}-${lane}`, ends)),
  );
  const operator = operate(drilled, `operator-${round}`, ends);
  await untilBlow(blow);
  ended = true;
  if (blow === 'bank') await world.killBank();
  else await world.killGateway();
  await Promise.all(load);
  const audited = await operator;
  world.link.hold('nothing');
  await (blow === 'bank' ? world.restartBank() : world.startGateway());
  return { orders, audited };
};

/** The same device and login on a new session. */
const comeBack = async (): Promise<void> => {
  const { target } = world;
  const back = victims.map(async (victim) => ({
    ...victim,
    target,
    session: await openSession(target, victim.device),
  }));
  victims = await Promise.all(back);
};

const retry = (order: Order): Promise<Answer> => {
  const victim = victims.find(({ device }) => device === order.victim.device);
  assert.ok(victim !== undefined);
  return sendOrder({ ...order, victim });
};

/** What a retry with the same key must answer; true when nobody knows the outcome. */
const checkRetry = (order: Order, answer: Answer): boolean => {
  const seen = `${order.reference}: ${answer.status} ${answer.code}`;
  assert.equal(answer.bound, true, `the retry's answer is not bound: ${seen}`);
  if (order.acknowledged !== undefined) {
    assert.deepEqual([answer.status, answer.json['transferId']], [201, order.acknowledged], seen);
    return false;
  }
  if (answer.status === 201) return false;
  assert.deepEqual([answer.status, answer.code], [409, 'outcome-unknown'], seen);
  return true;
};

/** Retries everything; answers the orders of unknown outcome. */
const retryAll = async (orders: readonly Order[]): Promise<readonly Order[]> => {
  const unknown: Order[] = [];
  for (const order of orders) if (checkRetry(order, await retry(order))) unknown.push(order);
  return unknown;
};

/** How many of the entries each device has. */
const countByDevice = (devices: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(devices, (device) => device)].map(([device, all]) => [device, all.length]));

/** The bank's books against what the customers were told. */
const checkBooks = (orders: readonly Order[], unknown: readonly Order[], blow: Blow): void => {
  const bookings = world.bookings();
  const timesBooked = ({ reference }: Order): number => bookings.get(reference) ?? 0;
  for (const order of orders) {
    const times = timesBooked(order);
    if (unknown.includes(order)) assert.ok(times <= 1, `${order.reference} is booked ${times} times`);
    else assert.equal(times, 1, `${order.reference} is booked ${times} times`);
  }
  // What was on its way elsewhere when the wire was cut may differ; what the blow was aimed at is among them.
  const unknownTimes = new Set(unknown.map(timesBooked));
  if (blow === 'before-the-reply') assert.ok(unknownTimes.has(1), 'booked, and the reply was lost');
  if (blow === 'before-the-bank') assert.ok(unknownTimes.has(0), 'marked as started, and never booked');
};

/** Operators settle what nobody knew by looking into the books; a payment that was not made can then be made with its key. */
const settleAll = async (unknown: readonly Order[]): Promise<void> => {
  const listed = await world.unknownOutcomes();
  const expected = countByDevice(unknown.map(({ victim }) => victim.device.deviceId));
  assert.deepEqual(countByDevice(listed.map(({ device }) => device)), expected, 'the list of unknown outcomes');
  const notMade = unknown.filter(({ reference }) => !world.bookings().has(reference));
  const settlement = notMade.length === unknown.length ? 'not-executed' : 'executed';
  for (const { entry } of listed) {
    const { status } = await world.admin('POST', `/unknown-outcomes/${entry}`, { settlement });
    assert.equal(status, 200);
  }
  assert.deepEqual(await world.unknownOutcomes(), []);
  if (settlement === 'executed') return;
  for (const order of unknown)
    assert.equal((await retry(order)).status, 201, `${order.reference} after its settlement`);
  for (const { reference } of unknown) assert.equal(world.bookings().get(reference), 1, reference);
};

const revoke = async (session: Session): Promise<void> => {
  const { deviceId } = session.device;
  const change = { action: 'revoke', reason: 'stolen' };
  assert.equal((await world.admin('POST', `/devices/${deviceId}/changes`, change)).status, 200);
};

const checkRevoked = async ({ device, resumeTicket }: Session): Promise<void> => {
  const { json } = await world.admin('GET', `/devices/${device.deviceId}`);
  assert.equal(json['state'], 'revoked');
  await assert.rejects(openSession(world.target, device), /hello: 40[13]/);
  await assert.rejects(openSession(world.target, device, resumeTicket), /hello: 40[13]/);
};

for (let round = 0; round < rounds; round += 1) {
  const blow = blows[round % blows.length] ?? 'anywhere';
  test(`round ${round + 1} of ${rounds} (${blow}): nothing acknowledged is lost, nothing is booked twice`, async (context) => {
    context.diagnostic(`HAUBERK_SEED=${seed}`);
    const drilled = await enrol(world.target);
    const stolen = await openSession(world.target, await enrol(world.target));
    await revoke(stolen);
    const { orders, audited } = await strike(round, blow, drilled.deviceId);
    await comeBack();
    const unknown = await retryAll(orders);
    const acknowledged = orders.filter((order) => order.acknowledged !== undefined).length;
    context.diagnostic(
      `${orders.length} orders: ${acknowledged} acknowledged, ${unknown.length} unknown; ${audited.length} changes of a device`,
    );
    // A dying gateway refuses nothing; of a dying bank it says that it does not know.
    const refusals = new Set(orders.flatMap(({ refused }) => refused ?? []));
    assert.deepEqual([...refusals], blow === 'bank' ? ['upstream'] : []);
    if (blow !== 'anywhere') assert.ok(unknown.length > 0, 'the blow fell between forwarding and reply');
    checkBooks(orders, unknown, blow);
    await settleAll(unknown);
    await checkRevoked(stolen);
    const reasons = world.auditedReasons();
    assert.deepEqual(
      audited.filter((reason) => !reasons.has(reason)),
      [],
    );
    const { status, output } = world.verifyAudit();
    assert.equal(status, 0, output);
  });
}

test('after all rounds the money balances and no order is booked twice', async () => {
  const { balanced, duplicates } = await world.ledgerCheck();
  assert.deepEqual({ balanced, duplicates }, { balanced: true, duplicates: [] });
});
