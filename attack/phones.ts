/**
 * Simulated phones before a gateway that believes their makers, for the attacks on hardware evidence. Each gateway is strict (hardware or nothing)
 * unless a control loosens exactly what its attack is about.
 */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeviceEvidence, readEvidenceStatement } from '@hauberk/attestation';
import { context, type Evidence, endpoint, enrolmentPayload, evidenceInput } from '@hauberk/channel/client';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, fromBase64Url, fromHex, type KeyPair, toBase64Url, utf8 } from '@hauberk/primitives';
import { type ClientStorage, createHauberk, type Hauberk, HauberkError, memoryStorage } from '@hauberk/sdk/node';
import { trustedDevice } from '@hauberk/sdk/trusted';
import type { Config } from '@hauberk/server';
import {
  type PhoneKind,
  type PhoneTrick,
  type SimulatedPhone,
  type SimulatedWorld,
  simulatedPhone,
  simulatedWorld,
} from '@hauberk/simulator';
import { problemOf, send } from './http-call.ts';
import type { Target } from './wire-client.ts';
import type { OwnGateway, World } from './world.ts';
import { type MoreApproved, writeWorldTrust } from './world-trust.ts';

/** What a control loosens. */
export interface Loosened {
  readonly app?: Partial<Config['apps'][number]>;
  readonly attestation?: Partial<Config['attestation']>;
  readonly approved?: MoreApproved;
  /** Tier that the route `login` asks for. */
  readonly loginTier?: string;
  /** Changes the rest of the configuration; such a ground needs a name of its own. */
  readonly change?: (config: Config) => Config;
}

/** A gateway of the attacks' own, and the makers that it believes. */
export interface PhoneGround {
  readonly makers: SimulatedWorld;
  readonly gateway: OwnGateway;
  readonly target: Target;
  /** Has the gateway read the list of revocations before anybody enrols. */
  readonly writeRevocations: () => void;
}

const withLoginTier = (config: Config, tier: string | undefined): Config['services'] =>
  config.services.map((service) => ({
    ...service,
    routes: service.routes.map((route) => (route.id === 'login' && tier !== undefined ? { ...route, tier } : route)),
  }));

const startGround = async (world: World, loosened: Loosened): Promise<PhoneGround> => {
  const makers = simulatedWorld();
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-phones-'));
  const app = world.target().app;
  const files = writeWorldTrust(folder, makers, app, loosened.approved);
  const gateway = await world.gatewayWith((given) => {
    const config = loosened.change?.(given) ?? given;
    return {
      ...config,
      apps: config.apps.map((each) => ({ ...each, software: 'refused' as const, ...loosened.app })),
      attestation: { ...config.attestation, ...files.attestation, ...loosened.attestation },
      services: withLoginTier(config, loosened.loginTier),
    };
  });
  return { makers, gateway, target: gateway.target(), writeRevocations: files.writeRevocations };
};

/** Attacks that loosen the same share a gateway: starting one costs more than an attack. */
const grounds = new WeakMap<World, Map<string, Promise<PhoneGround>>>();

/** A gateway before the demo bank; it is closed with the attacks' world. Whoever changes the makers' list names a ground of their own. */
export const phoneGround = (world: World, loosened: Loosened = {}, own = ''): Promise<PhoneGround> => {
  const ofWorld = grounds.get(world) ?? new Map<string, Promise<PhoneGround>>();
  grounds.set(world, ofWorld);
  const name = `${own} ${JSON.stringify(loosened)}`;
  const ground = ofWorld.get(name) ?? startGround(world, loosened);
  ofWorld.set(name, ground);
  return ground;
};

/** An app on a phone; on a machine without hardware when there is none. */
export const appOn = (
  target: Target,
  phone: SimulatedPhone | undefined,
  storage: ClientStorage = memoryStorage(),
): Hauberk => {
  const { organisation, app, service, configKeys, gateway } = target;
  const trust = { configKeys, minConfigVersion: 1, buildTimeMs: 0 };
  const options = { organisation, app, service, endpoints: [gateway], trust, timeoutMs: 20_000, early: false };
  const device = phone === undefined ? {} : { device: trustedDevice(phone.backend) };
  return createHauberk({ ...options, ...device }, { storage });
};

/** Opens a session: its tier, or the code of the refusal. */
export const tryApp = (app: Hauberk): Promise<string> =>
  app.connect().then(
    ({ tier }) => `tier ${tier ?? ''}`,
    (error: unknown) => (error instanceof HauberkError ? error.code : String(error)),
  );

/** Tries a phone with a trick before a gateway. */
export const tryTrick = async (
  { makers, target, writeRevocations }: PhoneGround,
  kind: PhoneKind,
  tricks: readonly PhoneTrick[],
): Promise<string> => {
  const phone = simulatedPhone(kind, { world: makers, tricks });
  writeRevocations();
  return tryApp(appOn(target, phone));
};

