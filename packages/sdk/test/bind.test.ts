/** `bind()` alone: phones with two SIMs, storages that fail, and whatever may stand where the gateway should. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BindOptions, type BindOutcome, type BindShelf, bind, checkSim, resumeBind } from '@hauberk/sdk/bind';
import { HauberkError } from '@hauberk/sdk/node';
import { bridgeBackend } from '@hauberk/sdk/trusted';
import {
  type OutgoingSms,
  type SimulatedPhone,
  simulatedNetwork,
  simulatedPhone,
  simulatedWorld,
} from '@hauberk/simulator';
import fc from 'fast-check';

const world = simulatedWorld();
const vmn = '+919000000010';
const issued = { state: 'issued', attempt: 'A'.repeat(22), vmn, text: 'token', expiresInMs: 45_000 };

/** Answers with the replies, one after the other, the last one for ever. */
const gatewayOf = (...replies: readonly unknown[]) => {
  const calls: Record<string, unknown>[] = [];
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    calls.push(JSON.parse(init?.body as string) as Record<string, unknown>);
    const reply = replies[Math.min(calls.length, replies.length) - 1];
    if (reply instanceof Error) throw reply;
    return new Response(typeof reply === 'string' ? reply : JSON.stringify(reply), {
      status: typeof reply === 'object' && reply !== null && 'status' in reply ? Number(reply.status) : 200,
    });
  };
  const hauberk = { fetch, connect: async () => ({ tier: 1 }) } as unknown as BindOptions['hauberk'];
  return { calls, hauberk };
};

const phoneWith = (
  carry: (sms: OutgoingSms) => void = () => undefined,
  ...carriers: readonly string[]
): SimulatedPhone =>
  simulatedPhone('android', {
    world,
    network: simulatedNetwork(async (sms) => {
      carry(sms);
      return true;
    }),
    cards: ['Jio', ...carriers].map((carrier, index) => ({ number: `+91981111111${index}`, carrier })),
  });

const optionsOn = (
  phone: SimulatedPhone,
  hauberk: BindOptions['hauberk'],
  more: Partial<BindOptions> = {},
): BindOptions => ({
  hauberk,
  sim: bridgeBackend(phone.bridge),
  number: '+919811111110',
  app: 51,
  system: { family: 'android', version: 16, patchLevel: 202_609 },
  fingerprint: 'print',
  pollMs: 1,
  codeWaitMs: 1,
  ...more,
});

const said = (outcome: BindOutcome | undefined): string =>
  [outcome?.state, outcome !== undefined && 'code' in outcome ? outcome.code : ''].join(' ').trim();
const bound = { state: 'bound', next: 'done' };

