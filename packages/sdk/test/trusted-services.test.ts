/** Trusted services on every keeper of keys, verified as a server verifies. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  openTrustedSeal,
  type TrustedExpectations,
  type TrustedKind,
  verifyTrustedCapture,
  verifyTrustedStatement,
} from '@hauberk/channel';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, epochMs, utf8 } from '@hauberk/primitives';
import {
  bridgeBackend,
  bridgeErrorCodes,
  bridgeMethods,
  type TrustedBridge,
  TrustedError,
  type TrustedKey,
  type TrustedServices,
  trustedServices,
} from '@hauberk/sdk/trusted';
import { fileTrustedStore, nodeTrustedServices } from '@hauberk/sdk/trusted-node';
import { phoneKinds, simulatedPhone, simulatedWorld } from '@hauberk/simulator';
import fc from 'fast-check';

/** One for all: makers are slow to make. */
const world = simulatedWorld();
const scope = { organisation: 'bank', app: 'phone', service: 'api' } as const;
const prompt = { title: 'Payment', text: 'Pay 20.00 EUR to Bob?' };
const data = utf8('{"amount":"20.00","to":"Bob"}');

const fresh = (): Bytes => nodeCrypto.random(32);
const expecting = (
  kind: TrustedKind,
  { publicKey, thumbprint }: TrustedKey,
  challenge: Bytes,
): TrustedExpectations => ({
  kind,
  ...scope,
  publicKey,
  thumbprint,
  challenge,
  now: epochMs(Date.now()),
});
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    return error instanceof TrustedError ? error.code : String(error);
  }
};
const holds = (answer: { readonly ok: boolean; readonly code?: string }): string =>
  answer.ok ? 'holds' : (answer.code ?? '');

interface Host {
  readonly name: string;
  readonly services: TrustedServices;
  readonly user?: (answer: 'approve' | 'cancel' | 'fail') => void;
  readonly hasCamera: boolean;
  readonly hasEvidence: boolean;
}

const phones = phoneKinds.map((kind): Host => {
  const phone = simulatedPhone(kind, { world });
  const services = trustedServices(bridgeBackend(phone.bridge), { ...scope, crypto: nodeAsyncCrypto, now: Date.now });
  return { name: `a simulated ${kind}`, services, user: phone.user, hasCamera: true, hasEvidence: true };
});
const hosts: readonly Host[] = [
  ...phones,
  { name: 'software in Node', services: nodeTrustedServices(scope), hasCamera: false, hasEvidence: false },
];

