/** The forms that save copies are the plain forms in another dress: for every text, well-formed UTF-16 or not, at every length. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nobleCrypto } from '@hauberk/crypto/noble';
import { nodeCrypto } from '@hauberk/crypto/node';
import { concat, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';

const key = new Uint8Array(32).fill(7);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }),
);

for (const crypto of [nodeCrypto, nobleCrypto]) {
  const mac = crypto.importMac(key);
  const aead = crypto.importAead(key);

  test(`${crypto.name}: the MAC of a text is the MAC of its UTF-8 bytes`, () => {
    fc.assert(
      fc.property(text, fc.constantFrom(1, 900), (piece, times) => {
        const long = piece.repeat(times);
        const plain = crypto.mac(mac, utf8(long));
        assert.deepEqual(crypto.macText(mac, long), plain);
        assert.ok(crypto.verifyMacText(mac, long, plain));
        assert.ok(!crypto.verifyMacText(mac, `${long}.`, plain));
        assert.ok(!crypto.verifyMacText(mac, long, plain.subarray(1)));
      }),
      { numRuns: 60 },
    );
  });

  test(`${crypto.name}: a detached seal is the seal, split`, () => {
    fc.assert(
      fc.property(text, fc.uint8Array({ maxLength: 3000 }), (associated, body) => {
        const nonce = new Uint8Array(12).fill(3);
        const seal = crypto.sealDetached(aead, nonce, body, associated);
        assert.deepEqual(concat(seal.ciphertext, seal.tag), crypto.seal(aead, nonce, body, utf8(associated)));
        assert.deepEqual(crypto.openDetached(aead, nonce, seal, associated), Uint8Array.from(body));
        assert.equal(crypto.openDetached(aead, nonce, seal, `${associated}.`), undefined);
        assert.equal(crypto.openDetached(aead, nonce, { ...seal, tag: seal.tag.subarray(1) }, associated), undefined);
      }),
      { numRuns: 60 },
    );
  });
}
