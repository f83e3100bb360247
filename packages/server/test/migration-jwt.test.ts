/** DPoP and OAuth attestation against `jose` as the independent signer, and attacks, each beside its control. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { nodeCrypto } from '@hauberk/crypto/node';
import { epochMs, epochSeconds } from '@hauberk/primitives';
import fc from 'fast-check';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { type DpopRules, verifyDpop } from '../src/migration/dpop.ts';
import { dpopNonces } from '../src/migration/dpop-nonce.ts';
import { judgeMigration } from '../src/migration/judge-migration.ts';
import { jwksOf } from '../src/migration/jwt.ts';
import type { MigrationRequest, MigrationVerifier } from '../src/migration/migration-request.ts';
import { type AttestationRules, verifyAttestation } from '../src/migration/oauth-attestation.ts';
import { createOnceMemory, openOnceRegister } from '../src/migration/once-register.ts';

const at = epochMs(1_800_000_000_000);
const now = at / 1000;

const keyOf = async (alg = 'ES256') => {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { ...pair, alg, jwk: await exportJWK(pair.publicKey) };
};
type Key = Awaited<ReturnType<typeof keyOf>>;

const server = await keyOf();
const device = await keyOf();
const stranger = await keyOf();
const rsa = await keyOf('RS256');
const jwks = jwksOf(JSON.stringify({ keys: [{ ...server.jwk, kid: 's1', alg: 'ES256' }] }));

const requestOf = (
  headers: Readonly<Record<string, string>>,
  method = 'GET',
  path = '/accounts',
): MigrationRequest => ({
  method,
  path,
  query: '?page=1',
  httpVersion: '1.1',
  headers,
  rawHeaders: Object.entries(headers).flat(),
  body: new Uint8Array(0),
  now: at,
});

/** Signs as `jose` does; undefined members are left out. */
const jwt = (key: Pick<Key, 'privateKey' | 'alg'>, header: object, payload: object): Promise<string> =>
  new SignJWT(payload as Record<string, unknown>).setProtectedHeader({ alg: key.alg, ...header }).sign(key.privateKey);

const outcomeOf = (verdict: { readonly ok: boolean; readonly code?: string }): string =>
  verdict.ok ? 'ok' : (verdict.code ?? '');