for (const { name, services, user, hasCamera, hasEvidence } of hosts)
  describe(`trusted services on ${name}`, () => {
    it('a device identifies itself and signs data for one challenge', async () => {
      const challenge = fresh();
      const key = await services.createKey('device', { challenge });
      assert.equal(key.evidence.length > 0, hasEvidence);
      assert.equal(await codeOf(services.createKey('device', { challenge })), 'key-exists');
      assert.deepEqual(await services.key('device'), { ...key, evidence: [] });
      const identified = await services.identify({ challenge });
      assert.equal(
        holds(verifyTrustedStatement(nodeCrypto, identified, utf8(''), expecting('identify', key, challenge))),
        'holds',
      );
      assert.equal(
        holds(verifyTrustedStatement(nodeCrypto, identified, utf8(''), expecting('sign', key, challenge))),
        'trusted.kind',
      );
      const signed = await services.sign(data, { challenge, mediaType: 'application/json' });
      assert.equal(holds(verifyTrustedStatement(nodeCrypto, signed, data, expecting('sign', key, challenge))), 'holds');
      assert.equal(
        holds(verifyTrustedStatement(nodeCrypto, signed, data, expecting('sign', key, fresh()))),
        'trusted.challenge',
      );
      assert.equal(
        await codeOf(services.attest('device', { challenge: fresh() })),
        hasEvidence ? 'done' : 'attestation-unavailable',
      );
    });

    it('data are sealed for this device and for a server', async () => {
      const sealed = await services.seal('card', data);
      assert.deepEqual(await services.unseal('card', sealed), data);
      assert.equal(await codeOf(services.unseal('pin', sealed)), 'not-sealed-here');
      const [challenge, key] = [fresh(), await services.key('device')];
      const server = nodeCrypto.generateKeyPair('p256', 'agree');
      const sent = await services.sealFor(server.publicKey, data, { challenge, mediaType: 'application/json' });
      const expected = expecting('seal', key, challenge);
      const opened = openTrustedSeal(nodeCrypto, server, sent, expected);
      assert.deepEqual(opened.ok && opened.value, data);
      const stranger = nodeCrypto.generateKeyPair('p256', 'agree');
      assert.equal(holds(openTrustedSeal(nodeCrypto, stranger, sent, expected)), 'trusted.not-for-us');
      assert.equal(
        holds(openTrustedSeal(nodeCrypto, server, { ...sent, sealed: sent.sealed.slice(1) }, expected)),
        'trusted.digest',
      );
    });

    it('a deleted key is another one when it is made again', async () => {
      const old = await services.key('device');
      assert.equal(await services.deleteKey('device'), true);
      assert.equal(await codeOf(services.identify({ challenge: fresh() })), 'no-such-key');
      const key = await services.createKey('device', { challenge: fresh() });
      assert.notEqual(key.thumbprint, old.thumbprint);
      const challenge = fresh();
      const identified = await services.identify({ challenge });
      assert.equal(
        holds(verifyTrustedStatement(nodeCrypto, identified, utf8(''), expecting('identify', key, challenge))),
        'holds',
      );
    });

    if (user === undefined)
      it('without a way to verify the user there is no key that requires it', async () => {
        assert.equal(await codeOf(services.createKey('approve', { challenge: fresh() })), 'user-unavailable');
      });
    else
      it('what a user approves names the words that were shown', async () => {
        const challenge = fresh();
        const key = await services.createKey('approve', { challenge });
        const { statement } = await services.verifyUser(data, { challenge, mediaType: 'application/json', prompt });
        const expected = { ...expecting('verify-user', key, challenge), prompt };
        assert.equal(holds(verifyTrustedStatement(nodeCrypto, statement, data, expected)), 'holds');
        const other = { ...expected, prompt: { ...prompt, text: 'Log in?' } };
        assert.equal(holds(verifyTrustedStatement(nodeCrypto, statement, data, other)), 'trusted.prompt');
        for (const [answer, code] of [
          ['cancel', 'user-cancelled'],
          ['fail', 'user-not-verified'],
        ] as const) {
          user(answer);
          assert.equal(await codeOf(services.verifyUser(data, { challenge, mediaType: 'a/b', prompt })), code);
        }
        user('approve');
      });

    if (hasCamera)
      it('a capture holds for its media and its challenge', async () => {
        const challenge = fresh();
        const key = await services.createKey('capture', { challenge });
        const taken = await services.capture('document', { challenge });
        const expected = expecting('capture', key, challenge);
        assert.equal(holds(verifyTrustedCapture(nodeCrypto, taken.statement, taken, expected)), 'holds');
        const changed = { ...taken, media: utf8('a picture of somebody else') };
        assert.equal(holds(verifyTrustedCapture(nodeCrypto, taken.statement, changed, expected)), 'trusted.signature');
        assert.equal(holds(verifyTrustedStatement(nodeCrypto, taken.statement, taken.media, expected)), 'trusted.kind');
        assert.equal(await codeOf(services.capture('thoughts', { challenge })), 'unsupported');
      });
  });

