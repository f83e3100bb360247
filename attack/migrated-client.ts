/** An app that does not speak HB/1 yet: signs as draft-cavage, SigV4, DPoP and OAuth attestation have it, with node's crypto alone. */
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  randomUUID,
  sign,
} from 'node:crypto';
import { utf8 } from '@hauberk/primitives';
import type { Config } from '@hauberk/server';
import { type Call, send } from './http-call.ts';
import type { OwnGateway, World } from './world.ts';

const secret = 'the secret that every copy of the app holds';
const host = 'api.bank.example';
const issuer = 'https://login.bank.example';
const ec = (): KeyPairKeyObjectResult => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A key that signs JWTs. */
export type JwtKey = KeyPairKeyObjectResult;

const server = ec();
/** The key of the honest device. */
export const deviceKey: JwtKey = ec();
/** The key of the thief. */
export const thiefKey: JwtKey = ec();

const jwkOf = (key: KeyObject): object => key.export({ format: 'jwk' });
const serverJwk = { ...jwkOf(server.publicKey), kid: 's1', alg: 'ES256' };
const now = (): number => Math.floor(Date.now() / 1000);
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT; `alg` other than ES256 makes the forgeries that verifiers fell for. */
export const jwt = (
  key: JwtKey,
  header: object,
  payload: object,
  alg: 'ES256' | 'none' | 'HS256' = 'ES256',
): string => {
  const input = `${part({ alg, ...header })}.${part(payload)}`;
  if (alg === 'none') return `${input}.`;
  // HS256 under the bytes of the public key: what a verifier without a list of algorithms takes.
  if (alg === 'HS256')
    return `${input}.${createHmac('sha256', JSON.stringify(serverJwk)).update(input).digest('base64url')}`;
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
};

const thumbprint = (key: JwtKey): string => {
  const { crv, kty, x, y } = key.publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
};

/** Paths of the routes that `migratedGateway` adds. */
export const migratedPath = {
  cavage: '/api/migrated/cavage',
  repeatable: '/api/migrated/repeatable',
  sigv4: '/api/migrated/sigv4',
  dpop: '/api/migrated/dpop',
  dpopNonce: '/api/migrated/dpop-nonce',
  attestation: '/api/migrated/attestation',
} as const;

const keys = [{ id: 'app-1', secret }];
const cavage = {
  scheme: 'cavage-hmac',
  dialect: 'draft',
  keys,
  algorithms: ['hmac-sha256'],
  requiredHeaders: [],
  skewSeconds: 300,
  bodyDigest: true,
  once: 'unsafe',
} as const;
const jwks = JSON.stringify({ keys: [serverJwk] });
const schemes = {
  cavage,
  repeatable: { ...cavage, once: 'none' },
  sigv4: {
    scheme: 'sigv4',
    keys,
    region: 'r1',
    service: 'bank',
    path: 'normalised',
    skewSeconds: 300,
    presignedSeconds: 300,
    unsignedPayload: false,
    signedChunks: true,
    requiredHeaders: [],
    once: 'unsafe',
  },
  dpop: {
    scheme: 'dpop',
    jwks,
    issuer,
    audience: 'api',
    origins: [`https://${host}`],
    algorithms: ['ES256'],
    skewSeconds: 60,
    nonceSeconds: 0,
  },
  dpopNonce: {
    scheme: 'dpop',
    jwks,
    issuer,
    audience: 'api',
    origins: [`https://${host}`],
    algorithms: ['ES256'],
    skewSeconds: 60,
    nonceSeconds: 60,
  },
  attestation: {
    scheme: 'oauth-attestation',
    jwks,
    audience: `https://${host}`,
    clients: [],
    algorithms: ['ES256'],
    skewSeconds: 60,
  },
} as const;

/** A gateway with one route per scheme, past the second of its start: what may be used once is refused in that second. */
export const migratedGateway = async (world: World): Promise<OwnGateway> => {
  const gateway = await world.gatewayWith((config): Config => {
    const [service] = config.services;
    const base = service?.routes.find(({ protection, outcome }) => protection === 'none' && outcome === 'allow');
    if (service === undefined || base === undefined) throw new Error('the bank has no open route to copy');
    const routes = (Object.keys(schemes) as (keyof typeof schemes)[]).map((name) => ({
      ...base,
      id: name,
      methods: [],
      path: migratedPath[name],
      protection: 'required' as const,
      outcome: 'allow' as const,
      decoy: undefined,
      limits: {},
      migration: [schemes[name]],
    }));
    return { ...config, services: [{ ...service, routes: [...routes, ...service.routes] }] };
  });
  await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 5));
  return gateway;
};

