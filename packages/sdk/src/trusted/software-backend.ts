/**
 * A keeper of keys on a cryptography provider: WebCrypto in browsers (keys that cannot be exported), OpenSSL in Node, and the simulator's
 * phones. What hardware adds (evidence, a camera, a verified user) comes in as ports.
 */
import { captureBytes } from '@hauberk/channel/client';
import { type AsyncCrypto, type Bytes, concat, type KeyPair, type SecretKey, utf8 } from '@hauberk/primitives';
import type { MethodParams, MethodResult, SimBackend, TrustedBackend } from './backend.ts';
import {
  type BridgeEvidence,
  type BridgeKey,
  type BridgeMethod,
  bridgeVersions,
  type KeyLevel,
  keyLevels,
  keyMethods,
  methodsOf,
  type Prompt,
} from './bridge-contract.ts';
import type { Decoded } from './bridge-forms.ts';
import { TrustedError } from './trusted-error.ts';

/** A key as it is kept. */
export interface KeptKey {
  readonly about: Decoded<BridgeKey>;
  /** A pair that signs, or the key that seals. */
  readonly secret: { readonly pair: KeyPair } | { readonly aead: SecretKey };
}

/** Where keys are kept; what is written is read as it was. */
export interface TrustedStore {
  readonly read: (alias: string) => Promise<KeptKey | undefined>;
  readonly write: (alias: string, key: KeptKey) => Promise<void>;
  readonly remove: (alias: string) => Promise<void>;
}

/** Keeps keys for this context's life. */
export const memoryTrustedStore = (): TrustedStore => {
  const kept = new Map<string, KeptKey>();
  return {
    read: async (alias) => kept.get(alias),
    write: async (alias, key) => {
      kept.set(alias, key);
    },
    remove: async (alias) => {
      kept.delete(alias);
    },
  };
};

/** What a host brings. */
export interface SoftwareHost {
  readonly crypto: AsyncCrypto;
  readonly store: TrustedStore;
  readonly platform: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** `software` alone when absent. */
  readonly levels?: readonly KeyLevel[];
  /** Verifies the user for what is to be signed, or throws a `TrustedError`; without it keys that require it cannot be made. */
  readonly verifyUser?: (prompt: Prompt | undefined, message: Uint8Array) => Promise<void>;
  /** Kinds of media, and how they are taken. */
  readonly camera?: {
    readonly kinds: readonly string[];
    readonly take: (kind: string) => Promise<{ readonly media: Uint8Array; readonly mediaType: string }>;
  };
  /** Kinds of evidence, and how it is made. */
  readonly attester?: {
    readonly kinds: readonly string[];
    /** `made`: for a key that is being made; `later`: for one that is there. */
    readonly attest: (
      key: Decoded<BridgeKey>,
      challenge: Bytes,
      moment: 'made' | 'later',
    ) => Promise<readonly BridgeEvidence[]>;
  };
  /** What the phone does with SIM and SMS; what is missing is refused as `unsupported`. */
  readonly sim?: Partial<Omit<SimBackend, 'hello'>>;
  /** Signs with the key that apps of one maker share. */
  readonly signShared?: TrustedBackend['signShared'];
  /** What the native half senses. */
  readonly readSignals?: TrustedBackend['readSignals'];
}

const nonceLength = 12;

/** The work of one host; methods of one alias run one after the other. */
class SoftwareKeeper {
  readonly #host: SoftwareHost;
  readonly #turns = new Map<string, Promise<unknown>>();
  #isAsking = false;
  constructor(host: SoftwareHost) {
    this.#host = host;
  }

