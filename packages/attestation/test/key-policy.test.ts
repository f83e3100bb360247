/** Which protocols keys may carry, and the matrix of makers. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { epochMs, toHex } from '@hauberk/primitives';
import { appraise } from '../src/appraisal.ts';
import { deviceFamilies } from '../src/device-matrix.ts';
import { capabilityOf, type KeyCapability, keyRequirements, protocolsOf } from '../src/key-policy.ts';
import { type Claims, chainOf, challenge, digest, leaf, packageName, rootKey } from './fixture/android.ts';
import { bytes, der, explicit, integer } from './fixture/certificates.ts';

const best: KeyCapability = {
  tier: 'secure-element',
  userAuthentication: 'each-use',
  algorithm: 'ES256',
  trustedScreen: false,
};

test('each requirement refuses a key that misses it in one way', () => {
  assert.deepEqual(protocolsOf(best), ['channel', 'step-up', 'login', 'payment', 'mobile-u-key']);
  assert.deepEqual(protocolsOf({ ...best, tier: 'tee' }), ['channel', 'step-up', 'login', 'payment']);
  assert.deepEqual(protocolsOf({ ...best, tier: 'tee', trustedScreen: true }), protocolsOf(best));
  assert.deepEqual(protocolsOf({ ...best, tier: 'software', trustedScreen: true }), ['channel']);
  assert.deepEqual(protocolsOf({ ...best, userAuthentication: 'recent' }), ['channel', 'step-up']);
  assert.deepEqual(protocolsOf({ ...best, userAuthentication: 'none' }), ['channel']);
  assert.deepEqual(protocolsOf({ ...best, algorithm: 'ML-DSA-65' }), ['payment', 'mobile-u-key']);
  assert.deepEqual(protocolsOf({ ...best, algorithm: 'RS384' }), []);
});

test('a stronger key never loses a protocol', () => {
  for (const { protocol, algorithms } of keyRequirements)
    for (const algorithm of algorithms) assert.ok(protocolsOf({ ...best, algorithm }).includes(protocol), protocol);
});

const capability = (hardware: readonly Uint8Array<ArrayBuffer>[]): KeyCapability | undefined => {
  const claims: Claims = {
    level: 2,
    hardware: ([purpose = bytes(), algorithm = bytes(), , ...rest]) => [purpose, algorithm, ...hardware, ...rest],
  };
  const now = epochMs(1_600_000_000_000);
  const answer = appraise(
    { kind: 'android-key', certificates: chainOf(leaf(claims)) },
    {
      crypto: nodeEvidenceCrypto,
      anchors: { androidKeys: [rootKey] },
      revocations: { android: { takenAt: now, statuses: new Map() } },
      expectations: {
        challenge,
        environment: 'production',
        apps: { android: { packages: new Set([packageName]), digests: new Set([toHex(digest)]) } },
      },
      now,
    },
  );
  assert.ok(answer.ok, answer.ok ? '' : answer.code);
  return capabilityOf(answer.value);
};

test('a verdict tells how the user stands behind its key', () => {
  const [fingers, once, screen] = [explicit(504, integer(2)), explicit(505, integer(30)), explicit(508, der(5))];
  assert.equal(capability([explicit(503, der(5))])?.userAuthentication, 'none');
  assert.equal(capability([])?.userAuthentication, 'none');
  assert.equal(capability([fingers, once])?.userAuthentication, 'recent');
  assert.deepEqual(capability([fingers, screen]), { ...best, trustedScreen: true });
});

test('a key that evidence was only made for counts as software', () => {
  const publicKey = rootKey;
  const answer = appraise(
    { kind: 'software' },
    {
      crypto: nodeEvidenceCrypto,
      anchors: {},
      revocations: {},
      expectations: { challenge, publicKey, environment: 'production', apps: {}, policy: { leastTier: 'software' } },
      now: epochMs(0),
    },
  );
  assert.ok(answer.ok);
  assert.deepEqual(protocolsOf(capabilityOf(answer.value) ?? best), ['channel']);
});

test('the matrix names the six makers, and what comes first is not absent', () => {
  assert.deepEqual([...new Set(deviceFamilies.map(({ brand }) => brand))].toSorted(), [
    'Apple',
    'Honor',
    'Huawei',
    'OPPO',
    'Xiaomi',
    'vivo',
  ]);
  for (const { brand, system, googleServices, evidence, first } of deviceFamilies) {
    assert.ok((evidence[first] ?? 'absent') !== 'absent', system);
    assert.equal(evidence['play-integrity'] !== undefined, googleServices, `${brand} ${system}`);
  }
});
