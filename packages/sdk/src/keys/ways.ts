/** The ways to a key beside the device's own, as a host offers them. */
import type { LinkSignature, SharedIdentity, SharedRoute } from '@hauberk/channel/client';
import { fromBase64Url, toBase64Url } from '@hauberk/primitives';
import type { TrustedBackend } from '../trusted/backend.ts';
import type { SharedKeyRoute } from '../trusted/sim-contract.ts';

export type { SharedIdentity, SharedRoute };

/** The key that the phone's system (`keychain-group`) or maker (`vendor-bridge`) shares between the bank's apps, over the native bridge. */
export const sharedKey = (backend: Pick<TrustedBackend, 'signShared'>, route: SharedKeyRoute): SharedIdentity => ({
  route,
  sign: async (message) => {
    try {
      const { publicKey, signature } = await backend.signShared({ route, message });
      return { publicKey: Uint8Array.from(publicKey), signature: Uint8Array.from(signature) };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'unsupported' || code === 'unsupported-version') return undefined;
      throw error;
    }
  },
});

const bytesOf = (value: unknown, length: number): LinkSignature['publicKey'] | undefined => {
  const bytes = typeof value === 'string' ? fromBase64Url(value) : undefined;
  return bytes?.length === length ? bytes : undefined;
};

const readAnswer = (text: string): LinkSignature | undefined => {
  try {
    const members = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    const [publicKey, signature] = [bytesOf(members?.['publicKey'], 65), bytesOf(members?.['signature'], 64)];
    return publicKey === undefined || signature === undefined ? undefined : { publicKey, signature };
  } catch {
    return undefined;
  }
};

/**
 * The key of another app of the bank: `ask` carries the question there, by whatever lets apps of one signature speak (a bound service, a shared container), where
 * `keys.answer` signs it, and brings the answer back; undefined when no such app is there. What is no answer counts as none.
 */
export const otherApp = (ask: (question: string) => Promise<string | undefined>): SharedIdentity => ({
  route: 'server-link',
  sign: async (message) => {
    const answered = await ask(toBase64Url(message));
    return answered === undefined ? undefined : readAnswer(answered);
  },
});