  inTurn<Value>(alias: string, work: () => Promise<Value>): Promise<Value> {
    const turn = (this.#turns.get(alias) ?? Promise.resolve()).then(work, work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(alias, settled);
    void settled.then(() => this.#turns.get(alias) === settled && this.#turns.delete(alias));
    return turn;
  }

  hello({ versions }: MethodParams<'hello'>): MethodResult<'hello'> {
    const version = bridgeVersions.findLast((known) => versions.includes(known));
    if (version === undefined) throw new TrustedError('unsupported-version');
    const { platform, name, levels = ['software'], verifyUser, camera, attester } = this.#host;
    return {
      version,
      platform,
      name,
      methods: methodsOf(version).filter((method) => keyMethods.includes(method) || this.phone(method)),
      levels,
      userVerification: verifyUser === undefined ? ['none'] : ['none', 'required'],
      captures: camera?.kinds ?? [],
      evidence: attester?.kinds ?? [],
    };
  }

  /** What the host brings for a method of SIM, SMS, signals or the shared key. */
  phone(method: BridgeMethod): unknown {
    const { sim, signShared, readSignals } = this.#host;
    return ({ ...sim, signShared, readSignals } as Partial<Record<BridgeMethod, unknown>>)[method];
  }

  /** The weakest level there is that is at least the one asked for. */
  #levelFor(least: KeyLevel): KeyLevel {
    const { levels = ['software'] } = this.#host;
    const found = keyLevels.slice(keyLevels.indexOf(least)).find((level) => levels.includes(level));
    if (found === undefined) throw new TrustedError('unsupported', 'level');
    return found;
  }

  async #find(alias: string): Promise<KeptKey> {
    const key = await this.#host.store.read(alias);
    if (key === undefined) throw new TrustedError('no-such-key');
    return key;
  }

  async createKey(params: MethodParams<'createKey'>): Promise<MethodResult<'createKey'>> {
    const { crypto, store, verifyUser, camera } = this.#host;
    const { alias, use, userVerification, challenge } = params;
    if (userVerification === 'required' && verifyUser === undefined) throw new TrustedError('user-unavailable');
    if (use === 'capture' && camera === undefined) throw new TrustedError('unsupported', 'capture');
    const level = this.#levelFor(params.level);
    if ((await store.read(alias)) !== undefined) throw new TrustedError('key-exists');
    const pair = use === 'seal' ? undefined : await crypto.generateKeyPair('p256', 'sign');
    const secret = pair === undefined ? { aead: await crypto.importAead(crypto.random(32)) } : { pair };
    const about = { alias, use, userVerification, level, publicKey: pair?.publicKey ?? new Uint8Array(0) };
    const evidence = challenge === undefined || pair === undefined ? [] : await this.#attest(about, challenge, 'made');
    await store.write(alias, { about, secret });
    return { ...about, evidence };
  }