describe('DPoP (RFC 9449)', () => {
  const rules: DpopRules = {
    jwks,
    issuer: 'https://login.bank.example',
    audience: 'api',
    algorithms: ['ES256'],
    origins: ['https://api.bank.example'],
    skewSeconds: 60,
    nonceSeconds: 0,
  };

  interface Ask {
    readonly claims?: object;
    readonly header?: object;
    readonly proofKey?: Pick<Key, 'privateKey' | 'alg'>;
    readonly proofJwk?: JWK;
    readonly token?: string;
    readonly tokenClaims?: object;
  }

  const make = async (ask: Ask = {}): Promise<MigrationRequest> => {
    const jkt = await calculateJwkThumbprint(device.jwk);
    const cnf = { jkt };
    const base = { iss: rules.issuer, aud: rules.audience, sub: 'customer', exp: now + 600, cnf };
    const token = ask.token ?? (await jwt(server, { kid: 's1' }, { ...base, ...ask.tokenClaims }));
    const ath = createHash('sha256').update(token).digest('base64url');
    const claims = { jti: randomUUID(), htm: 'GET', htu: 'https://api.bank.example/accounts', iat: now, ath };
    const header = { typ: 'dpop+jwt', jwk: ask.proofJwk ?? device.jwk, ...ask.header };
    const proof = await jwt(ask.proofKey ?? device, header, { ...claims, ...ask.claims });
    return requestOf({ authorization: `DPoP ${token}`, dpop: proof });
  };

  const outcome = async (ask: Ask = {}): Promise<string> => outcomeOf(await verifyDpop(rules, await make(ask)));

  test('control: an honest proof passes, query and fragment of htu ignored', async () => {
    assert.equal(await outcome(), 'ok');
    assert.equal(await outcome({ claims: { htu: 'https://api.bank.example/accounts?x=1#y' } }), 'ok');
    assert.equal(await outcome({ claims: { htu: 'HTTPS://API.bank.example:443/accounts' } }), 'ok');
  });

  const attacks: readonly (readonly [string, () => Ask, string])[] = [
    ['htm of another method', () => ({ claims: { htm: 'POST' } }), 'migration.claims'],
    ['htu of another path', () => ({ claims: { htu: 'https://api.bank.example/transfers' } }), 'migration.claims'],
    ['htu of another origin', () => ({ claims: { htu: 'https://evil.example/accounts' } }), 'migration.claims'],
    ['ath of another token', () => ({ claims: { ath: 'x' } }), 'migration.claims'],
    ['no jti', () => ({ claims: { jti: undefined } }), 'migration.claims'],
    ['a jti of 10 kB', () => ({ claims: { jti: 'x'.repeat(10_000) } }), 'migration.claims'],
    ['a proof of an hour ago', () => ({ claims: { iat: now - 3600 } }), 'migration.clock'],
    ['a proof from the future', () => ({ claims: { iat: now + 3600 } }), 'migration.clock'],
    ['another type', () => ({ header: { typ: 'JWT' } }), 'migration.claims'],
    ['a proof under another key', () => ({ proofKey: stranger }), 'migration.signature'],
    [
      'a stolen token with a key of the thief',
      () => ({ proofKey: stranger, proofJwk: stranger.jwk }),
      'migration.claims',
    ],
    ['an algorithm outside the list', () => ({ proofKey: rsa, proofJwk: rsa.jwk }), 'migration.algorithm'],
    ['a private key in the header', () => ({ proofJwk: { ...device.jwk, d: 'AAAA' } }), 'migration.malformed'],
    ['a symmetric key in the header', () => ({ proofJwk: { kty: 'oct', k: 'AAAA' } }), 'migration.malformed'],
    ['a token for another audience', () => ({ tokenClaims: { aud: 'other' } }), 'migration.claims'],
    ['a token of another issuer', () => ({ tokenClaims: { iss: 'https://evil.example' } }), 'migration.claims'],
    ['an expired token', () => ({ tokenClaims: { exp: now - 600 } }), 'migration.clock'],
    ['a token bound to no key', () => ({ tokenClaims: { cnf: undefined } }), 'migration.claims'],
  ];
  for (const [name, ask, expected] of attacks)
    test(`${name} is refused`, async () => assert.equal(await outcome(ask()), expected));

  describe('with nonces of the gateway', () => {
    const demanding: DpopRules = { ...rules, nonceSeconds: 60 };
    const keyed = (byte: number) => nodeCrypto.importMac(new Uint8Array(32).fill(byte));
    const nonces = dpopNonces(nodeCrypto, keyed(1), epochSeconds(now - 1000));
    const judged = async (ask: Ask, later = 0): Promise<string> =>
      outcomeOf(await verifyDpop(demanding, { ...(await make(ask)), nonces, now: epochMs(at + later * 1000) }));
    const nonce = nonces.issue(at);

    test('a proof under a nonce passes for its life, whatever the client’s clock says', async () => {
      assert.equal(await judged({ claims: { nonce } }), 'ok');
      assert.equal(await judged({ claims: { nonce } }, 60), 'ok');
      assert.equal(await judged({ claims: { nonce, iat: now - 86_400 } }), 'ok');
      assert.equal(await judged({ claims: { nonce } }, 61), 'migration.nonce');
    });
    test('none, a bent one, one of the future, of another process or of another start is asked for again', async () => {
      const bent = Buffer.from(nonce, 'base64url');
      bent[7] = (bent[7] ?? 0) ^ 1;
      const foreign = dpopNonces(nodeCrypto, keyed(2), epochSeconds(now - 1000)).issue(at);
      const ahead = nonces.issue(epochMs(at + 5000));
      for (const given of [undefined, '', 7, null, 'x'.repeat(10_000), bent.toString('base64url'), foreign, ahead])
        assert.equal(await judged({ claims: { nonce: given } }), 'migration.nonce', String(given).slice(0, 40));
      assert.equal(outcomeOf(await verifyDpop(demanding, await make({ claims: { nonce } }))), 'migration.nonce');
    });
    test('a nonce vouches for nothing else: the other checks stay', async () => {
      assert.equal(await judged({ claims: { nonce, htm: 'POST' } }), 'migration.claims');
      assert.equal(await judged({ claims: { nonce }, proofKey: stranger }), 'migration.signature');
      assert.equal(await judged({ claims: { nonce, jti: undefined } }), 'migration.claims');
    });
    test('right after a start a nonce is good at once, and its jti counts once', async () => {
      const born = epochSeconds(now);
      const fresh = dpopNonces(nodeCrypto, keyed(1), born);
      const useOnce = openOnceRegister(createOnceMemory(1024, 300, born));
      const verifier: MigrationVerifier = {
        scheme: 'dpop',
        claims: () => true,
        verify: (each) => verifyDpop(demanding, each),
      };
      const request = { ...(await make({ claims: { nonce: fresh.issue(at) } })), nonces: fresh };
      assert.equal(outcomeOf(await judgeMigration([verifier], useOnce, request)), 'ok');
      assert.equal(outcomeOf(await judgeMigration([verifier], useOnce, request)), 'migration.replayed');
    });
    test('no text is taken for a nonce that was not issued', () => {
      fc.assert(fc.property(fc.string({ maxLength: 64 }), (text) => nonces.issuedAt(text, at) === undefined));
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 24, maxLength: 24 }),
          (bytes) => nonces.issuedAt(Buffer.from(bytes).toString('base64url'), at) === undefined,
        ),
      );
    });
  });

  test('algorithm confusion: `none`, and HS256 under the public key as secret', async () => {
    const honest = await make();
    const [, payload = ''] = String(honest.headers['dpop']).split('.');
    const none = `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'dpop+jwt', jwk: device.jwk })).toString('base64url')}.${payload}.`;
    assert.equal(
      outcomeOf(await verifyDpop(rules, { ...honest, headers: { ...honest.headers, dpop: none } })),
      'migration.algorithm',
    );
    const publicBytes = Buffer.from(JSON.stringify(server.jwk));
    const token = await new SignJWT({ iss: rules.issuer, aud: rules.audience, exp: now + 60, cnf: {} })
      .setProtectedHeader({ alg: 'HS256', kid: 's1' })
      .sign(publicBytes);
    assert.equal(await outcome({ token }), 'migration.algorithm');
  });

  test('what is no JWT at all is malformed, never a fault', async () => {
    for (const dpop of ['', 'x', 'a.b.c', `${'é'}.x.y`, '..'])
      assert.equal(
        outcomeOf(await verifyDpop(rules, requestOf({ authorization: 'DPoP abc', dpop }))),
        'migration.malformed',
      );
  });

  test('a jti counts once, also for requests at once; another passes', async () => {
    const verifier: MigrationVerifier = {
      scheme: 'dpop',
      claims: () => true,
      verify: (each) => verifyDpop(rules, each),
    };
    const memory = createOnceMemory(1024, 300, epochSeconds(now - 10));
    const threads = [openOnceRegister(memory), openOnceRegister(memory)] as const;
    const request = await make();
    const verdicts = await Promise.all(threads.map((useOnce) => judgeMigration([verifier], useOnce, request)));
    assert.deepEqual(verdicts.map(outcomeOf).toSorted(), ['migration.replayed', 'ok']);
    assert.equal(outcomeOf(await judgeMigration([verifier], threads[0], await make())), 'ok');
  });

  test('a proof that fails uses nothing up', async () => {
    const verifier: MigrationVerifier = {
      scheme: 'dpop',
      claims: () => true,
      verify: (each) => verifyDpop(rules, each),
    };
    const useOnce = openOnceRegister(createOnceMemory(1024, 300, epochSeconds(now - 10)));
    const request = await make();
    assert.equal(
      outcomeOf(await judgeMigration([verifier], useOnce, { ...request, method: 'POST' })),
      'migration.claims',
    );
    assert.equal(outcomeOf(await judgeMigration([verifier], useOnce, request)), 'ok');
  });
});

