import type { Attack } from './attack.ts';
import { attestationCall, forgeryOutcome, honestPass, thiefKey } from './migrated-client.ts';

/** A client attestation is stolen from a device, or made by somebody who is no attester. */
export const attack: Attack = {
  id: 'migration-attestation-stolen',
  title: 'a stolen client attestation, and one of no attester',
  expected: 'none reaches the bank',
  needs: 'own-gateway',
  run: (world) =>
    forgeryOutcome(world, () => ({
      'the proof of the thief': attestationCall({ proofKey: thiefKey }),
      'an attestation by the thief': attestationCall({ attester: thiefKey }),
      'a proof for somebody else': attestationCall({ claims: { aud: 'https://evil.example' } }),
    })),
  control: (world) => honestPass(world, () => [attestationCall(), attestationCall()]),
};
