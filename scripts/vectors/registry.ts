/** Who runs which corpus. A package with a runner of its own adds it here. */
import { androidKeyAttestationRunner, appAttestRunner, webauthnRunner } from '@hauberk/attestation/vectors';
import { wycheproofRunner } from '@hauberk/crypto/vectors';
import { structuredFieldsRunner, type VectorRunner } from '@hauberk/primitives/vectors';

/** Every runner, one per folder of the corpora. */
export const runners: readonly VectorRunner[] = [
  structuredFieldsRunner,
  wycheproofRunner,
  androidKeyAttestationRunner,
  appAttestRunner,
  webauthnRunner,
];