describe('the register of one-time credentials', () => {
  const proof = (once: string | undefined, createdSeconds = now) => ({ keyId: 'k', once, createdSeconds });
  test('what was made before this start is refused: an earlier run may have taken it', () => {
    const useOnce = openOnceRegister(createOnceMemory(1024, 300, epochSeconds(now - 10)));
    assert.equal(useOnce('dpop', proof('a', now - 10), at), 'migration.fenced');
    assert.equal(useOnce('dpop', proof('a', now - 9), at), undefined);
  });
  test('full it refuses, and forgets nothing that it took', () => {
    const useOnce = openOnceRegister(createOnceMemory(64, 300, epochSeconds(now - 10)));
    const verdicts = Array.from({ length: 400 }, (_, index) => useOnce('sigv4', proof(`n${index}`), at));
    assert.ok(verdicts.includes('migration.register-full'));
    for (const [index, verdict] of verdicts.entries())
      if (verdict === undefined) assert.equal(useOnce('sigv4', proof(`n${index}`), at), 'migration.replayed');
  });
  test('it takes nothing that outlives its memory, and two schemes do not meet', () => {
    const useOnce = openOnceRegister(createOnceMemory(1024, 300, epochSeconds(now - 4000)));
    assert.equal(useOnce('sigv4', proof('a', now - 301), at), 'migration.clock');
    assert.equal(useOnce('sigv4', proof('a', now - 300), at), undefined);
    assert.equal(useOnce('dpop', proof('a', now - 300), at), undefined);
    assert.equal(useOnce('dpop', proof(undefined), at), undefined);
  });
});

