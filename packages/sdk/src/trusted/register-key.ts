/** Registers a key of the trusted services at the gateway, in the session of the device: from then on any server of the bank may ask it. */
import { endpoint } from '@hauberk/channel/client';
import { fromBase64Url, toBase64Url } from '@hauberk/primitives';
import type { Hauberk } from '../core/hauberk.ts';
import type { KeyLevel } from './bridge-contract.ts';
import type { TrustedKey, TrustedPurpose, TrustedServices } from './services.ts';
import { TrustedError } from './trusted-error.ts';

/** What a key is registered with. */
export interface RegisterKeyOptions {
  readonly hauberk: Pick<Hauberk, 'fetch'>;
  readonly services: TrustedServices;
  readonly purpose: TrustedPurpose;
  /** Least level of the key; `software` when absent. What counts in the end is the evidence. */
  readonly level?: KeyLevel;
  /** Words of the proof that a key of software asks the user for; only keys of purpose `approve` do. */
  readonly prompt?: { readonly title: string; readonly text: string };
}

/** The gateway did not take the key. `code` is the problem's code. */
export class KeyRefusedError extends Error {
  override readonly name = 'KeyRefusedError';
  readonly code: string;
  constructor(code: string) {
    super(`the gateway did not take the key: ${code}`);
    this.code = code;
  }
}

const ask = async ({ hauberk }: RegisterKeyOptions, body: object): Promise<Readonly<Record<string, unknown>>> => {
  const headers = { 'content-type': 'application/json' };
  const reply = await hauberk.fetch(endpoint.keys, { method: 'POST', headers, body: JSON.stringify(body) });
  const members = (await reply.json()) as Readonly<Record<string, unknown>>;
  if (reply.ok) return members;
  throw new KeyRefusedError(typeof members['code'] === 'string' ? members['code'] : `status-${reply.status}`);
};

/** A key that is there from an earlier try was made for another challenge: it goes, for Keystore attests a key only as it is made. */
const freshKey = async (
  { services, purpose, level }: RegisterKeyOptions,
  challenge: Uint8Array,
): Promise<TrustedKey> => {
  const asked = level === undefined ? { challenge } : { challenge, level };
  try {
    return await services.createKey(purpose, asked);
  } catch (error) {
    if (!(error instanceof TrustedError) || error.code !== 'key-exists') throw error;
    await services.deleteKey(purpose);
    return services.createKey(purpose, asked);
  }
};

const proofOf = async (options: RegisterKeyOptions, challenge: Uint8Array): Promise<string | undefined> => {
  const { services, purpose, prompt = { title: 'Set up', text: 'Let this device approve for you?' } } = options;
  if (purpose === 'capture') return undefined;
  if (purpose === 'device') return services.identify({ challenge });
  const mediaType = 'application/octet-stream';
  return (await services.verifyUser(new Uint8Array(0), { challenge, mediaType, prompt })).statement;
};

/**
 * Makes a new key of a purpose and registers it; the device's present one of that purpose counts no longer. Throws `KeyRefusedError`, `TrustedError`
 * and what `hauberk.fetch` throws.
 */
export const registerTrustedKey = async (options: RegisterKeyOptions): Promise<TrustedKey> => {
  const { purpose } = options;
  const told = await ask(options, { do: 'challenge', purpose });
  const challenge = fromBase64Url(String(told['challenge']));
  if (challenge === undefined) throw new KeyRefusedError('challenge');
  const key = await freshKey(options, challenge);
  const [evidence] = key.evidence;
  const proof = evidence === undefined ? await proofOf(options, challenge) : undefined;
  await ask(options, {
    do: 'register',
    purpose,
    nonce: told['nonce'],
    publicKey: toBase64Url(key.publicKey),
    evidence: evidence ?? { kind: 'software' },
    ...(proof === undefined ? {} : { proof }),
  });
  return key;
};
