/** Rules of the token, the SMS and the proofs that follow it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  type AttemptEvent,
  type BindingCode,
  chooseVmn,
  defaultBindingPolicy,
  drawToken,
  isTokenShaped,
  nextMove,
  type OtpAnswer,
  readMsisdn,
  readToken,
  readVmnPool,
  type SentItem,
  smsText,
  type TokenSms,
  tokenBits,
  tokenFrom,
  tokenLength,
  vmnRandomBytes,
} from '@hauberk/binding';
import { durationMs, epochMs } from '@hauberk/primitives';
import {
  after,
  confirmed,
  delivered,
  honestEvidence,
  honestRequest,
  honestSms,
  issuedAttempt,
  judgeRequest,
  smsArrives,
  start,
  walk,
} from '../vectors/honest.ts';

type Timed = readonly [number, AttemptEvent];
const sms = (over: Partial<TokenSms> = {}): AttemptEvent => ({ kind: 'sms', sms: honestSms(over) });
const proof = (answer: SentItem | OtpAnswer): AttemptEvent => ({ kind: 'proof', key: 'key-1', proof: answer });
const left = (how: Extract<AttemptEvent, { kind: 'left' }>['how']): AttemptEvent => ({
  kind: 'left',
  how,
  key: 'key-1',
});
const honestRun: readonly Timed[] = [
  [4000, smsArrives],
  [6000, delivered],
  [7000, confirmed],
];
const ends = (state: string, code: BindingCode | undefined, events: readonly Timed[], over = {}): void => {
  const { attempt } = walk(issuedAttempt(), events, over);
  assert.deepEqual([attempt.state, attempt.code], [state, code]);
};

test('B04 holds: nobody left, or the system asked about the cost of an SMS, and the attempt is bound', () => {
  ends('bound', undefined, honestRun);
  for (let place = 0; place < honestRun.length; place += 1)
    ends('bound', undefined, honestRun.toSpliced(place, 0, [honestRun[place]?.[0] ?? 0, left('charge-notice')]));
});
test('B04 refuses: who leaves burns the token, in every state before the end, and a correct SMS changes nothing', () => {
  for (let place = 0; place < honestRun.length; place += 1) {
    const events = [...honestRun.slice(0, place), [5000, left('left')] as const, ...honestRun.slice(place)];
    ends('declined', 'binding.session-left', events);
  }
});

test('B05 holds: back from the composer in time, nothing is reported and the attempt goes on', () => {
  const { attempt } = walk(issuedAttempt({ platform: 'ios' }), honestRun);
  assert.equal(attempt.state, 'bound');
});
test('B05 refuses: 5.001 s in the composer, or a cancelled one', () => {
  ends('declined', 'binding.composer-slow', [[6000, left('composer-slow')], ...honestRun]);
  ends('declined', 'binding.session-left', [[6000, left('left')], ...honestRun]);
});

test('B02 refuses: airplane mode or a pulled SIM after the token was given ends the attempt', () => {
  ends('declined', 'binding.airplane-mode', [[3000, left('airplane-mode')], ...honestRun]);
  ends('declined', 'binding.sim-missing', [[3000, left('sim-missing')], ...honestRun]);
});

const stranger = sms({ source: 'number-x', messageId: 'm-x' });
test('B06 holds: one number, one binding', () => ends('bound', undefined, honestRun));
test('B06 refuses: the number of the customer and another, in whatever order and state, also once it was bound', () => {
  for (let place = 1; place <= honestRun.length; place += 1)
    ends('declined', 'binding.two-numbers', honestRun.toSpliced(place, 0, [6500, stranger]));
  ends('declined', 'binding.number-mismatch', [[3000, stranger], ...honestRun]);
});

test("B07 holds: a carrier's redelivery is no second SMS: the same id, or no id and the same moment", () => {
  for (let place = 1; place <= honestRun.length; place += 1)
    ends('bound', undefined, honestRun.toSpliced(place, 0, [6500, smsArrives]));
  const nameless = sms({ messageId: '' });
  const again = sms({ messageId: '', receivedAtMs: epochMs(start.wallMs + 14_000) });
  ends('bound', undefined, [
    [4000, nameless],
    [14_000, again],
    [15_000, delivered],
    [16_000, confirmed],
  ]);
});
test('B07 refuses: a second physical SMS from the same number', () => {
  for (let place = 1; place <= honestRun.length; place += 1)
    ends('declined', 'binding.second-sms', honestRun.toSpliced(place, 0, [6500, sms({ messageId: 'm-2' })]));
  const late = sms({ messageId: '', receivedAtMs: epochMs(start.wallMs + 14_001) });
  ends('declined', 'binding.second-sms', [[4000, sms({ messageId: '' })], [14_001, late], ...honestRun.slice(1)]);
  ends('declined', 'binding.second-sms', [
    [4000, smsArrives],
    [5000, sms({ link: 'link-2' })],
  ]);
});

test('B08 holds: every token has its shape, its bits, and survives the text that carries it', () => {
  assert.ok(tokenBits >= 128 && tokenLength >= 35);
  for (let count = 0; count < 2000; count += 1) {
    const token = drawToken((length) => new Uint8Array(randomBytes(length)));
    assert.ok(isTokenShaped(token), token);
    assert.match(token, /[A-Za-z]/);
    assert.match(token, /[0-9]/);
    assert.match(token, /[!#%()*+\-./:;=?]/);
    assert.doesNotMatch(token, /[\s$@[\\\]^_{|}~`]/);
    const text = smsText('Demo Bank', token);
    assert.ok(text.length <= 160 && text.includes('Demo Bank') && /never forward/i.test(text));
    assert.deepEqual(readToken(`  KEY ${text}\r\n`), { ok: true, value: token });
  }
});
test('B08 refuses: 34 characters, no letter, no digit, a space for a special, a sign that links change, two tokens', () => {
  const token = drawToken((length) => new Uint8Array(randomBytes(length)));
  const short = token.slice(0, 34);
  const changed = `${token.slice(0, -1)}@`;
  for (const text of ['', short, `${short} a`, changed, 'a1'.repeat(18), `1!${'1'.repeat(34)}`, `a!${'a'.repeat(34)}`])
    assert.equal(readToken(text).ok, false, text);
  const other = drawToken((length) => new Uint8Array(randomBytes(length)));
  assert.equal(readToken(`${token} ${other}`).ok, false);
  assert.equal(readToken(`${token} ${'x'.repeat(700)}`).ok, false);
  assert.equal(tokenFrom(new Uint8Array(96)), undefined);
  assert.equal(tokenFrom(new Uint8Array(96).fill(255)), undefined);
  assert.throws(() => drawToken((length) => new Uint8Array(length)));
});

test('B11 holds: an SMS and a confirmation at 45.000 s', () => {
  ends('bound', undefined, [
    [45_000, smsArrives],
    [45_000, delivered],
    [45_000, confirmed],
  ]);
});
test('B11 refuses: 45.001 s at every step, by either clock, and after a failover', () => {
  for (let place = 0; place < honestRun.length; place += 1) {
    const events = honestRun.map(([ms, event], index) => [index < place ? ms : 45_001, event] as const);
    ends('expired', 'binding.expired', events);
  }
  const setBack = { now: after(-60_000, { monotonicMs: durationMs(start.monotonicMs + 45_001) }) };
  ends('expired', 'binding.expired', honestRun.slice(0, 1), setBack);
  const asleep = { now: after(45_001, { monotonicMs: start.monotonicMs }) };
  ends('expired', 'binding.expired', honestRun.slice(0, 1), asleep);
  ends('expired', 'binding.failover', honestRun.slice(0, 1), { now: after(-3_600_000, { fence: 2 }) });
  ends('expired', 'binding.expired', [[45_001, { kind: 'tick' }], ...honestRun]);
});

test('B12 holds: tokens do not repeat, nor is one the beginning of another', () => {
  const isFull = process.env['HAUBERK_FULL'] === '1';
  const draws = isFull ? 1_000_000 : 20_000;
  const beginnings = new Set<string>();
  for (let count = 0; count < draws; count += 1)
    beginnings.add(drawToken((length) => new Uint8Array(randomBytes(length))).slice(0, 16));
  assert.equal(beginnings.size, draws);
});
test('B12 refuses: an attempt that ended takes its token with it', () => {
  const { attempt } = walk(issuedAttempt(), [[46_000, { kind: 'tick' }]]);
  assert.deepEqual(walk(attempt, honestRun), { attempt, code: 'binding.wrong-state' });
  assert.equal(walk(issuedAttempt({ state: 'declined' }), honestRun).attempt.state, 'declined');
});

const tenVmns = Array.from({ length: 10 }, (_, index) => `+9190000000${String(index * 7 + 10)}`);
test('B13 holds: ten numbers that are apart; each is chosen, the last one never twice in a row', () => {
  const pool = readVmnPool(tenVmns);
  assert.ok(pool.ok);
  const seen = new Set<string>();
  let previous: string | undefined;
  for (let count = 0; count < 1000; count += 1) {
    const chosen = chooseVmn(pool.value, previous, new Uint8Array(randomBytes(vmnRandomBytes)));
    assert.notEqual(chosen, previous);
    seen.add(chosen);
    previous = chosen;
  }
  assert.deepEqual([...seen].toSorted(), tenVmns.toSorted());
});
test('B13 refuses: nine numbers, two neighbours, one number twice in two spellings, no number', () => {
  const wrong = [
    tenVmns.slice(1),
    tenVmns.with(3, '+919000000011'),
    tenVmns.with(3, '00919000000010'),
    tenVmns.with(3, '919000000010'),
    tenVmns.with(3, '+0123456789'),
    tenVmns.with(3, 'ten'),
    [],
  ];
  for (const pool of wrong) {
    const read = readVmnPool(pool);
    assert.deepEqual(read.ok ? 'accepted' : read.code, 'binding.vmn-pool');
  }
  assert.equal(readMsisdn(' +919000000010').ok, false);
});

test('B14 holds: the SMS arrives where it was sent to', () => ends('bound', undefined, honestRun));
test('B14 refuses: the right token on another VMN', () =>
  ends('declined', 'binding.wrong-vmn', [[4000, sms({ vmn: '+919000000002' })], ...honestRun]));

const code = (state: OtpAnswer['state'], isRead = true): AttemptEvent => proof({ kind: 'otp', state, isRead });
const sentOnly = proof({ kind: 'sent-item', state: 'sent', slot: 0 });
const sentAbsent = proof({ kind: 'sent-item', state: 'absent' });
const codeSent: AttemptEvent = { kind: 'otp-sent', hash: 'h' };
const move = (events: readonly Timed[]) => nextMove(walk(issuedAttempt(), events).attempt, defaultBindingPolicy);

test('B15 holds: first branch: the sent item with the delivery report of the network suffices', () => {
  assert.equal(move([[4000, smsArrives]]), 'check-sent-item');
  assert.equal(
    move([
      [4000, smsArrives],
      [5000, delivered],
    ]),
    'confirm',
  );
  // The report may come in before the SMS does.
  ends('bound', undefined, [
    [4000, delivered],
    [5000, smsArrives],
    [6000, confirmed],
  ]);
});
test('B15 holds: second branch: a sent item without a report is polled', () => {
  const seen: Timed[] = [
    [4000, smsArrives],
    [5000, sentOnly],
  ];
  assert.equal(move(seen), 'poll-sent-item');
  ends('bound', undefined, [...seen, [6000, sentOnly], [7000, delivered], [8000, confirmed]]);
});
test('B15 holds: third branch: polls are over, so a code is sent and the app reads it', () => {
  const polled: Timed[] = [
    [4000, smsArrives],
    [5000, sentOnly],
    [6000, sentOnly],
    [7000, sentOnly],
  ];
  assert.equal(move(polled), 'await-code');
  assert.equal(
    move([
      [4000, smsArrives],
      [5000, sentAbsent],
    ]),
    'await-code',
  );
  assert.equal(move([...polled, [8000, codeSent]]), 'read-code');
  ends('bound', undefined, [
    ...polled,
    [8000, codeSent],
    [9000, code('wrong')],
    [9500, code('right')],
    [10_000, confirmed],
  ]);
});
test('B15 refuses: fourth branch: neither sent item nor code can be read', () => {
  const before: Timed[] = [
    [4000, smsArrives],
    [5000, sentAbsent],
    [6000, codeSent],
  ];
  ends('declined', 'binding.no-possession', [...before, [7000, code('unreadable')]]);
  ends('declined', 'binding.no-possession', [
    [4000, smsArrives],
    [5000, code('unreadable')],
  ]);
  const wrong: Timed = [7000, code('wrong')];
  ends('declined', 'binding.no-possession', [...before, wrong, wrong, wrong, [8000, code('right')]]);
});
test('B15 refuses: a phone that only tried to send, a typed code, a code nobody sent, a confirmation without any of it', () => {
  const seen: Timed = [4000, smsArrives];
  const stays = (events: readonly Timed[], reason: BindingCode): void => {
    const walked = walk(issuedAttempt(), [seen, ...events]);
    assert.deepEqual([walked.attempt.state, walked.code], ['seen', reason]);
  };
  stays(
    [
      [5000, sentOnly],
      [6000, confirmed],
    ],
    'binding.unproven',
  );
  stays(
    [
      [5000, codeSent],
      [6000, code('right', false)],
    ],
    'binding.unproven',
  );
  stays([[6000, code('right')]], 'binding.wrong-state');
  stays([[6000, confirmed]], 'binding.unproven');
  assert.equal(walk(issuedAttempt({ proofs: [] }), [seen, [5000, delivered]]).code, 'binding.not-attested');
});

test('B20 holds: the first binding, and a second one with consent to end the first', () => {
  ends('bound', undefined, honestRun);
  const { attempt } = walk(issuedAttempt({ replaces: true }), honestRun, { isBoundElsewhere: true });
  assert.equal(attempt.state, 'bound');
});
test('B20 refuses: a second binding without consent; a second attempt while one is open', () => {
  const { attempt } = walk(issuedAttempt(), honestRun.slice(0, 2));
  assert.equal(walk(attempt, [[7000, confirmed]], { isBoundElsewhere: true }).attempt.code, 'binding.already-bound');
  assert.deepEqual(judgeRequest(honestRequest(), { isBusy: true }), { to: 'declined', code: 'binding.busy' });
});

test('B25 holds: declared, registered and sending number are one', () => {
  assert.equal(judgeRequest(honestRequest()).to, 'issued');
  ends('bound', undefined, honestRun);
});
test('B25 refuses: a declared number that is not the registered one, no registered one, an SMS from another', () => {
  const declined = { to: 'declined', code: 'binding.number-mismatch' };
  assert.deepEqual(judgeRequest(honestRequest({ number: 'number-x' })), declined);
  assert.deepEqual(judgeRequest(honestRequest({ registered: undefined })), declined);
  ends('declined', 'binding.number-mismatch', [[4000, stranger]]);
});

test('B26 holds: the same carrier and slot; a ported number has none, or another spelling', () => {
  for (const carrier of ['Jio', 'JIO', '', undefined])
    ends('bound', undefined, [[4000, sms({ carrier })], ...honestRun.slice(1)]);
  assert.equal(judgeRequest(honestRequest({ carrier: undefined, slot: undefined })).to, 'issued');
});
test('B26 refuses: another carrier than declared, another slot than declared, a slot with another carrier', () => {
  ends('declined', 'binding.carrier-mismatch', [[4000, sms({ carrier: 'Airtel' })]]);
  const otherSlot = proof({ kind: 'sent-item', state: 'delivered', slot: 1 });
  ends('declined', 'binding.carrier-mismatch', [
    [4000, smsArrives],
    [5000, otherSlot],
  ]);
  const declined = { to: 'declined', code: 'binding.carrier-mismatch' };
  assert.deepEqual(judgeRequest(honestRequest({ slot: 1 })), declined);
  const evidence = { ...honestEvidence('android'), slotCarrier: 'Airtel' };
  assert.deepEqual(judgeRequest(honestRequest({ evidence })), declined);
});

test('an SMS from a link that may not deliver for the VMN changes nothing', () => {
  const walked = walk(issuedAttempt(), [[4000, sms({ isTrustedLink: false })]]);
  assert.deepEqual([walked.attempt, walked.code], [issuedAttempt(), 'binding.link-untrusted']);
  ends('bound', undefined, [
    ...honestRun.slice(0, 1),
    [5000, sms({ isTrustedLink: false, source: 'x' })],
    ...honestRun.slice(1),
  ]);
});

test('what another key says changes nothing, in every state', () => {
  for (let place = 0; place < honestRun.length; place += 1)
    for (const event of [delivered, confirmed, left('left')]) {
      const before = walk(issuedAttempt(), honestRun.slice(0, place)).attempt;
      const walked = walk(before, [[6500, { ...event, key: 'key-x' } as AttemptEvent]]);
      assert.deepEqual(walked.attempt, before);
      assert.match(walked.code ?? '', /foreign-device|unproven/);
    }
});

test('SMS-less: a number verified by the operator, or a bound device, proves without an SMS; from an attested device only', () => {
  const verified: AttemptEvent = { kind: 'proof', key: 'key-1', proof: { kind: 'number-verification' } };
  ends('bound', undefined, [
    [2000, verified],
    [3000, confirmed],
  ]);
  const bare = walk(issuedAttempt({ proofs: [] }), [[2000, verified]]);
  assert.equal(bare.attempt.state, 'issued');
});
