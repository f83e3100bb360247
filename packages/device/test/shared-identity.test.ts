/** Several apps, one device: the joint proof, its ways, and what does not count. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type LinkStatement,
  linkBytes,
  readLinkBytes,
  type SharedIdentity,
  sharedRoutes,
  signLink,
} from '@hauberk/channel/client';
import { nodeCrypto } from '@hauberk/crypto/node';
import { judgeLink } from '@hauberk/device';
import type { KeyPair, Result } from '@hauberk/primitives';
import fc from 'fast-check';

const pair = (): KeyPair => nodeCrypto.generateKeyPair('p256', 'sign');
const [own, other] = [pair(), pair()];
const statement: LinkStatement = {
  challenge: new Uint8Array(32).fill(7),
  organisation: 'demo',
  app: 'retail',
  deviceId: 'A'.repeat(22),
  route: 'server-link',
};
const signed = (key: KeyPair, over: LinkStatement = statement) => ({
  publicKey: key.publicKey,
  signature: nodeCrypto.sign(key.privateKey, linkBytes(over)),
});
const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  nodeCrypto.verify(publicKey, message, signature);
const codeOf = (result: Result<unknown>): string => (result.ok ? 'accepted' : result.code);

test('two keys over one statement make two apps one device, and the verdict says which way', () => {
  const judged = judgeLink(statement, signed(own), signed(other), sharedRoutes, verify);
  assert.ok(judged.ok);
  assert.deepEqual([judged.value.route, judged.value.sharedKey], ['server-link', other.publicKey]);
});

test('a signature over any other statement does not count, whichever key made it', () => {
  const others: readonly LinkStatement[] = [
    { ...statement, challenge: new Uint8Array(32).fill(8) },
    { ...statement, organisation: 'other' },
    { ...statement, app: 'corporate' },
    { ...statement, deviceId: 'B'.repeat(22) },
    { ...statement, route: 'keychain-group' },
  ];
  for (const moved of others) {
    const [byOwn, byOther] = [signed(own, moved), signed(other, moved)];
    assert.equal(codeOf(judgeLink(statement, byOwn, signed(other), sharedRoutes, verify)), 'link.signature-own');
    assert.equal(codeOf(judgeLink(statement, signed(own), byOther, sharedRoutes, verify)), 'link.signature-shared');
  }
});

test('one key twice is no joint proof, and a way that is not accepted is refused', () => {
  assert.equal(codeOf(judgeLink(statement, signed(own), signed(own), sharedRoutes, verify)), 'link.same-key');
  assert.equal(codeOf(judgeLink(statement, signed(own), signed(other), ['keychain-group'], verify)), 'link.route');
});

test('no two statements have the same bytes', () => {
  const part = fc.string({ maxLength: 12 });
  const any = fc.record({ organisation: part, app: part, deviceId: part, route: fc.constantFrom(...sharedRoutes) });
  fc.assert(
    fc.property(any, any, (left, right) => {
      const [a, b] = [left, right].map((parts) => Buffer.from(linkBytes({ ...statement, ...parts })).toString('hex'));
      assert.equal(a === b, JSON.stringify(Object.values(left)) === JSON.stringify(Object.values(right)));
    }),
  );
});

test('the strongest way that the phone offers is taken; without any there is no link', async () => {
  const way = (route: SharedIdentity['route'], isThere: boolean): SharedIdentity => ({
    route,
    sign: async (bytes) =>
      isThere ? { publicKey: other.publicKey, signature: nodeCrypto.sign(other.privateKey, bytes) } : undefined,
  });
  const ways = [way('server-link', true), way('vendor-bridge', true), way('keychain-group', false)];
  const chosen = await signLink(ways, (route) => ({ ...statement, route }));
  assert.equal(chosen?.route, 'vendor-bridge');
  assert.ok(chosen !== undefined);
  const link = { ...statement, route: chosen.route };
  assert.equal(codeOf(judgeLink(link, signed(own, link), chosen, sharedRoutes, verify)), 'accepted');
  assert.equal(await signLink([way('server-link', false)], (route) => ({ ...statement, route })), undefined);
});

test('an app that is asked to sign reads exactly the statements that there are, and nothing else', () => {
  assert.deepEqual(readLinkBytes(linkBytes(statement)), statement);
  const text = fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme-ascii' });
  fc.assert(
    fc.property(text, text, text, fc.constantFrom(...sharedRoutes), (organisation, app, deviceId, route) => {
      const other = { ...statement, organisation, app, deviceId, route };
      assert.deepEqual(readLinkBytes(linkBytes(other)), other);
    }),
  );
  const whole = linkBytes(statement);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, isCut) => {
      const bent = isCut
        ? whole.slice(0, at)
        : Uint8Array.from(whole, (byte, index) => (index === at ? byte ^ flip : byte));
      const read = readLinkBytes(bent);
      assert.ok(read === undefined || Buffer.from(linkBytes(read)).equals(Buffer.from(bent)));
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readLinkBytes(bytes) === undefined));
  assert.equal(readLinkBytes(Uint8Array.of(...whole, 0)), undefined);
});
