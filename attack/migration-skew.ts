import type { Attack } from './attack.ts';
import { attestationCall, cavageCall, dpopCall, forgeryOutcome, honestPass, sigv4Call } from './migrated-client.ts';

/** Requests of migration schemes that were held back, or signed for later. */
export const attack: Attack = {
  id: 'migration-skew',
  title: 'requests of migration schemes are held back, or signed for later',
  expected: 'none reaches the bank',
  needs: 'own-gateway',
  run: (world) =>
    forgeryOutcome(world, () => ({
      'cavage, an hour old': cavageCall({ skewSeconds: -3600 }),
      'cavage, an hour ahead': cavageCall({ skewSeconds: 3600 }),
      'sigv4, an hour old': sigv4Call(-3600),
      'sigv4, an hour ahead': sigv4Call(3600),
      'dpop, an hour old': dpopCall({ claims: { iat: Math.floor(Date.now() / 1000) - 3600 } }),
      'dpop, an hour ahead': dpopCall({ claims: { iat: Math.floor(Date.now() / 1000) + 3600 } }),
      'attestation, an hour old': attestationCall({ claims: { iat: Math.floor(Date.now() / 1000) - 3600 } }),
    })),
  control: (world) =>
    honestPass(world, () => [cavageCall({ skewSeconds: 60 }), sigv4Call(60), dpopCall(), attestationCall()]),
};
