/** The trusted services: what an app asks for, whatever holds the keys. What they answer verifies on a server (`@hauberk/channel`). */
import {
  promptBytes,
  sealedAssociated,
  sealForRecipient,
  type TrustedClaims,
  thumbprintInput,
  trustedBytes,
  trustedText,
} from '@hauberk/channel/client';
import { type AsyncCrypto, type Bytes, toBase64Url, utf8 } from '@hauberk/primitives';
import type { MethodResult, TrustedBackend } from './backend.ts';
import { type BridgeAbout, bridgeVersions, type KeyLevel, type Prompt } from './bridge-contract.ts';
import { TrustedError } from './trusted-error.ts';

/** What a key of the services is for. `device` signs and identifies, `approve` signs what a verified user approved, `capture` signs media. */
export type TrustedPurpose = 'device' | 'approve' | 'capture';

/** A key with the evidence to enrol it with. */
export interface TrustedKey {
  readonly purpose: TrustedPurpose;
  /** Raw uncompressed P-256 point. */
  readonly publicKey: Bytes;
  /** Base64url of the thumbprint (RFC 7638) that statements name. */
  readonly thumbprint: string;
  readonly level: KeyLevel;
  readonly evidence: MethodResult<'createKey'>['evidence'];
}

/** The server's challenge: 16 to 64 bytes, used once. */
export interface Challenged {
  readonly challenge: Uint8Array;
}

/** What a user approved. */
export interface Approval {
  readonly statement: string;
  /** The host’s own proof that the user was there, where its keys cannot enforce that: see `userProof`. */
  readonly proof?: string;
}

/** What was captured, with the statement that its signature is part of. */
export interface TrustedCapture {
  readonly statement: string;
  readonly media: Bytes;
  readonly mediaType: string;
  readonly capturedAtMs: number;
}

/** Every method throws `TrustedError` and nothing else. */
export interface TrustedServices {
  /** Who holds the keys, and what it can do. */
  readonly about: () => Promise<BridgeAbout>;
  /** Makes the key of a purpose with evidence for the challenge; refused when it exists. */
  readonly createKey: (
    purpose: TrustedPurpose,
    asked: Challenged & { readonly level?: KeyLevel },
  ) => Promise<TrustedKey>;
  /** The key, without evidence. */
  readonly key: (purpose: TrustedPurpose) => Promise<TrustedKey>;
  /** Evidence made anew, as when a server asks for it. */
  readonly attest: (purpose: TrustedPurpose, asked: Challenged) => Promise<TrustedKey['evidence']>;
  readonly deleteKey: (purpose: TrustedPurpose) => Promise<boolean>;
  /** Says which device this is. */
  readonly identify: (asked: Challenged) => Promise<string>;
  /** Signs any data of the app. */
  readonly sign: (data: Uint8Array, asked: Challenged & { readonly mediaType: string }) => Promise<string>;
  /** Signs data after the user saw the words and was verified. */
  readonly verifyUser: (
    data: Uint8Array,
    asked: Challenged & { readonly mediaType: string; readonly prompt: Prompt },
  ) => Promise<Approval>;
  /** Takes media that the page cannot have made. */
  readonly capture: (kind: string, asked: Challenged & { readonly prompt?: Prompt }) => Promise<TrustedCapture>;
  /** Seals for this device; opens under the same label alone. */
  readonly seal: (label: string, data: Uint8Array) => Promise<Bytes>;
  readonly unseal: (label: string, sealed: Uint8Array) => Promise<Bytes>;
  /** Seals for a server’s P-256 key, with a statement over what was sealed; the challenge is authenticated with both. */
  readonly sealFor: (
    recipient: Uint8Array,
    data: Uint8Array,
    asked: Challenged & { readonly mediaType: string },
  ) => Promise<{ readonly statement: string; readonly sealed: Bytes }>;
}

/** What the services are made with. */
export interface TrustedOptions {
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly crypto: AsyncCrypto;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Begins the aliases of the keys; `hauberk` when absent. */
  readonly prefix?: string;
  /** Proves the user to the server, where keys cannot: gets SHA-256 of the bytes that the key signed. Browsers: WebAuthn. */
  readonly userProof?: (digest: Bytes) => Promise<string>;
}

const octets = 'application/octet-stream';
const nothing = new Uint8Array(0);

/** The statements of one device and scope. */
class StatementWriter {
  readonly #backend: TrustedBackend;
  readonly #options: TrustedOptions;
  readonly #thumbprints = new Map<TrustedPurpose, string>();
  constructor(backend: TrustedBackend, options: TrustedOptions) {
    this.#backend = backend;
    this.#options = options;
  }

  alias(purpose: TrustedPurpose | 'seal'): string {
    return `${this.#options.prefix ?? 'hauberk'}.${purpose}`;
  }

