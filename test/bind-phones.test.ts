/** `bind()` on simulated phones, over the native bridge, before a real gateway with two workers: every branch, every end. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BindOutcome, type BindShelf, checkSim, resumeBind } from '@hauberk/sdk/bind';
import { logInBound } from '@hauberk/sdk/bound';
import { type Hauberk, HauberkError } from '@hauberk/sdk/node';
import { bridgeBackend } from '@hauberk/sdk/trusted';
import { type BindingPart, type BindingRole, bindingCast, partOptions } from '@hauberk/simulator';
import { type BindGateway, startBindGateway } from './support/bind-gateway.ts';

const said = (outcome: BindOutcome | undefined): string =>
  [outcome?.state, outcome !== undefined && 'code' in outcome ? outcome.code : ''].join(' ').trim();

const memoryShelf = (): BindShelf & { text: () => string | undefined } => {
  let held: string | undefined;
  return {
    text: () => held,
    read: async () => held,
    write: async (text) => {
      held = text;
    },
    remove: async () => {
      held = undefined;
    },
  };
};

const callOf = (init: RequestInit | undefined): string =>
  String((JSON.parse(init?.body as string) as { readonly do?: string }).do);

/** An app that is killed at a call, which may still arrive; nothing is heard of its start any more. */
const killedAt = (hauberk: Hauberk, call: string, arrives: boolean) => {
  let die = (): void => undefined;
  const dead = new Promise<void>((resolve) => {
    die = resolve;
  });
  const fetch: Hauberk['fetch'] = async (input, init) => {
    if (callOf(init) !== call) return hauberk.fetch(input, init);
    if (arrives) await hauberk.fetch(input, init);
    die();
    return new Promise(() => {});
  };
  return { dead, hauberk: { ...hauberk, fetch } };
};

/** A network that loses one call of a kind, or the answer to it. */
const losingOnce = (hauberk: Hauberk, call: string, arrives: boolean): Hauberk => {
  let isLost = false;
  const fetch: Hauberk['fetch'] = async (input, init) => {
    if (isLost || callOf(init) !== call) return hauberk.fetch(input, init);
    isLost = true;
    if (arrives) await hauberk.fetch(input, init);
    throw new HauberkError('transport', { phase: 'wait', execution: 'unknown' });
  };
  return { ...hauberk, fetch };
};