/** What an attacker may bend before it is signed. */
export interface CavageAsk {
  readonly path?: string;
  readonly body?: string;
  readonly covered?: readonly string[];
  readonly skewSeconds?: number;
}

/** A request signed as draft-cavage has it. Bodies differ, or two of one second would be the same. */
export const cavageCall = (ask: CavageAsk = {}): Call => {
  const { path = migratedPath.cavage, body = JSON.stringify({ reference: randomUUID() }) } = ask;
  const covered = ask.covered ?? ['(request-target)', 'host', 'date', 'digest'];
  const headers: Record<string, string> = {
    host,
    date: new Date(Date.now() + (ask.skewSeconds ?? 0) * 1000).toUTCString(),
    digest: `SHA-256=${createHash('sha256').update(body).digest('base64')}`,
  };
  if (!covered.includes('digest')) delete headers['digest'];
  const lines = covered.map((name) =>
    name === '(request-target)' ? `${name}: post ${path}` : `${name}: ${headers[name]}`,
  );
  const signature = createHmac('sha256', secret).update(lines.join('\n')).digest('base64');
  headers['authorization'] =
    `Signature keyId="app-1",algorithm="hmac-sha256",headers="${covered.join(' ')}",signature="${signature}"`;
  return { method: 'POST', path, headers, body: utf8(body) };
};

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const sigv4Signature = (stamp: string, canonical: string): string => {
  const scope = `${stamp.slice(0, 8)}/r1/bank/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>((held, each) => hmac(held, each), `AWS4${secret}`);
  return hmac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`).toString('hex');
};

const stampOf = (at: number): string => new Date(at).toISOString().replace(/[:-]|\.\d{3}/g, '');

/** A POST signed with SigV4 in its header. */
export const sigv4Call = (skewSeconds = 0): Call => {
  const stamp = stampOf(Date.now() + skewSeconds * 1000);
  const body = JSON.stringify({ reference: randomUUID() });
  const names = 'host;x-amz-date';
  const canonical = `POST\n${migratedPath.sigv4}\n\nhost:${host}\nx-amz-date:${stamp}\n\n${names}\n${sha256(body)}`;
  const credential = `app-1/${stamp.slice(0, 8)}/r1/bank/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${sigv4Signature(stamp, canonical)}`;
  return {
    method: 'POST',
    path: migratedPath.sigv4,
    headers: { host, 'x-amz-date': stamp, authorization },
    body: utf8(body),
  };
};

const chunk = (size: number, signature: string, data: string): string =>
  `${size.toString(16)};chunk-signature=${signature}\r\n${data}\r\n`;

/** A POST whose body comes in signed chunks; `bend` is what the attacker does to the chunks on the way. */
export const chunkedCall = (bend: (chunks: readonly string[]) => readonly string[] = (chunks) => chunks): Call => {
  const stamp = stampOf(Date.now());
  const parts = [`${'a'.repeat(8192)}${randomUUID()}`, 'b'.repeat(8192), `{"reference":"${randomUUID()}"}`, ''];
  const length = parts.join('').length;
  const names = 'host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length';
  const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  const signed = `host:${host}\nx-amz-content-sha256:${payload}\nx-amz-date:${stamp}\nx-amz-decoded-content-length:${length}\n`;
  const seed = sigv4Signature(stamp, `POST\n${migratedPath.sigv4}\n\n${signed}\n${names}\n${payload}`);
  const scope = `${stamp.slice(0, 8)}/r1/bank/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>((held, each) => hmac(held, each), `AWS4${secret}`);
  let previous = seed;
  const chunks = parts.map((data) => {
    const text = ['AWS4-HMAC-SHA256-PAYLOAD', stamp, scope, previous, sha256(''), sha256(data)].join('\n');
    previous = hmac(key, text).toString('hex');
    return chunk(data.length, previous, data);
  });
  const authorization = `AWS4-HMAC-SHA256 Credential=app-1/${scope}, SignedHeaders=${names}, Signature=${seed}`;
  const headers = {
    host,
    'x-amz-date': stamp,
    'x-amz-content-sha256': payload,
    'x-amz-decoded-content-length': String(length),
    authorization,
  };
  return { method: 'POST', path: migratedPath.sigv4, headers, body: utf8(bend(chunks).join('')) };
};

/** A presigned GET of `statement`. */
export const presignedCall = (statement: string): Call => {
  const stamp = stampOf(Date.now());
  const query = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=app-1%2F${stamp.slice(0, 8)}%2Fr1%2Fbank%2Faws4_request`,
    `X-Amz-Date=${stamp}`,
    'X-Amz-Expires=120',
    'X-Amz-SignedHeaders=host',
    `statement=${statement}`,
  ].join('&');
  const canonical = `GET\n${migratedPath.sigv4}\n${query}\nhost:${host}\n\nhost\n${sha256('')}`;
  const path = `${migratedPath.sigv4}?${query}&X-Amz-Signature=${sigv4Signature(stamp, canonical)}`;
  return { method: 'GET', path, headers: { host } };
};

