/** Runners of the corpora about attestation. */
export { androidKeyAttestationRunner } from './android-key-attestation.ts';
export { appAttestRunner } from './app-attest.ts';
export { webauthnRunner } from './webauthn.ts';
