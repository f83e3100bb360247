/** Certificate requests: read by OpenSSL as we read them, and refused whenever a bit of them is another. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { nodeCrypto } from '@hauberk/crypto/node';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import {
  assembleCertificateRequest,
  certificateRequestInfo,
  makeCertificateRequest,
  maxCertificateRequest,
  type SubjectName,
  verifyCertificateRequest,
} from '@hauberk/device';
import { type Bytes, concat, type KeyPair } from '@hauberk/primitives';
import fc from 'fast-check';

const key = nodeCrypto.generateKeyPair('p256', 'sign');
const subject: SubjectName = [
  ['C', 'IN'],
  ['O', 'Mailbrook'],
  ['CN', 'device Ünïcode'],
];
const make = (names: SubjectName, { privateKey, publicKey }: KeyPair = key): Promise<Bytes> =>
  makeCertificateRequest(names, publicKey, (message) => nodeCrypto.sign(privateKey, message));
const judge = (der: Bytes, publicKey: Uint8Array = key.publicKey): string => {
  const judged = verifyCertificateRequest(der, publicKey, nodeEvidenceCrypto);
  return judged.ok ? 'accepted' : judged.code;
};

test('a request is what was asked, under whatever names', async () => {
  const text = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }).filter((value) => value.isWellFormed());
  const names = fc.array(fc.tuple(fc.constantFrom('CN', 'O', 'OU', 'UID'), text), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(names, async (asked) => {
      const judged = verifyCertificateRequest(await make(asked), key.publicKey, nodeEvidenceCrypto);
      assert.ok(judged.ok);
      assert.deepEqual(judged.value.subject, asked);
    }),
    { numRuns: 50 },
  );
});

const openssl = spawnSync('openssl', ['version']).status === 0;
test('OpenSSL verifies it and reads the same names', {
  skip: openssl || process.env['CI_REQUIRE_ALL'] ? false : 'no openssl',
}, async () => {
  const input = Buffer.from(await make(subject));
  const args = ['req', '-inform', 'DER', '-verify', '-noout', '-subject', '-nameopt', 'RFC2253,utf8,-esc_msb'];
  const { status, stdout } = spawnSync('openssl', args, { input });
  assert.equal(status, 0);
  assert.match(stdout.toString(), /CN\s?=\s?device Ünïcode,\s?O\s?=\s?Mailbrook,\s?C\s?=\s?IN/);
});

test('every flipped bit is refused', async () => {
  const der = await make(subject);
  for (let bit = 0; bit < der.length * 8; bit += 1) {
    const bent = Uint8Array.from(der);
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.notEqual(judge(bent), 'accepted', `bit ${bit}`);
  }
});

test('random and truncated bytes are refused with a code, never with an exception', async () => {
  const der = await make(subject);
  for (let length = 0; length < der.length; length += 1) assert.equal(judge(der.slice(0, length)), 'csr.malformed');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.match(judge(Uint8Array.from(bytes)), /^csr\./);
    }),
  );
});

test('a request for another key, by another key, too long or with more behind it', async () => {
  const other = nodeCrypto.generateKeyPair('p256', 'sign');
  assert.equal(judge(await make(subject, other)), 'csr.key');
  const info = certificateRequestInfo(subject, key.publicKey);
  assert.equal(judge(assembleCertificateRequest(info, nodeCrypto.sign(other.privateKey, info))), 'csr.signature');
  assert.equal(judge(concat(await make(subject), new Uint8Array(1))), 'csr.malformed');
  assert.equal(judge(new Uint8Array(maxCertificateRequest + 1)), 'csr.too-long');
});