describe('OAuth attestation-based client authentication', () => {
  const rules: AttestationRules = {
    jwks,
    issuer: undefined,
    audience: 'https://api.bank.example',
    clients: ['bank-app'],
    algorithms: ['ES256'],
    skewSeconds: 60,
  };

  interface Ask {
    readonly attestation?: object;
    readonly attester?: Key;
    readonly attestationHeader?: object;
    readonly proof?: object;
    readonly proofKey?: Key;
    readonly proofHeader?: object;
  }

  const make = async (ask: Ask = {}): Promise<MigrationRequest> => {
    const attested = { sub: 'bank-app', exp: now + 600, cnf: { jwk: device.jwk }, ...ask.attestation };
    const typ = { typ: 'oauth-client-attestation+jwt', kid: 's1', ...ask.attestationHeader };
    const proof = { aud: rules.audience, jti: randomUUID(), iat: now, ...ask.proof };
    return requestOf({
      'oauth-client-attestation': await jwt(ask.attester ?? server, typ, attested),
      'oauth-client-attestation-pop': await jwt(
        ask.proofKey ?? device,
        { typ: 'oauth-client-attestation-pop+jwt', ...ask.proofHeader },
        proof,
      ),
    });
  };
  const outcome = async (ask: Ask = {}, changed: Partial<AttestationRules> = {}): Promise<string> =>
    outcomeOf(await verifyAttestation({ ...rules, ...changed }, await make(ask)));

  test('control: an attested instance passes, also where the proof names its client', async () => {
    assert.equal(await outcome(), 'ok');
    assert.equal(await outcome({ proof: { iss: 'bank-app' } }), 'ok');
    assert.equal(
      await outcome({ attestation: { iss: 'https://attester.example' } }, { issuer: 'https://attester.example' }),
      'ok',
    );
  });

  const attacks: readonly (readonly [string, Ask, string])[] = [
    ['an attestation by a stranger', { attester: stranger }, 'migration.signature'],
    ['a stolen attestation with the thief’s key', { proofKey: stranger }, 'migration.signature'],
    ['an attestation that expired', { attestation: { exp: now - 600 } }, 'migration.clock'],
    ['an attestation without expiry', { attestation: { exp: undefined } }, 'migration.claims'],
    ['an attestation without key', { attestation: { cnf: undefined } }, 'migration.claims'],
    ['a symmetric key', { attestation: { cnf: { jwk: { kty: 'oct', k: 'AAAA' } } } }, 'migration.claims'],
    [
      'a key that is none',
      { attestation: { cnf: { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } } } },
      'migration.claims',
    ],
    ['another client', { attestation: { sub: 'other-app' } }, 'migration.key-unknown'],
    ['a proof for another audience', { proof: { aud: 'https://evil.example' } }, 'migration.claims'],
    ['a proof of an hour ago', { proof: { iat: now - 3600 } }, 'migration.clock'],
    ['a proof from the future', { proof: { iat: now + 3600 } }, 'migration.clock'],
    ['a proof that names another client', { proof: { iss: 'other-app' } }, 'migration.claims'],
    ['a proof without jti', { proof: { jti: undefined } }, 'migration.claims'],
    ['the attestation as its own proof', { proofHeader: { typ: 'oauth-client-attestation+jwt' } }, 'migration.claims'],
    ['a plain JWT as attestation', { attestationHeader: { typ: 'JWT' } }, 'migration.claims'],
  ];
  for (const [name, ask, expected] of attacks)
    test(`${name} is refused`, async () => assert.equal(await outcome(ask), expected));

  test('a jti counts once', async () => {
    const verifier: MigrationVerifier = {
      scheme: 'oauth-attestation',
      claims: () => true,
      verify: (each) => verifyAttestation(rules, each),
    };
    const useOnce = openOnceRegister(createOnceMemory(1024, 300, epochSeconds(now - 10)));
    const request = await make();
    assert.equal(outcomeOf(await judgeMigration([verifier], useOnce, request)), 'ok');
    assert.equal(outcomeOf(await judgeMigration([verifier], useOnce, request)), 'migration.replayed');
  });
});
