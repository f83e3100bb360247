import type { Attack } from './attack.ts';
import { dpopCall, forgeryOutcome, honestPass, thiefKey } from './migrated-client.ts';

/** A DPoP proof is moved to another request, or a stolen token comes with the key of the thief. */
export const attack: Attack = {
  id: 'migration-dpop-moved',
  title: 'a DPoP proof moved to another request, a stolen access token',
  expected: 'none reaches the bank',
  needs: 'own-gateway',
  run: (world) =>
    forgeryOutcome(world, () => ({
      'a proof for another method': dpopCall({ claims: { htm: 'POST' } }),
      'a proof for another path': dpopCall({ claims: { htu: 'https://api.bank.example/api/rates' } }),
      'a proof for another origin': dpopCall({ claims: { htu: 'https://evil.example/api/migrated/dpop' } }),
      'a proof for another token': dpopCall({ claims: { ath: 'AAAA' } }),
      'a stolen token under the key of the thief': dpopCall({ proofKey: thiefKey }),
    })),
  control: (world) => honestPass(world, () => [dpopCall(), dpopCall()]),
};
