/** The device's keys behind the native bridge: made there, attested there, used there. What crosses is what they signed. */
import type { Evidence } from '@hauberk/channel/client';
import { type AsyncCrypto, type Bytes, type KeyPair, type PrivateKey, toHex } from '@hauberk/primitives';
import type { DevicePlug } from '../core/options.ts';
import type { TrustedBackend } from './backend.ts';
import type { BridgeEvidence, KeyLevel, Prompt, UserVerification } from './bridge-contract.ts';

/** What a trusted device may be told. */
export interface TrustedDeviceOptions {
  /** Least level of new keys; a phone that has none refuses. `hardware` unless told. */
  readonly level?: KeyLevel;
  /** Whether using the step-up key asks the user; `required` unless told. */
  readonly stepUpVerification?: UserVerification;
  /** What the user is shown when the step-up key is used. */
  readonly prompt?: Prompt;
}

/** What stands where a provider's own handle would: storages keep it, and only this adapter understands it. */
interface TrustedHandle {
  readonly trustedAlias: string;
  readonly asks: boolean;
}

const handleOf = ({ handle }: PrivateKey): TrustedHandle | undefined =>
  typeof handle === 'object' && handle !== null && 'trustedAlias' in handle ? (handle as TrustedHandle) : undefined;

/** The first piece counts, the others are second opinions; the gateway takes two of them. */
const evidenceOf = ([first, ...others]: readonly BridgeEvidence[]): Evidence => {
  if (first === undefined) return { kind: 'software' };
  return others.length === 0 ? first : { ...first, also: others.slice(0, 2) };
};

/** The plug of `createHauberk({ device })` over a bridge. */
export const trustedDevice = (backend: TrustedBackend, options: TrustedDeviceOptions = {}): DevicePlug => {
  const { level = 'hardware', stepUpVerification = 'required', prompt } = options;
  const signAt = async ({ trustedAlias, asks }: TrustedHandle, message: Uint8Array): Promise<Bytes> => {
    const asked = { alias: trustedAlias, message: Uint8Array.from(message) };
    const { signature } = await backend.sign(asks && prompt !== undefined ? { ...asked, prompt } : asked);
    return Uint8Array.from(signature);
  };
  return {
    createKey: async (purpose, challenge) => {
      // A name of its own for every key: one that is left over from an earlier installation is not taken for the new one.
      const alias = `hauberk-${purpose}-${toHex(challenge.slice(0, 8))}`;
      const userVerification = purpose === 'step-up' ? stepUpVerification : 'none';
      const made = await backend.createKey({ alias, use: 'sign', userVerification, level, challenge });
      const handle: TrustedHandle = { trustedAlias: alias, asks: userVerification === 'required' };
      const keyPair: KeyPair = {
        privateKey: { group: 'p256', usage: 'sign', handle },
        publicKey: Uint8Array.from(made.publicKey),
      };
      return { keyPair, evidence: evidenceOf(made.evidence) };
    },
    attest: async ({ privateKey }, challenge) => {
      const handle = handleOf(privateKey);
      // A key of software from before the bridge was there: it stays one.
      if (handle === undefined) return { kind: 'software' };
      return evidenceOf((await backend.attest({ alias: handle.trustedAlias, challenge })).evidence);
    },
    forget: async ({ privateKey }) => {
      const handle = handleOf(privateKey);
      if (handle !== undefined) await backend.deleteKey({ alias: handle.trustedAlias });
    },
    signing: (crypto: AsyncCrypto): AsyncCrypto => ({
      ...crypto,
      sign: (privateKey, message) => {
        const handle = handleOf(privateKey);
        return handle === undefined ? crypto.sign(privateKey, message) : signAt(handle, message);
      },
    }),
  };
};