describe('bind()', () => {
  it('sends from the SIM that was chosen, and says so; choosing none cancels before anything is asked', async () => {
    const sent: OutgoingSms[] = [];
    const phone = phoneWith((sms) => sent.push(sms), 'Airtel');
    const { hauberk, calls } = gatewayOf(issued, bound);
    const offered: string[] = [];
    const chooseSlot: BindOptions['chooseSlot'] = async (slots) => {
      offered.push(...slots.map(({ carrier = '' }) => carrier));
      return 1;
    };
    assert.equal(said(await bind(optionsOn(phone, hauberk, { chooseSlot }))), 'bound');
    assert.deepEqual(offered, ['Jio', 'Airtel']);
    assert.deepEqual(sent, [{ from: '+919811111111', to: vmn, text: 'token' }]);
    const [asked] = calls;
    assert.deepEqual([asked?.['slot'], asked?.['carrier']], [1, 'Airtel']);
    const none = gatewayOf(issued);
    assert.equal(said(await bind(optionsOn(phone, none.hauberk, { chooseSlot: async () => undefined }))), 'cancelled');
    assert.equal(said(await bind(optionsOn(phone, none.hauberk, { chooseSlot: async () => 5 }))), 'cancelled');
    assert.deepEqual(none.calls, []);
  });

  it('names the subscription once, and tells nothing of the phone that the gateway does not ask for', async () => {
    const { hauberk, calls } = gatewayOf(issued, bound);
    await bind(optionsOn(phoneWith(), hauberk));
    assert.deepEqual(
      calls.map((call) => typeof call['subscription']),
      ['string', 'undefined'],
    );
    const members = Object.keys((calls[0]?.['evidence'] ?? {}) as object).toSorted();
    assert.deepEqual(members, ['airplane', 'cellularWorks', 'path', 'sim', 'slot', 'slotCarrier']);
  });

  it('problems and failures are told by their codes', async () => {
    const transport = new HauberkError('transport', { phase: 'wait', execution: 'unknown' });
    for (const [reply, expected] of [
      [{ status: 401, code: 'login-required' }, 'failed login-required'],
      [{ status: 502, code: 'upstream-unreachable' }, 'failed upstream-unreachable'],
      ['no JSON', 'failed status-200'],
      [null, 'failed status-200'],
      [transport, 'failed transport'],
      [{ state: 'declined', code: 'binding.busy', rule: 'B20' }, 'declined binding.busy'],
      [{ state: 'blocked', code: 'binding.device-blocked' }, 'blocked binding.device-blocked'],
    ] as const)
      assert.equal(said(await bind(optionsOn(phoneWith(), gatewayOf(reply).hauberk))), expected);
  });

  it('a bank that is silent in the middle is asked again', async () => {
    const silent = { status: 502, code: 'upstream-unreachable' };
    const { hauberk } = gatewayOf(issued, silent, silent, { state: 'proven', next: 'confirm' }, silent, bound);
    assert.equal(said(await bind(optionsOn(phoneWith(), hauberk))), 'bound');
    const ended = gatewayOf(issued, { status: 401, code: 'login-required' });
    assert.equal(said(await bind(optionsOn(phoneWith(), ended.hauberk))), 'failed login-required');
  });

  it('a shelf that fails is a failure and no surprise; one that holds anything else counts as empty', async () => {
    const broken: BindShelf = {
      read: async () => undefined,
      write: async () => Promise.reject(new Error('full')),
      remove: async () => undefined,
    };
    const { hauberk, calls } = gatewayOf(issued, bound);
    assert.equal(said(await bind(optionsOn(phoneWith(), hauberk, { shelf: broken }))), 'failed unknown');
    assert.equal(calls.at(-1)?.['do'], 'left', 'the token is burnt');
    for (const text of ['', 'no', '[]', '{"attempt":1}', 'null']) {
      const shelf = { ...broken, read: async () => text };
      assert.equal(await resumeBind({ hauberk, shelf }), undefined, text);
      assert.equal(await checkSim({ hauberk, shelf, sim: phoneWith().backend }), 'unknown', text);
    }
  });

  it('an attempt that somebody keeps from ending ends here', async () => {
    const { hauberk, calls } = gatewayOf({ ...issued, expiresInMs: -10_001 }, { state: 'proven', next: 'confirm' });
    assert.equal(said(await bind(optionsOn(phoneWith(), hauberk))), 'failed timeout');
    assert.ok(calls.length <= 3, `${calls.length} calls`);
  });

  it('whatever stands where the gateway should, bind() ends and never throws', async () => {
    const words =
      'issued seen proven bound declined expired confirm read-code await-code check-sent-item poll-sent-item done';
    const word = fc.constantFrom(...words.split(' '), '', '__proto__', 'binding.wrong-state');
    const value = fc.oneof(word, fc.jsonValue(), fc.constant(45_000));
    const names = ['state', 'next', 'code', 'rule', 'attempt', 'vmn', 'text', 'expiresInMs', 'status'];
    const reply = fc.oneof(
      fc.dictionary(fc.constantFrom(...names.slice(0, -1)), value),
      fc.json(),
      fc.record({ state: word, next: word }),
      fc.constant(issued),
    );
    const phone = phoneWith();
    const states = ['bound', 'declined', 'expired', 'blocked', 'cancelled', 'failed'];
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { maxLength: 6 }), async (replies) => {
        const { hauberk } = gatewayOf(...replies, { state: 'declined', code: 'binding.unproven' });
        const outcome = await bind(optionsOn(phone, hauberk, { pollMs: 0, codeWaitMs: 0 }));
        assert.ok(states.includes(outcome.state), outcome.state);
      }),
      { numRuns: 300 },
    );
  });

  it('whatever the native half answers, bind() ends and never throws', async () => {
    const honest = phoneWith().bridge;
    await fc.assert(
      fc.asyncProperty(fc.nat(6), fc.oneof(fc.json(), fc.string()), async (at, garbage) => {
        let calls = 0;
        const call = async (message: string): Promise<string> => {
          calls += 1;
          return calls === at + 1 ? garbage : honest.call(message);
        };
        const { hauberk } = gatewayOf(issued, { state: 'seen', next: 'check-sent-item' }, bound);
        const outcome = await bind(optionsOn(phoneWith(), hauberk, { sim: bridgeBackend({ call }) }));
        assert.ok(['bound', 'failed'].includes(outcome.state));
        if (outcome.state === 'failed') assert.equal(outcome.code, 'bridge-broken');
      }),
      { numRuns: 100 },
    );
  });
});
