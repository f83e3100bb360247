/** Trusted services of a page: keys of WebCrypto that cannot be exported, and WebAuthn for the user. Take this entry or `trusted`, not both. */
import { webCrypto } from '@hauberk/crypto/webcrypto';
import { type Bytes, toBase64Url } from '@hauberk/primitives';
import type { Prompt } from '../trusted/bridge-contract.ts';
import { type TrustedOptions, type TrustedServices, trustedServices } from '../trusted/services.ts';
import { type KeptKey, memoryTrustedStore, softwareBackend, type TrustedStore } from '../trusted/software-backend.ts';
import { TrustedError } from '../trusted/trusted-error.ts';
import { indexedDbStorage } from './indexed-db-storage.ts';

export * from '../trusted.ts';

/** How users of a page are verified. */
export interface PageUser {
  /** Shows the words in the page and asks; a page is no trusted display. */
  readonly show: (prompt: Prompt) => Promise<boolean>;
  readonly rpId: string;
  /** The user's registered credentials. */
  readonly credentialIds: readonly Uint8Array[];
}

/** The options of a page. */
export type PageOptions = Pick<TrustedOptions, 'organisation' | 'app' | 'service' | 'prefix'> & {
  /** Without it, nothing that needs the user is offered. */
  readonly user?: PageUser;
};

const indexedDbStore = (factory: IDBFactory, name: string): TrustedStore => {
  const entries = indexedDbStorage<Record<string, KeptKey>>(factory, name);
  return {
    read: entries.read,
    write: async (alias, key) => {
      await entries.update(alias, () => key);
    },
    remove: entries.remove,
  };
};

const pageStore = (name: string): TrustedStore => {
  // Absent, or a getter that throws, where the host keeps nothing.
  try {
    const { indexedDB } = globalThis as { indexedDB?: IDBFactory };
    return indexedDB === undefined ? memoryTrustedStore() : indexedDbStore(indexedDB, name);
  } catch {
    return memoryTrustedStore();
  }
};

const partsOf = (credential: Credential | null): string => {
  if (!(credential instanceof PublicKeyCredential)) throw new TrustedError('user-cancelled');
  const { response, rawId } = credential;
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new TrustedError('user-not-verified');
  const parts = [rawId, response.clientDataJSON, response.authenticatorData, response.signature];
  return parts.map((part) => toBase64Url(new Uint8Array(part))).join('.');
};

/** Runs WebAuthn over a digest; the text form of the proof. */
const proveUser = async ({ rpId, credentialIds }: PageUser, digest: Bytes): Promise<string> => {
  const allowCredentials = credentialIds.map((id) => ({ type: 'public-key' as const, id: Uint8Array.from(id) }));
  try {
    const publicKey = { challenge: digest, rpId, allowCredentials, userVerification: 'required' as const };
    return partsOf(await navigator.credentials.get({ publicKey }));
  } catch (error) {
    if (error instanceof TrustedError) throw error;
    throw new TrustedError(
      error instanceof DOMException && error.name === 'NotAllowedError' ? 'user-cancelled' : 'user-unavailable',
    );
  }
};

/** The services of this page. */
export const pageTrustedServices = (options: PageOptions): TrustedServices => {
  const { organisation, app, service, user } = options;
  const crypto = webCrypto();
  const proofs = new Map<string, string>();
  const verifyUser = async (asked: PageUser, prompt: Prompt | undefined, message: Uint8Array): Promise<void> => {
    if (prompt !== undefined && !(await asked.show(prompt))) throw new TrustedError('user-cancelled');
    const digest = await crypto.sha256(message);
    proofs.set(toBase64Url(digest), await proveUser(asked, digest));
  };
  const takeProof = async (digest: Bytes): Promise<string> => {
    const proof = proofs.get(toBase64Url(digest));
    proofs.delete(toBase64Url(digest));
    if (proof === undefined) throw new TrustedError('user-not-verified');
    return proof;
  };
  const backend = softwareBackend({
    crypto,
    store: pageStore(`hauberk-trusted/${organisation}/${app}/${service}`),
    platform: 'web',
    name: 'webcrypto',
    now: Date.now,
    ...(user === undefined ? {} : { verifyUser: (prompt, message) => verifyUser(user, prompt, message) }),
  });
  const common = { ...options, crypto, now: Date.now };
  return trustedServices(backend, user === undefined ? common : { ...common, userProof: takeProof });
};
