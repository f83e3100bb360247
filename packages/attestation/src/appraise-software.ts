/** A key that nobody vouches for: admitted only where the policy's least tier is `software`. */
import { accept, refuse } from '@hauberk/primitives';
import type { Appraiser } from './appraisal-context.ts';
import { algorithmOfSpki } from './spki.ts';
import { mintVerdict, silentVector } from './verdict.ts';

/** Appraises `software`. */
export const appraiseSoftware: Appraiser<'software'> = (_evidence, { expectations, now }) => {
  const { publicKey } = expectations;
  if (publicKey === undefined) return refuse('KEY_REQUIRED');
  const algorithm = algorithmOfSpki(publicKey);
  return accept(
    mintVerdict({
      // AR4SI 32: secrets are kept without hardware.
      vector: { ...silentVector, 'storage-opaque': 32 },
      tier: 'software',
      publicKey,
      keyBinding: 'none',
      facts: algorithm === undefined ? {} : { key: { algorithm } },
      anomalies: [{ code: 'KEY_NOT_ATTESTED' }],
      appraisedAt: now,
      details: { kind: 'software' },
    }),
  );
};
