/** Rules of a live binding. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bindingOf,
  ended,
  isInactive,
  isLive,
  judgeLogin,
  judgeTransfer,
  defaultBindingPolicy as policy,
} from '@hauberk/binding';
import { type AmountMinor, days, epochMs, hours } from '@hauberk/primitives';
import { issuedAttempt, start } from '../vectors/honest.ts';

const binding = bindingOf(issuedAttempt(), start.wallMs);
const at = (span: number) => epochMs(start.wallMs + span);
const paise = (value: number): AmountMinor => value as AmountMinor;
const own = { key: 'key-1', isSimUnchanged: true };

test('B19 holds: INR 5,000 in all within the first 24 h, any amount after', () => {
  assert.equal(judgeTransfer(binding, paise(500_000), paise(0), policy, at(0)), undefined);
  assert.equal(judgeTransfer(binding, paise(1), paise(499_999), policy, at(hours(24) - 1)), undefined);
  assert.equal(judgeTransfer(binding, paise(9_000_000), paise(500_000), policy, at(hours(24))), undefined);
});
test('B19 refuses: one paisa more, at once or in parts; a clock set back does not end it; a second device begins anew', () => {
  const refused = 'binding.cooling-limit';
  assert.equal(judgeTransfer(binding, paise(500_001), paise(0), policy, at(0)), refused);
  assert.equal(judgeTransfer(binding, paise(1), paise(500_000), policy, at(hours(24) - 1)), refused);
  assert.equal(judgeTransfer(binding, paise(500_001), paise(0), policy, at(0 - hours(48))), refused);
  const second = bindingOf(issuedAttempt({ id: 'attempt-2' }), at(hours(30)));
  assert.equal(judgeTransfer(second, paise(500_001), paise(0), policy, at(hours(53))), refused);
});

test('B21 holds: used within a year', () => {
  assert.equal(isInactive(binding, policy, at(days(365))), false);
  assert.deepEqual(judgeLogin(binding, own, policy, at(days(90))), { proof: 'none' });
});
test('B21 refuses: not used for more than a year; the relief ends before', () => {
  assert.equal(isInactive(binding, policy, at(days(365) + 1)), true);
  assert.deepEqual(judgeLogin(binding, own, policy, at(days(90) + 1)), { proof: 'step-up', code: 'binding.inactive' });
  assert.equal(isLive(ended(binding, 'inactive', at(days(366)))), false);
});

test('B23 holds: the bound device with its SIM logs in without a new proof', () => {
  assert.deepEqual(judgeLogin(binding, own, policy, at(days(1))), { proof: 'none' });
});
test('B23 refuses: a changed SIM steps up, and an ended binding stays ended', () => {
  const stepUp = { proof: 'step-up', code: 'binding.sim-changed' };
  assert.deepEqual(judgeLogin(binding, { ...own, isSimUnchanged: false }, policy, at(1)), stepUp);
  const over = ended(binding, 'sim-changed', at(1));
  assert.deepEqual(judgeLogin(over, own, policy, at(2)), stepUp);
  assert.deepEqual(ended(over, 'customer', at(3)), over);
});

test('an unbound device is always stepped up', () => {
  assert.equal(judgeLogin(undefined, own, policy, at(1)).proof, 'step-up');
  assert.equal(judgeLogin(binding, { ...own, key: 'key-2' }, policy, at(1)).proof, 'step-up');
});