describe('trusted services and their bridge', () => {
  const services = (call: TrustedBridge['call'], waits = {}) =>
    trustedServices(bridgeBackend({ call }, waits), { ...scope, crypto: nodeAsyncCrypto, now: Date.now });

  it('answers against the contract are told apart from refusals', async () => {
    const answers: readonly (readonly [string, string])[] = [
      ['{"v":1,"id":1,"error":{"code":"busy"}}', 'busy'],
      ['{"v":1,"id":1,"error":{"code":"invented"}}', 'bridge-broken'],
      ['{"v":1,"id":2,"error":{"code":"busy"}}', 'bridge-broken'],
      ['{"v":2,"id":1,"error":{"code":"busy"}}', 'bridge-broken'],
      ['{"v":1,"id":1,"result":{}}', 'bridge-broken'],
      ['{"v":1,"id":1}', 'bridge-broken'],
      ['nothing', 'bridge-broken'],
    ];
    for (const [answer, code] of answers)
      assert.equal(await codeOf(services(async () => answer).about()), code, answer);
    assert.equal(await codeOf(services(() => Promise.reject(new Error('no'))).about()), 'bridge-broken');
  });

  it('whatever is sent, a bridge answers once, in the contract’s form, and nothing throws', async () => {
    const { bridge } = simulatedPhone('android', { world });
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('AA', 'k', 'sign', 'none', 'software', 32, '+919811111111', 0, 8),
    );
    const names = ['alias', 'use', 'userVerification', 'level', 'challenge', 'message', 'prompt', 'plaintext', 'kind'];
    const simNames = ['to', 'text', 'slot', 'after', 'digits', 'route'];
    const params = fc.oneof(
      fc.dictionary(fc.constantFrom(...names), value),
      fc.dictionary(fc.constantFrom(...simNames), value),
      fc.record({ digits: value, waitMs: fc.constant(0) }),
    );
    const method = fc.oneof(fc.constantFrom(...bridgeMethods), fc.string());
    const request = fc.record({
      v: fc.constantFrom(1, 2, 3),
      id: fc.oneof(fc.integer(), fc.constant(1)),
      method,
      params,
    });
    const message = fc.oneof(
      fc.string(),
      fc.json(),
      request.map((written) => JSON.stringify(written)),
    );
    await fc.assert(
      fc.asyncProperty(message, async (sent) => {
        const answer = JSON.parse(await bridge.call(sent)) as {
          v: number;
          id: number;
          result?: object;
          error?: { code: string };
        };
        assert.ok([1, 2, 3].includes(answer.v));
        assert.ok(Number.isInteger(answer.id));
        assert.ok((answer.result === undefined) !== (answer.error === undefined));
        assert.notEqual(answer.error?.code, 'internal', sent);
        if (answer.error !== undefined) assert.ok(bridgeErrorCodes.some((code) => code === answer.error?.code));
      }),
      { numRuns: 500 },
    );
  });

  it('a bridge that is silent counts as lost', async () => {
    assert.equal(await codeOf(services(() => new Promise(() => {}), { quickMs: 1 }).about()), 'timeout');
  });

  it('an approval without a verified user is none', async () => {
    const phone = simulatedPhone('android', { world });
    const backend = bridgeBackend(phone.bridge);
    const lying = {
      ...backend,
      sign: async (params: Parameters<typeof backend.sign>[0]) => ({
        ...(await backend.sign(params)),
        userVerified: false,
      }),
    };
    const trusted = trustedServices(lying, { ...scope, crypto: nodeAsyncCrypto, now: Date.now });
    await trusted.createKey('approve', { challenge: fresh() });
    const asked = { challenge: fresh(), mediaType: 'a/b', prompt };
    assert.equal(await codeOf(trusted.verifyUser(data, asked)), 'user-not-verified');
  });
});

it('keys in a file outlive the process that made them, and only their owner reads them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-trusted-'));
  try {
    const open = (): TrustedServices =>
      nodeTrustedServices({ ...scope, store: fileTrustedStore(join(folder, 'keys')) });
    const challenge = fresh();
    const [made, sealed] = [await open().createKey('device', { challenge }), await open().seal('card', data)];
    assert.deepEqual(await open().unseal('card', sealed), data);
    const identified = await open().identify({ challenge });
    assert.equal(
      holds(verifyTrustedStatement(nodeCrypto, identified, utf8(''), expecting('identify', made, challenge))),
      'holds',
    );
    assert.equal(statSync(join(folder, 'keys')).mode & 0o777, 0o600);
    assert.equal(await open().deleteKey('device'), true);
    assert.equal(await codeOf(open().identify({ challenge })), 'no-such-key');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