/** What an attacker may bend of a DPoP request. */
export interface DpopAsk {
  /** Which of the routes. */
  readonly path?: string;
  readonly claims?: object;
  readonly proofKey?: JwtKey;
  readonly tokenAlg?: 'ES256' | 'none' | 'HS256';
  readonly proofAlg?: 'ES256' | 'none';
}

/** A GET with an access token and its proof. */
export const dpopCall = (ask: DpopAsk = {}): Call => {
  const granted = { iss: issuer, aud: 'api', exp: now() + 300, cnf: { jkt: thumbprint(deviceKey) } };
  const token = jwt(server, { kid: 's1' }, granted, ask.tokenAlg);
  const key = ask.proofKey ?? deviceKey;
  const path = ask.path ?? migratedPath.dpop;
  const ath = createHash('sha256').update(token).digest('base64url');
  const claims = {
    jti: randomUUID(),
    htm: 'GET',
    htu: `https://${host}${path}`,
    iat: now(),
    ath,
    ...ask.claims,
  };
  const dpop = jwt(key, { typ: 'dpop+jwt', jwk: jwkOf(key.publicKey) }, claims, ask.proofAlg);
  return { method: 'GET', path, headers: { host, authorization: `DPoP ${token}`, dpop } };
};

/** What an attacker may bend of an attested request. */
export interface AttestationAsk {
  readonly proofKey?: JwtKey;
  readonly claims?: object;
  readonly attester?: JwtKey;
}

/** A GET of an attested client instance. */
export const attestationCall = (ask: AttestationAsk = {}): Call => {
  const attested = { sub: 'bank-app', exp: now() + 300, cnf: { jwk: jwkOf(deviceKey.publicKey) } };
  const attestation = jwt(ask.attester ?? server, { typ: 'oauth-client-attestation+jwt', kid: 's1' }, attested);
  const claims = { aud: `https://${host}`, jti: randomUUID(), iat: now(), ...ask.claims };
  const proof = jwt(ask.proofKey ?? deviceKey, { typ: 'oauth-client-attestation-pop+jwt' }, claims);
  const headers = { host, 'oauth-client-attestation': attestation, 'oauth-client-attestation-pop': proof };
  return { method: 'GET', path: migratedPath.attestation, headers };
};

/** How many of the calls reached the bank. */
export const reached = async (world: World, gateway: OwnGateway, calls: readonly Call[]): Promise<number> => {
  const before = world.received.length;
  for (const call of calls) await send(gateway.target().gateway, call);
  return world.received.length - before;
};

/** Runs forgeries, by name; answers those that reached the bank. */
export const leaks = async (
  world: World,
  gateway: OwnGateway,
  forgeries: Readonly<Record<string, Call>>,
): Promise<readonly string[]> => {
  const leaked: string[] = [];
  for (const [name, call] of Object.entries(forgeries))
    if ((await reached(world, gateway, [call])) > 0) leaked.push(name);
  return leaked;
};

const gateways = new WeakMap<World, Promise<OwnGateway>>();

/** Runs a step on the one gateway with migration routes of this world, which closes with it. */
export const onMigratedGateway = async <Value>(
  world: World,
  step: (gateway: OwnGateway) => Promise<Value>,
): Promise<Value> => {
  const held = gateways.get(world) ?? migratedGateway(world);
  gateways.set(world, held);
  return step(await held);
};

/** The outcome of a set of forgeries. */
export const forgeryOutcome = async (
  world: World,
  forgeries: () => Readonly<Record<string, Call>>,
): Promise<{ readonly observed: string; readonly held: boolean }> =>
  onMigratedGateway(world, async (gateway) => {
    const tried = forgeries();
    const leaked = await leaks(world, gateway, tried);
    const observed =
      leaked.length === 0 ? `${Object.keys(tried).length} forgeries refused` : `passed: ${leaked.join(', ')}`;
    return { observed, held: leaked.length === 0 };
  });

/** Whether honest calls all reach the bank. */
export const honestPass = (world: World, calls: () => readonly Call[]): Promise<boolean> =>
  onMigratedGateway(world, async (gateway) => {
    const made = calls();
    return (await reached(world, gateway, made)) === made.length;
  });
