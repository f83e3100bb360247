import type { Attack } from './attack.ts';
import { dpopCall, forgeryOutcome, honestPass } from './migrated-client.ts';

/** A JWT says itself how it is to be verified: not at all, or with the public key as a shared secret. */
export const attack: Attack = {
  id: 'migration-algorithm',
  title: 'JWTs with alg none, and HS256 under the public key',
  expected: 'none reaches the bank',
  needs: 'own-gateway',
  run: (world) =>
    forgeryOutcome(world, () => ({
      'a token with alg none': dpopCall({ tokenAlg: 'none' }),
      'a token with HS256 under the public key': dpopCall({ tokenAlg: 'HS256' }),
      'a proof with alg none': dpopCall({ proofAlg: 'none' }),
    })),
  control: (world) => honestPass(world, () => [dpopCall()]),
};
