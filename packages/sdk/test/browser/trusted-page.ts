/** Trusted services as a page uses them, for the test in Chromium; everything crosses as text. */
import { fromBase64Url, toBase64Url, utf8 } from '@hauberk/primitives';
import { pageTrustedServices, TrustedError } from '../../src/web/trusted.ts';
import type { PageEvidence } from '../page-evidence.ts';

const scope = { organisation: 'bank', app: 'web', service: 'api' } as const;
const bytes = (text: string): Uint8Array<ArrayBuffer> => fromBase64Url(text) ?? new Uint8Array(0);

const register = async (challenge: string) => {
  const created = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(challenge),
      rp: { id: location.hostname, name: 'Bank' },
      user: { id: utf8('customer'), name: 'customer', displayName: 'Customer' },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { userVerification: 'required' },
    },
  });
  if (!(created instanceof PublicKeyCredential)) throw new Error('no credential');
  return { id: new Uint8Array(created.rawId), response: created.response as AuthenticatorAttestationResponse };
};

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    return error instanceof TrustedError ? error.code : String(error);
  }
};

/** Whether a private key of the page's store could be read by a script. */
const isExtractable = async (): Promise<boolean> => {
  const opened = indexedDB.open('hauberk-trusted/bank/web/api', 1);
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    opened.onsuccess = () => resolve(opened.result);
    opened.onerror = () => reject(opened.error ?? new Error('IndexedDB'));
  });
  const asked = database.transaction('entries').objectStore('entries').get('hauberk.device');
  const kept = await new Promise<{ secret: { pair: { privateKey: { handle: CryptoKey } } } }>((resolve) => {
    asked.onsuccess = () => resolve(asked.result);
  });
  database.close();
  return kept.secret.pair.privateKey.handle.extractable;
};

/** Registers a credential, makes keys, and uses every service that a page has. */
export const useServices = async (challenge: string, data: string): Promise<PageEvidence> => {
  const credential = await register(challenge);
  let answer = true;
  const user = { rpId: location.hostname, credentialIds: [credential.id], show: async () => answer };
  const services = pageTrustedServices({ ...scope, user });
  const asked = { challenge: bytes(challenge) };
  const deviceKey = await services.createKey('device', asked);
  const approveKey = await services.createKey('approve', asked);
  const order = { ...asked, mediaType: 'text/plain', prompt: { title: 'Payment', text: data } };
  const { statement, proof = '' } = await services.verifyUser(utf8(data), order);
  answer = false;
  const declined = await codeOf(services.verifyUser(utf8(data), order));
  const sealed = await services.seal('card', utf8(data));
  // Another page of the same origin.
  const again = pageTrustedServices(scope);
  return {
    credentialId: toBase64Url(credential.id),
    clientDataJson: toBase64Url(new Uint8Array(credential.response.clientDataJSON)),
    attestationObject: toBase64Url(new Uint8Array(credential.response.attestationObject)),
    deviceKey: toBase64Url(deviceKey.publicKey),
    approveKey: toBase64Url(approveKey.publicKey),
    identified: await again.identify(asked),
    statement,
    proof,
    declined,
    extractable: await isExtractable(),
    unsealed: toBase64Url(await again.unseal('card', sealed)),
  };
};