  async keyOf(
    purpose: TrustedPurpose,
    { publicKey, level }: MethodResult<'getKey'>,
    evidence: TrustedKey['evidence'] = [],
  ): Promise<TrustedKey> {
    const thumbprint = toBase64Url(await this.#options.crypto.sha256(thumbprintInput(publicKey)));
    this.#thumbprints.set(purpose, thumbprint);
    return { purpose, publicKey, thumbprint, level, evidence };
  }

  forget(purpose: TrustedPurpose): void {
    this.#thumbprints.delete(purpose);
  }

  async #thumbprint(purpose: TrustedPurpose): Promise<string> {
    const known = this.#thumbprints.get(purpose);
    if (known !== undefined) return known;
    return (await this.keyOf(purpose, await this.#backend.getKey({ alias: this.alias(purpose) }))).thumbprint;
  }

  /** The text of a statement, unsigned. */
  async text(
    purpose: TrustedPurpose,
    claims: Pick<TrustedClaims, 'kind' | 'digest' | 'mediaType'>,
    challenge: Uint8Array,
    prompt?: Prompt,
  ): Promise<string> {
    const { organisation, app, service, crypto, now } = this.#options;
    const words = prompt === undefined ? undefined : await crypto.sha256(promptBytes(prompt.title, prompt.text));
    return trustedText({
      ...claims,
      organisation,
      app,
      service,
      key: await this.#thumbprint(purpose),
      challenge: Uint8Array.from(challenge),
      createdAtMs: now(),
      ...(words === undefined ? {} : { promptDigest: words }),
    });
  }

  /** A statement over data, signed by the key of a purpose. */
  async statement(
    kind: TrustedClaims['kind'],
    data: Uint8Array,
    { challenge, mediaType, prompt }: Challenged & { readonly mediaType: string; readonly prompt?: Prompt },
  ): Promise<string> {
    const purpose = kind === 'verify-user' ? 'approve' : 'device';
    const digest = await this.#options.crypto.sha256(data);
    const text = await this.text(purpose, { kind, digest, mediaType }, challenge, prompt);
    const params = { alias: this.alias(purpose), message: trustedBytes(text) };
    const { signature, userVerified } = await this.#backend.sign(prompt === undefined ? params : { ...params, prompt });
    if (kind === 'verify-user' && !userVerified) throw new TrustedError('user-not-verified');
    return `${text}.${toBase64Url(signature)}`;
  }
}

/** The services on a keeper of keys. */
export const trustedServices = (backend: TrustedBackend, options: TrustedOptions): TrustedServices => {
  const { crypto, organisation, app, service, userProof } = options;
  const writer = new StatementWriter(backend, options);
  const sealing = { alias: writer.alias('seal'), use: 'seal', userVerification: 'none', level: 'software' } as const;
  /** Labels of other scopes open nothing here. */
  const associated = (label: string): Bytes => utf8(JSON.stringify([organisation, app, service, label]));
  const makeSealingKey = async (): Promise<void> => {
    await backend.createKey(sealing).catch((error: unknown) => {
      if (!(error instanceof TrustedError) || error.code !== 'key-exists') throw error;
    });
  };
  return {
    about: () => backend.hello({ versions: bridgeVersions }),
    createKey: async (purpose, { challenge, level = 'software' }) => {
      const made = await backend.createKey({
        alias: writer.alias(purpose),
        use: purpose === 'capture' ? 'capture' : 'sign',
        userVerification: purpose === 'approve' ? 'required' : 'none',
        level,
        challenge: Uint8Array.from(challenge),
      });
      return writer.keyOf(purpose, made, made.evidence);
    },
    key: async (purpose) => writer.keyOf(purpose, await backend.getKey({ alias: writer.alias(purpose) })),
    attest: async (purpose, { challenge }) =>
      (await backend.attest({ alias: writer.alias(purpose), challenge: Uint8Array.from(challenge) })).evidence,
    deleteKey: async (purpose) => {
      writer.forget(purpose);
      return (await backend.deleteKey({ alias: writer.alias(purpose) })).deleted;
    },
    identify: (asked) => writer.statement('identify', nothing, { ...asked, mediaType: octets }),
    sign: (data, asked) => writer.statement('sign', data, asked),
    verifyUser: async (data, asked) => {
      const statement = await writer.statement('verify-user', data, asked);
      if (userProof === undefined) return { statement };
      const [text = ''] = statement.split('.', 1);
      return { statement, proof: await userProof(await crypto.sha256(trustedBytes(text))) };
    },
    capture: async (kind, { challenge, prompt }) => {
      const claims = { kind: 'capture', digest: new Uint8Array(32), mediaType: octets } as const;
      const text = await writer.text('capture', claims, challenge, prompt);
      const params = { alias: writer.alias('capture'), kind, binding: utf8(text) };
      const { signature, ...taken } = await backend.capture(prompt === undefined ? params : { ...params, prompt });
      return { ...taken, statement: `${text}.${toBase64Url(signature)}` };
    },
    seal: async (label, data) => {
      const params = { alias: sealing.alias, plaintext: Uint8Array.from(data), associated: associated(label) };
      try {
        return (await backend.seal(params)).sealed;
      } catch (error) {
        if (!(error instanceof TrustedError) || error.code !== 'no-such-key') throw error;
        await makeSealingKey();
        return (await backend.seal(params)).sealed;
      }
    },
    unseal: async (label, sealed) => {
      const params = { alias: sealing.alias, sealed: Uint8Array.from(sealed), associated: associated(label) };
      return (await backend.unseal(params)).plaintext;
    },
    sealFor: async (recipient, data, asked) => {
      const sealed = await sealForRecipient(crypto, recipient, data, sealedAssociated(options, asked.challenge));
      return { sealed, statement: await writer.statement('seal', sealed, asked) };
    },
  };
};
