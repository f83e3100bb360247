/** The memory of signals on a thread: devices by keyed hash, shared with all other threads. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { holdSignals, noSignals, signalRuleOf } from '@hauberk/device';
import { epochMs } from '@hauberk/primitives';
import { type KeyReader, SecretBytes } from '../../src/keys/key-provider.ts';
import { openSignalMemory, readSignalKey, reserveSignals, signalKeyText } from '../../src/signals/signal-memory.ts';

const readerOf = (secret: Uint8Array): KeyReader => ({ current: () => ({ secret: new SecretBytes(secret) }) }) as never;
const now = epochMs(1_800_000_000_000);
const policy = { silentHours: 1, expected: false };
const index = signalRuleOf('hook.frida')?.index ?? 0;
const frida = { index, value: 1, provenance: 'native', untilS: now / 1000 + 60 } as const;

test('what one thread was told, every thread knows, under a name that the key makes', () => {
  const memory = reserveSignals(64);
  const secret = randomBytes(32);
  const one = openSignalMemory(memory, readerOf(secret), policy, now);
  const other = openSignalMemory(memory, readerOf(secret), policy, now);
  holdSignals(one.table, one.keyOf('device-1'), [frida], now / 1000);
  const { signals, band } = other.signalsOf('device-1', now);
  assert.deepEqual(signals, [
    {
      code: 'hook.frida',
      value: true,
      source: 'native',
      ageMs: 86_400_000 - 60_000,
      untilMs: now + 60_000,
    },
  ]);
  assert.equal(band, 'fair');
  assert.equal(other.signalsOf('device-2', now), noSignals);
  const stranger = openSignalMemory(memory, readerOf(randomBytes(32)), policy, now);
  assert.equal(stranger.signalsOf('device-1', now), noSignals);
});

test('a name in the record is read back, and nothing else is', () => {
  const { keyOf } = openSignalMemory(reserveSignals(64), readerOf(randomBytes(32)), policy, now);
  for (let device = 0; device < 200; device += 1) {
    const key = keyOf(`device-${device}`);
    assert.deepEqual(readSignalKey(signalKeyText(key)), key);
  }
  for (const wrong of ['', 'g'.repeat(16), '0'.repeat(15), 7, null]) assert.equal(readSignalKey(wrong), undefined);
});
