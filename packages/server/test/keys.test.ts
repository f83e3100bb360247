/** Keys: sealed at rest, rotated with overlap, destroyed when they expire, never shown. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, sign, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { after, days, type EpochMs, epochMs, hours, toBase64Url, toHex } from '@hauberk/primitives';
import { auditPublicKey } from '../src/audit/audit-checkpoint.ts';
import { openFileKeys, readKeyring } from '../src/keys/file-keys.ts';
import { type KeyProvider, type KeyPurpose, keyPurposes, keyRules, SecretBytes } from '../src/keys/key-provider.ts';
import { keysFromSnapshot } from '../src/keys/key-reader.ts';
import { backupKeys } from '../src/keys/keyring.ts';
import { p256PrivateKey } from '../src/keys/make-key.ts';
import { parseMasterKey, suppliedMasterKey } from '../src/keys/master-key.ts';
import { StateError } from '../src/storage/index.ts';

const start: EpochMs = epochMs(1_800_000_000_000);
const later = (span: number): EpochMs => epochMs(start + span);

const inFolder = (run: (folder: string) => void) => (): void => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-keys-'));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const secretsOf = (keys: KeyProvider): string[] => keys.snapshot().map(({ sealed }) => toHex(sealed.export()));
const codeOf = (code: string) => (error: unknown) => error instanceof StateError && error.code === code;
const master = (byte: number) => parseMasterKey(toHex(new Uint8Array(32).fill(byte)), 'test');

test(
  'a new folder has one key of every purpose, and the same keys when it is opened again',
  inFolder((folder) => {
    const first = openFileKeys(folder, start);
    for (const purpose of keyPurposes) {
      assert.equal(first.accepted(purpose, start).length, 1, purpose);
      assert.equal(first.current(purpose, start).algorithm, keyRules[purpose].algorithm);
    }
    assert.equal(new Set(secretsOf(first)).size, keyPurposes.length);
    assert.deepEqual(secretsOf(openFileKeys(folder, later(1000))), secretsOf(first));
  }),
);

test(
  'public keys belong to their secrets',
  inFolder((folder) => {
    const keys = openFileKeys(folder, start);
    for (const purpose of ['config-signing', 'gateway-p256', 'audit-signing'] as const) {
      const key = keys.current(purpose, start);
      assert.ok(key.publicKey?.length === 65 && key.publicKey[0] === 4);
      const signature = sign('sha256', Buffer.from('m'), p256PrivateKey(key));
      assert.ok(verify('sha256', Buffer.from('m'), auditPublicKey(key.publicKey), signature));
    }
    assert.equal(keys.current('gateway-x25519', start).publicKey?.length, 32);
    assert.equal(keys.current('resume-ticket', start).publicKey, null);
  }),
);

test(
  'both sides agree on a secret with the x25519 key',
  inFolder((folder) => {
    const key = openFileKeys(folder, start).current('gateway-x25519', start);
    const peer = generateKeyPairSync('x25519');
    const prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
    const der = Buffer.concat([prefix, key.secret.reveal()]);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const jwk = { kty: 'OKP', crv: 'X25519', x: toBase64Url(key.publicKey ?? new Uint8Array()) };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    assert.deepEqual(
      diffieHellman({ privateKey, publicKey: peer.publicKey }),
      diffieHellman({ privateKey: peer.privateKey, publicKey }),
    );
  }),
);

describe('at rest', () => {
  test(
    'no secret is in the keyring in any spelling, nor in what is logged of a key',
    inFolder((folder) => {
      const keys = openFileKeys(folder, start);
      const file = readFileSync(join(folder, 'keyring.json'));
      const masterText = readFileSync(join(folder, 'master.key'), 'utf8').trim();
      const shown = keyPurposes
        .map((purpose) => keys.current(purpose, start))
        .map((key) => inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key) + String(key.secret))
        .join('');
      const snapshot = inspect(keys.snapshot(), { depth: 9 });
      for (const { sealed } of keys.snapshot()) {
        const secret = sealed.export();
        for (const text of [toBase64Url(secret), toHex(secret), secret.toString('base64')]) {
          for (const place of [file.toString(), shown, snapshot]) assert.equal(place.includes(text), false);
        }
        assert.equal(file.includes(secret), false);
      }
      assert.equal(file.includes(masterText), false);
    }),
  );
  test(
    'the master key is made with mode 0600; one that others may read is refused',
    inFolder((folder) => {
      openFileKeys(folder, start);
      const file = join(folder, 'master.key');
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(join(folder, 'keyring.json')).mode & 0o777, 0o600);
      for (const mode of [0o640, 0o604, 0o644]) {
        chmodSync(file, mode);
        assert.throws(() => openFileKeys(folder, start), codeOf('keys-exposed'));
      }
    }),
  );
  test(
    'a keyring without its master key, or with another one, is refused and left as it is',
    inFolder((folder) => {
      openFileKeys(folder, start, { master: master(1) });
      const before = readFileSync(join(folder, 'keyring.json'), 'utf8');
      assert.throws(() => openFileKeys(folder, start), codeOf('master-key-missing'));
      assert.throws(() => openFileKeys(folder, start, { master: master(2) }), codeOf('master-key-mismatch'));
      assert.equal(readFileSync(join(folder, 'keyring.json'), 'utf8'), before);
    }),
  );
  test(
    'a new master key seals everything anew when the previous one is given',
    inFolder((folder) => {
      const secrets = secretsOf(openFileKeys(folder, start, { master: master(1) }));
      const moved = openFileKeys(folder, start, { master: master(2), previousMaster: master(1) });
      assert.deepEqual(secretsOf(moved), secrets);
      assert.deepEqual(secretsOf(openFileKeys(folder, start, { master: master(2) })), secrets);
      assert.throws(() => openFileKeys(folder, start, { master: master(1) }), codeOf('master-key-mismatch'));
    }),
  );
  const damages: readonly [string, (ring: { keys: Record<string, unknown>[] }) => void][] = [
    ['a later expiry', (ring) => Object.assign(ring.keys[5] ?? {}, { expiresAtMs: 9e15 })],
    ['another purpose', (ring) => Object.assign(ring.keys[5] ?? {}, { purpose: 'facts' })],
    ['another id', (ring) => Object.assign(ring.keys[5] ?? {}, { id: 7 })],
    ['another public key', (ring) => Object.assign(ring.keys[0] ?? {}, { publicKey: ring.keys[1]?.['publicKey'] })],
    ['exchanged wraps', (ring) => Object.assign(ring.keys[0] ?? {}, { wrap: ring.keys[1]?.['wrap'] })],
    ['an unknown purpose', (ring) => Object.assign(ring.keys[0] ?? {}, { purpose: 'toString' })],
    ['a wrap that is no base64url', (ring) => Object.assign(ring.keys[0] ?? {}, { wrap: '***' })],
    ['a short wrap', (ring) => Object.assign(ring.keys[0] ?? {}, { wrap: 'AAAA' })],
    ['a key without an instant', (ring) => Object.assign(ring.keys[0] ?? {}, { activeFromMs: null })],
    ['no list', (ring) => Object.assign(ring, { keys: {} })],
  ];
  for (const [name, damage] of damages) {
    test(
      `a keyring with ${name} is refused as malformed`,
      inFolder((folder) => {
        openFileKeys(folder, start);
        const file = join(folder, 'keyring.json');
        const ring = JSON.parse(readFileSync(file, 'utf8')) as { keys: Record<string, unknown>[] };
        damage(ring);
        writeFileSync(file, JSON.stringify(ring));
        assert.throws(() => openFileKeys(folder, start), codeOf('keys-malformed'));
      }),
    );
  }
});

describe('rotation', () => {
  const ids = (keys: KeyProvider, purpose: KeyPurpose, now: EpochMs) => keys.accepted(purpose, now).map(({ id }) => id);
  test(
    'a daily key has its successor before it takes over, and both are accepted for the overlap',
    inFolder((folder) => {
      const keys = openFileKeys(folder, start);
      const [first] = ids(keys, 'resume-ticket', start);
      assert.deepEqual(keys.rotateDue(later(hours(20))).includes('resume-ticket'), false);
      assert.ok(keys.rotateDue(later(hours(22))).includes('resume-ticket'));
      const [current, next] = ids(keys, 'resume-ticket', later(hours(23)));
      assert.equal(current, first);
      assert.notEqual(next, undefined);
      assert.deepEqual(ids(keys, 'resume-ticket', later(hours(24))), [next, first]);
      assert.equal(keys.rotateDue(later(hours(23))).includes('resume-ticket'), false, 'one successor is enough');
    }),
  );
  test(
    'over a month of daily upkeep there is always one current key, and no more than the overlap holds',
    inFolder((folder) => {
      const keys = openFileKeys(folder, start);
      for (let hour = 0; hour < 24 * 30; hour += 1) {
        const now = later(hours(hour));
        keys.rotateDue(now);
        const accepted = keys.accepted('resume-ticket', now);
        assert.ok(accepted.length >= 1 && accepted.length <= 11, `${accepted.length} at hour ${hour}`);
        const current = keys.current('resume-ticket', now);
        assert.ok(current.activeFromMs <= now && now < (current.retiresAtMs ?? 0));
      }
    }),
  );
  test(
    'what has expired is destroyed in memory and on the disk; of signing keys the public half stays',
    inFolder((folder) => {
      const keys = openFileKeys(folder, start);
      const ticket = keys.current('resume-ticket', start);
      const signing = keys.current('audit-signing', start);
      keys.rotate('audit-signing', start);
      const end = later(days(60));
      keys.rotateDue(end);
      assert.equal(keys.find('resume-ticket', ticket.id), undefined);
      const ring = readKeyring(folder);
      assert.equal(
        ring.find(({ id }) => id === ticket.id),
        undefined,
      );
      const kept = ring.find(({ id }) => id === signing.id);
      assert.equal(kept?.wrap, null);
      assert.deepEqual(kept?.publicKey, signing.publicKey);
    }),
  );
  test(
    'after weeks without a start, opening makes keys that are active at once',
    inFolder((folder) => {
      openFileKeys(folder, start);
      const now = later(days(40));
      const keys = openFileKeys(folder, now);
      for (const purpose of keyPurposes) {
        const { activeFromMs, expiresAtMs } = keys.current(purpose, now);
        assert.ok(activeFromMs <= now && (expiresAtMs === null || expiresAtMs > now), purpose);
      }
    }),
  );
  test(
    'a clock that is set back finds a key all the same',
    inFolder((folder) => {
      const keys = openFileKeys(folder, start);
      const [id] = ids(keys, 'resume-ticket', start);
      assert.equal(keys.current('resume-ticket', later(-18_000_000)).id, id);
    }),
  );
  test(
    'a rotation by hand takes over at once, within the same millisecond too',
    inFolder((folder) => {
      const keys = openFileKeys(folder, start);
      const old = keys.current('config-signing', start);
      const made = keys.rotate('config-signing', start);
      assert.equal(keys.current('config-signing', start).id, made.id);
      assert.equal(keys.current('config-signing', later(days(365))).id, made.id);
      assert.deepEqual(ids(keys, 'config-signing', start), [made.id, old.id]);
      assert.deepEqual(ids(keys, 'config-signing', after(start, keyRules['config-signing'].overlap)), [made.id]);
    }),
  );
  test(
    'a key that is withdrawn is no longer accepted, and never comes back',
    inFolder((folder) => {
      const keys = openFileKeys(folder, start);
      const { id } = keys.current('gateway-p256', start);
      assert.equal(keys.withdraw('gateway-x25519', id, start), false, 'of another purpose');
      assert.equal(keys.withdraw('gateway-p256', id, start), true);
      assert.notEqual(keys.current('gateway-p256', start).id, id);
      assert.equal(keys.find('gateway-p256', id), undefined);
      assert.equal(openFileKeys(folder, start).find('gateway-p256', id), undefined);
    }),
  );
});

describe('other threads', () => {
  test(
    'a snapshot travels through a port and opens to the same keys, and follows changes',
    inFolder((folder) => {
      const keys = openFileKeys(folder, start);
      const { port1, port2 } = new MessageChannel();
      port1.postMessage(keys.snapshot());
      const received = receiveMessageOnPort(port2)?.message as ReturnType<KeyProvider['snapshot']>;
      const copy = keysFromSnapshot(received);
      for (const purpose of keyPurposes) {
        const [own, other] = [keys.current(purpose, start), copy.current(purpose, start)];
        assert.deepEqual([other.id, toHex(other.secret.reveal())], [own.id, toHex(own.secret.reveal())]);
      }
      const stop = keys.onChange((snapshot) => copy.update(snapshot));
      const made = keys.rotate('facts', start);
      assert.equal(copy.current('facts', start).id, made.id);
      stop();
      keys.rotate('facts', later(1));
      assert.equal(copy.current('facts', later(1)).id, made.id);
      port1.close();
    }),
  );
  test('what is revealed of a secret is a copy', () => {
    const secret = new SecretBytes(new Uint8Array(4).fill(9));
    secret.reveal().fill(0);
    assert.deepEqual(secret.reveal(), new Uint8Array(4).fill(9));
  });
});

describe('master keys', () => {
  const text = toBase64Url(new Uint8Array(32).fill(7));
  test('are taken from the environment or from a file that it names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hauberk-master-'));
    const file = join(folder, 'secret');
    writeFileSync(file, `${text}\n`);
    const direct = suppliedMasterKey({ HAUBERK_MASTER_KEY: text });
    const named = suppliedMasterKey({ HAUBERK_MASTER_KEY_FILE: file });
    assert.equal(direct?.id, named?.id);
    assert.equal(suppliedMasterKey({}), undefined);
    assert.equal(suppliedMasterKey({ HAUBERK_MASTER_KEY: text }, 'HAUBERK_PREVIOUS_MASTER_KEY'), undefined);
    rmSync(folder, { recursive: true });
    assert.throws(() => suppliedMasterKey({ HAUBERK_MASTER_KEY_FILE: file }), codeOf('master-key-missing'));
  });
  test('have one meaning in both spellings, and a name that does not tell them', () => {
    const key = new Uint8Array(32).fill(7);
    assert.equal(parseMasterKey(text, 't').id, parseMasterKey(toHex(key), 't').id);
    assert.notEqual(parseMasterKey(text, 't').id, master(8).id);
  });
  for (const bad of ['', 'short', text.slice(1), `${text}A`, 'zz'.repeat(32), '='.repeat(43)]) {
    test(`are 32 bytes: ${JSON.stringify(bad)} is refused, and the refusal does not repeat it`, () => {
      assert.throws(
        () => parseMasterKey(bad, 'HAUBERK_MASTER_KEY'),
        (error) => codeOf('master-key-malformed')(error) && (bad === '' || !String(error).includes(bad)),
      );
    });
  }
});

test(
  'a backup takes no key whose end forward secrecy rests on',
  inFolder((folder) => {
    openFileKeys(folder, start);
    const purposes = new Set(backupKeys(readKeyring(folder)).map(({ purpose }) => purpose));
    for (const purpose of ['resume-ticket', 'gateway-p256', 'gateway-x25519', 'enrolment-challenge'] as const) {
      assert.equal(purposes.has(purpose), false, purpose);
    }
    for (const purpose of ['config-signing', 'idempotency-outcome', 'audit-signing'] as const) {
      assert.equal(purposes.has(purpose), true, purpose);
    }
  }),
);