  async #attest(
    about: Decoded<BridgeKey>,
    challenge: Bytes,
    moment: 'made' | 'later',
  ): Promise<readonly BridgeEvidence[]> {
    return (await this.#host.attester?.attest(about, challenge, moment)) ?? [];
  }

  async getKey({ alias }: MethodParams<'getKey'>): Promise<MethodResult<'getKey'>> {
    return (await this.#find(alias)).about;
  }

  async deleteKey({ alias }: MethodParams<'deleteKey'>): Promise<MethodResult<'deleteKey'>> {
    const deleted = (await this.#host.store.read(alias)) !== undefined;
    await this.#host.store.remove(alias);
    return { deleted };
  }

  async attest({ alias, challenge }: MethodParams<'attest'>): Promise<MethodResult<'attest'>> {
    const { about } = await this.#find(alias);
    if (about.use === 'seal') throw new TrustedError('use-mismatch');
    const evidence = await this.#attest(about, challenge, 'later');
    if (evidence.length === 0) throw new TrustedError('attestation-unavailable');
    return { evidence };
  }

  /** Asks the user where the key demands it or a prompt shall be shown; true when the user was verified. */
  async #ask(
    { userVerification }: Decoded<BridgeKey>,
    prompt: Prompt | undefined,
    message: Uint8Array = new Uint8Array(0),
  ): Promise<boolean> {
    const isRequired = userVerification === 'required';
    if (!isRequired && prompt === undefined) return false;
    const { verifyUser } = this.#host;
    if (verifyUser === undefined) throw new TrustedError('user-unavailable');
    if (this.#isAsking) throw new TrustedError('busy');
    this.#isAsking = true;
    try {
      await verifyUser(prompt, message);
      return isRequired;
    } finally {
      this.#isAsking = false;
    }
  }

  async sign({ alias, message, prompt }: MethodParams<'sign'>): Promise<MethodResult<'sign'>> {
    const { about, secret } = await this.#find(alias);
    if (about.use !== 'sign' || !('pair' in secret)) throw new TrustedError('use-mismatch');
    const userVerified = await this.#ask(about, prompt, message);
    return { signature: await this.#host.crypto.sign(secret.pair.privateKey, message), userVerified };
  }

  async #sealingKey(alias: string): Promise<{ key: SecretKey; about: Decoded<BridgeKey> }> {
    const { about, secret } = await this.#find(alias);
    if (!('aead' in secret)) throw new TrustedError('use-mismatch');
    return { key: secret.aead, about };
  }

  async seal({ alias, plaintext, associated }: MethodParams<'seal'>): Promise<MethodResult<'seal'>> {
    const { crypto } = this.#host;
    const { key, about } = await this.#sealingKey(alias);
    await this.#ask(about, undefined);
    const nonce = crypto.random(nonceLength);
    return { sealed: concat(nonce, await crypto.seal(key, nonce, plaintext, associated)) };
  }

  async unseal({ alias, sealed, associated }: MethodParams<'unseal'>): Promise<MethodResult<'unseal'>> {
    const { crypto } = this.#host;
    const { key, about } = await this.#sealingKey(alias);
    await this.#ask(about, undefined);
    const [nonce, rest] = [sealed.slice(0, nonceLength), sealed.slice(nonceLength)];
    const plaintext = rest.length < 16 ? undefined : await crypto.open(key, nonce, rest, associated);
    if (plaintext === undefined) throw new TrustedError('not-sealed-here');
    return { plaintext };
  }

  async capture({ alias, kind, binding, prompt }: MethodParams<'capture'>): Promise<MethodResult<'capture'>> {
    const { crypto, camera, now } = this.#host;
    const { about, secret } = await this.#find(alias);
    if (about.use !== 'capture' || !('pair' in secret)) throw new TrustedError('use-mismatch');
    if (camera?.kinds.includes(kind) !== true) throw new TrustedError('unsupported', 'kind');
    await this.#ask(about, prompt);
    const { media, mediaType } = await camera.take(kind);
    const capturedAtMs = now();
    const [bound, taken, type] = await Promise.all(
      [binding, media, utf8(mediaType)].map((part) => crypto.sha256(part)),
    );
    const digests = { binding: bound, media: taken, mediaType: type } as Parameters<typeof captureBytes>[0];
    const signature = await crypto.sign(secret.pair.privateKey, captureBytes(digests, capturedAtMs));
    return { media: Uint8Array.from(media), mediaType, capturedAtMs, signature };
  }
}

/** The keeper of a host. */
export const softwareBackend = (host: SoftwareHost): TrustedBackend => {
  const keeper = new SoftwareKeeper(host);
  const onPhone =
    <Method extends BridgeMethod>(method: Method) =>
    async (params: MethodParams<Method>): Promise<MethodResult<Method>> => {
      const work = keeper.phone(method) as ((asked: typeof params) => Promise<MethodResult<Method>>) | undefined;
      if (work === undefined) throw new TrustedError('unsupported', method);
      return work(params);
    };
  return {
    hello: async (params) => keeper.hello(params),
    createKey: (params) => keeper.inTurn(params.alias, () => keeper.createKey(params)),
    getKey: (params) => keeper.inTurn(params.alias, () => keeper.getKey(params)),
    deleteKey: (params) => keeper.inTurn(params.alias, () => keeper.deleteKey(params)),
    attest: (params) => keeper.inTurn(params.alias, () => keeper.attest(params)),
    sign: (params) => keeper.inTurn(params.alias, () => keeper.sign(params)),
    seal: (params) => keeper.inTurn(params.alias, () => keeper.seal(params)),
    unseal: (params) => keeper.inTurn(params.alias, () => keeper.unseal(params)),
    capture: (params) => keeper.inTurn(params.alias, () => keeper.capture(params)),
    simState: onPhone('simState'),
    sendSms: onPhone('sendSms'),
    sentItem: onPhone('sentItem'),
    readOtp: onPhone('readOtp'),
    simEvents: onPhone('simEvents'),
    signShared: onPhone('signShared'),
    readSignals: onPhone('readSignals'),
  };
};