/** Fetches a challenge, as any stranger may. */
export const fetchChallenge = async (target: Target): Promise<Bytes> => {
  const { organisation, app, service } = target;
  const headers = { 'content-type': 'application/json' };
  const body = utf8(JSON.stringify({ organisation, app, service }));
  const reply = await send(target.gateway, { method: 'POST', path: endpoint.enrolChallenge, headers, body });
  const told = JSON.parse(Buffer.from(reply.body).toString('utf8')) as Record<string, unknown>;
  const challenge = fromBase64Url(String(told['challenge']));
  if (challenge === undefined) throw new Error(`challenge: ${reply.status}`);
  return challenge;
};

/** What evidence is made for: see docs/wire.md, section 6. */
export const evidenceChallenge = (target: Target, challenge: Bytes, boundKey?: Bytes): Bytes =>
  nodeCrypto.sha256(evidenceInput({ ...target, challenge }, boundKey));

/** A key in a phone's hardware, with the evidence that was made with it. */
export interface PhoneKey {
  readonly alias: string;
  readonly publicKey: Bytes;
  readonly evidence: Evidence;
}

let keys = 0;

/** Has a phone make a key for a challenge. */
export const keyIn = async (phone: SimulatedPhone, challenge: Bytes): Promise<PhoneKey> => {
  keys += 1;
  const alias = `attack-${keys}`;
  const wish = { alias, use: 'sign', userVerification: 'none', level: 'hardware', challenge } as const;
  const made = await phone.backend.createKey(wish);
  const [evidence] = made.evidence;
  if (evidence === undefined) throw new Error('the phone gave no evidence');
  return { alias, publicKey: Uint8Array.from(made.publicKey), evidence };
};

/** Signs as the holder of a key does: in a phone, or with a pair of software. */
export type Signer = (message: Uint8Array) => Promise<Uint8Array> | Uint8Array;

/** Signs with a key of a phone. */
export const signerIn =
  (phone: SimulatedPhone, { alias }: PhoneKey): Signer =>
  async (message) =>
    (await phone.backend.sign({ alias, message: Uint8Array.from(message) })).signature;

/** Signs with a key of software. */
export const softwareSigner =
  ({ privateKey }: KeyPair): Signer =>
  (message) =>
    nodeCrypto.sign(privateKey, message);

/** What an enrolment says. */
export interface EnrolmentWords {
  readonly challenge: Bytes;
  readonly publicKey: Bytes;
  readonly evidence: Evidence;
  readonly deviceId?: string | null;
}

/** Sends an enrolment: the device's id, or the code of the problem. */
export const sendEnrolment = async (target: Target, words: EnrolmentWords, sign: Signer): Promise<string> => {
  const { organisation, app, service } = target;
  const payload = enrolmentPayload({ purpose: 'identity', organisation, app, service, deviceId: null, ...words });
  const text = toBase64Url(utf8(JSON.stringify(payload)));
  const signed = utf8(`${context.enrol}\u0000${text}`);
  const body = utf8(`${text}.${toBase64Url(Uint8Array.from(await sign(signed)))}`);
  const headers = { 'content-type': 'text/plain' };
  const reply = await send(target.gateway, { method: 'POST', path: endpoint.enrol, headers, body });
  if (reply.status >= 300) return problemOf(reply);
  return String((JSON.parse(Buffer.from(reply.body).toString('utf8')) as Record<string, unknown>)['deviceId']);
};

/** Whether an answer of `sendEnrolment` is a device's id. */
export const isDevice = (answer: string): boolean => /^[\w-]{22}$/.test(answer);

/** The evidence in its parts. */
export const evidenceOf = (evidence: Evidence): DeviceEvidence => {
  if (!('statement' in evidence)) return { kind: 'software' };
  const read = readEvidenceStatement(evidence.kind, evidence.statement);
  if (!read.ok) throw new Error(`evidence: ${read.code}`);
  return read.value;
};

/** Certificates of Android evidence, leaf first. */
export const certificatesOf = (evidence: Evidence): readonly Bytes[] => {
  const read = evidenceOf(evidence);
  return read.kind === 'android-key' ? read.certificates : [];
};

const extensionName = fromHex('060a2b06010401d679020111') ?? new Uint8Array(0);

/**
 * The security level that a careless verifier reads: every certificate is signed by the next one, the last one is a root that it knows, and the
 * first claim of the leaf's extension is believed. Nothing of where the extension may stand, and no second level to compare with.
 */
export const carelessLevel = (evidence: Evidence, { android, oldAndroid }: SimulatedWorld): number | undefined => {
  const chain = certificatesOf(evidence).map((der) => new X509Certificate(Buffer.from(der)));
  const roots = [android, oldAndroid].map(({ root }) => new X509Certificate(Buffer.from(root.certificate)));
  const last = chain.at(-1);
  const isSigned = chain.every(
    (each, index) => index === chain.length - 1 || each.verify((chain[index + 1] ?? each).publicKey),
  );
  const isKnown = roots.some(({ publicKey }) => last !== undefined && publicKey.equals(last.publicKey));
  const leaf = Buffer.from(chain[0]?.raw ?? []);
  const place = leaf.indexOf(extensionName);
  if (!isSigned || !isKnown || place < 0) return undefined;
  // ENUMERATED of one byte: the attestation's security level comes before anything else that is one.
  const level = leaf.indexOf(Buffer.from([0x0a, 0x01]), place);
  return level < 0 ? undefined : leaf[level + 2];
};

/** The level that StrongBox has. */
export const strongBox = 2;
