/** Runners of the corpora about attestation. */
export { appAttestRunner } from './app-attest.ts';
export { webauthnRunner } from './webauthn.ts';