describe('binding on phones', () => {
  let gateway: BindGateway;
  const handOver: BindGateway['carry'] = (_, hand) => hand();
  before(async () => {
    gateway = await startBindGateway();
  });
  after(() => gateway.close());

  test('an honest Android binds by the sent item, also through the messages of its bridge', async () => {
    const first = await gateway.customer();
    const moves: string[] = [];
    const sim = bridgeBackend(first.phone.bridge);
    assert.equal(said(await gateway.bind(first, { sim, onMove: (move) => moves.push(move) })), 'bound');
    assert.equal(moves[0], 'send-sms');
    assert.equal(moves.at(-1), 'confirm');
    assert.ok(!moves.includes('read-code'));
    assert.equal(gateway.texts.length, 0);
  });

  test('without a delivery report it polls, then reads the code that the bank sends', async () => {
    const customer = await gateway.customer();
    gateway.carry = async (_, hand) => {
      await hand();
      return false;
    };
    const moves: string[] = [];
    const outcome = await gateway.bind(customer, { onMove: (move) => moves.push(move), codeWaitMs: 20_000 });
    gateway.carry = handOver;
    assert.equal(said(outcome), 'bound');
    assert.ok(moves.includes('poll-sent-item') && moves.includes('read-code'), moves.join());
    assert.equal(gateway.texts.at(-1)?.number, customer.number);
  });

  test('without report and code there is no possession', async () => {
    const customer = await gateway.customer();
    gateway.carry = async (_, hand) => {
      await hand();
      return false;
    };
    customer.phone.sim.consent(false);
    const outcome = await gateway.bind(customer, { codeWaitMs: 20_000 });
    gateway.carry = handOver;
    assert.equal(said(outcome), 'declined binding.no-possession');
  });

  test('an iPhone can show neither sent item nor code, and no code is sent to it', async () => {
    const sent = gateway.texts.length;
    const outcome = await gateway.bind(await gateway.customer('iphone'));
    assert.equal(said(outcome), 'declined binding.no-possession');
    assert.equal(gateway.texts.length, sent);
  });

  test('the composer of an iPhone has 5 s, and a cancelled one ends the attempt', async () => {
    const slow = await gateway.customer('iphone');
    slow.phone.sim.composer('send', 5001);
    assert.equal(said(await gateway.bind(slow)), 'declined binding.composer-slow');
    const cancelled = await gateway.customer('iphone');
    cancelled.phone.sim.composer('cancel');
    assert.equal(said(await gateway.bind(cancelled)), 'cancelled');
    cancelled.phone.sim.composer('send');
    assert.equal(said(await gateway.bind(await gateway.again(cancelled))), 'declined binding.no-possession');
  });

  test('no SIM, airplane mode, an unknown path: declined by the rule, before an SMS is sent', async () => {
    const rows = [
      ['binding.sim-missing', (phone) => phone.sim.remove()],
      ['binding.airplane-mode', (phone) => phone.sim.airplane(true)],
      ['binding.wrong-path', (phone) => phone.sim.path('unknown')],
    ] as const satisfies readonly (readonly [
      string,
      (phone: Awaited<ReturnType<BindGateway['customer']>>['phone']) => void,
    ])[];
    for (const [code, change] of rows) {
      const customer = await gateway.customer();
      change(customer.phone);
      assert.equal(said(await gateway.bind(customer)), `declined ${code}`);
      assert.deepEqual(customer.phone.sim.outbox(), []);
    }
  });

  test('what happens after the token was given ends the attempt: leaving, airplane mode, a SIM that goes or changes', async () => {
    const rows = [
      ['declined binding.session-left', (phone) => phone.sim.leave()],
      ['declined binding.airplane-mode', (phone) => phone.sim.airplane(true)],
      ['declined binding.sim-missing', (phone) => phone.sim.remove()],
      ['declined binding.sim-missing', (phone) => phone.sim.insert({ number: '+919800000001' })],
      ['bound', (phone) => phone.sim.leave('charge-notice')],
    ] as const satisfies readonly (readonly [
      string,
      (phone: Awaited<ReturnType<BindGateway['customer']>>['phone']) => void,
    ])[];
    for (const [expected, change] of rows) {
      const customer = await gateway.customer();
      gateway.carry = async (_, hand) => {
        change(customer.phone);
        return hand();
      };
      const outcome = await gateway.bind(customer);
      gateway.carry = handOver;
      assert.equal(said(outcome), expected);
    }
  });

  test('a phone that refuses says which refusal it was, and the token is burnt', async () => {
    const customer = await gateway.customer();
    const { sim } = customer.phone;
    sim.permission('denied');
    assert.equal(said(await gateway.bind(customer)), 'failed permission-denied');
    sim.permission('blocked');
    assert.equal(said(await gateway.bind(customer)), 'failed permission-blocked');
    sim.permission('granted');
    sim.radio(false);
    assert.equal(said(await gateway.bind(customer)), 'failed sms-failed');
    sim.radio(true);
    assert.equal(said(await gateway.bind(await gateway.again(customer))), 'bound');
  });

  test('a bridge of version 1 has no SIM, and says so', async () => {
    const customer = await gateway.customer();
    const old = {
      call: (message: string) => customer.phone.bridge.call(message.replace('[1,2,3]', '[1]')),
    };
    const outcome = await gateway.bind(customer, { sim: bridgeBackend(old) });
    assert.equal(said(outcome), 'failed unsupported-version');
    assert.equal(said(await gateway.bind(await gateway.customer('harmony'))), 'failed unsupported');
  });

  test('a device that no hardware vouches for is asked for nothing', async () => {
    const customer = await gateway.customer();
    const hauberk = gateway.phones.clientOn(undefined);
    customer.phone.sim.permission('denied');
    assert.equal(said(await gateway.bind({ ...customer, hauberk })), 'declined binding.not-attested');
  });

  test('who cancels burns the token', async () => {
    const customer = await gateway.customer();
    const ending = new AbortController();
    gateway.carry = async () => {
      ending.abort();
      return false;
    };
    const outcome = await gateway.bind(customer, { signal: ending.signal });
    assert.equal(outcome.state, 'cancelled');
    gateway.carry = handOver;
    const [text = ''] = customer.phone.sim.outbox();
    assert.match(text, /Never forward/);
    assert.equal(said(await gateway.bind(await gateway.again(customer))), 'bound');
  });

  test('an app that is killed burns its token at the next start, unless it had confirmed', async () => {
    const shelf = memoryShelf();
    const customer = { ...(await gateway.customer()), shelf };
    const early = killedAt(customer.hauberk, 'status', false);
    void gateway.bind({ ...customer, hauberk: early.hauberk });
    await early.dead;
    const next = { ...(await gateway.again(customer)), shelf };
    assert.equal(said(await resumeBind(next)), 'declined binding.session-left');
    assert.equal(await resumeBind(next), undefined);

    const late = killedAt(next.hauberk, 'confirm', true);
    void gateway.bind({ ...next, hauberk: late.hauberk });
    await late.dead;
    // The next start binds anew, and finds that it is bound.
    const last = { ...(await gateway.again(customer)), shelf };
    assert.equal(said(await gateway.bind(last)), 'bound');
    assert.equal(last.phone.sim.outbox().length, 2);
    assert.match(shelf.text() ?? '', /subscription/);
  });

  test('a network that loses calls and answers in the middle costs nothing but time', async () => {
    for (const lost of ['status', 'sent-item', 'confirm'])
      for (const arrives of [false, true]) {
        const customer = await gateway.customer();
        const hauberk = losingOnce(customer.hauberk, lost, arrives);
        assert.equal(said(await gateway.bind({ ...customer, hauberk })), 'bound', `${lost} ${arrives}`);
      }
    const customer = await gateway.customer('iphone');
    customer.phone.sim.composer('send', 5001);
    const hauberk = losingOnce(customer.hauberk, 'composer', false);
    assert.equal(said(await gateway.bind({ ...customer, hauberk })), 'declined binding.composer-slow');
  });

  test('a bound phone whose SIM is another one tells, and is bound no more', async () => {
    const shelf = memoryShelf();
    const customer = { ...(await gateway.customer()), shelf };
    const asked = { ...customer, sim: bridgeBackend(customer.phone.bridge) };
    assert.equal(await checkSim(asked), 'unknown');
    assert.equal(said(await gateway.bind(customer)), 'bound');
    assert.equal(await checkSim(asked), 'unchanged');
    customer.phone.sim.remove();
    assert.equal(await checkSim(asked), 'absent');
    customer.phone.sim.insert({ number: customer.number });
    assert.equal(await checkSim(asked), 'changed');
    assert.equal(await checkSim(asked), 'unknown');
    assert.equal(shelf.text(), undefined);
  });

  test('a key that hands over takes no binding with it: the device is stepped up, and binds anew', async () => {
    const customer = await gateway.customer();
    assert.equal(said(await gateway.bind(customer)), 'bound');
    const { slots } = await customer.phone.backend.simState({});
    const sim = { sim: 'present', subscriptions: slots.flatMap(({ subscription = [] }) => subscription) } as const;
    const relief = async (login: typeof customer) => (await logInBound(login, sim)).state;
    assert.equal(await relief(await gateway.again(customer)), 'bound');
    await customer.keys.rotate();
    const next = await gateway.again(customer);
    assert.equal(await relief(next), 'step-up');
    assert.equal(said(await gateway.bind(next, { replaces: true })), 'bound');
    assert.equal(await relief(await gateway.again(customer)), 'bound');
  });

  for (const [role, part] of Object.entries<BindingPart>(bindingCast))
    test(`${role}: ${part.words}`, async () => {
      const victim = await gateway.customer();
      const strangers = '+919877777777';
      // An honest part is one's own customer; an attacker is logged in as the victim.
      const isHonest = role.startsWith('honest') || role === 'no-sim';
      const numbers = { own: isHonest ? victim.number : strangers, victims: victim.number };
      const options = partOptions(role as BindingRole, numbers);
      const attacker = await gateway.customerOn(victim.name, part.kind, options).catch((error: unknown) => error);
      if (attacker instanceof HauberkError) return assert.equal(attacker.code, part.ends);
      const { phone } = attacker as typeof victim;
      const own = bridgeBackend(phone.bridge);
      const helped: typeof own = {
        ...own,
        sendSms: async (message) => {
          await victim.phone.sim.sendBeside(message.to, message.text);
          return own.sendSms(message);
        },
      };
      const sim = part.victim === 'nothing' ? own : helped;
      const passing = setInterval(() => {
        const text = victim.phone.sim.inbox().at(-1);
        if (part.victim === 'malware' && text !== undefined) phone.sim.passOn(text);
      }, 5);
      const outcome = await gateway.bind(attacker as typeof victim, { sim, number: victim.number });
      clearInterval(passing);
      assert.equal('code' in outcome ? outcome.code : outcome.state, part.ends);
    });
});
