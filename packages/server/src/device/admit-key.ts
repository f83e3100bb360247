/** From the evidence for a key of trusted services to a key whose statements are believed. */
import { appraise } from '@hauberk/attestation';
import { type Evidence, verifyTrustedStatement } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { admitTrustedKey, type TrustedKeyPurpose } from '@hauberk/device';
import { accept, type Bytes, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { NewTrustedKey } from '../storage/trusted-key-store.ts';
import { type AppraiserParts, contextFor, readEvidence, staleRoots } from './appraise-enrolment.ts';

/** A key that a device asks to be believed. */
export interface KeyProposal {
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly purpose: TrustedKeyPurpose;
  readonly publicKey: Bytes;
  readonly thumbprint: string;
  readonly evidence: Evidence;
  /** What the evidence must be made for: names device and purpose. */
  readonly challenge: Bytes;
  /** A statement by the key over nothing, for that challenge; asked for where no evidence is bound to the key. */
  readonly proof: string | undefined;
}

/** Why a key is not admitted; the detail of `trusted-key.refused` says which check failed. */
export type AdmitCode = 'enrol.evidence' | 'enrol.appraisal' | 'enrol.software' | 'trusted-key.refused';

/** Judges proposals. */
export type AdmitKey = (proposal: KeyProposal, now: EpochMs) => Result<NewTrustedKey, AdmitCode>;

/** A key of purpose `capture` signs media and nothing else, so it has no statement of its own to prove itself with. */
const proofKinds = { device: 'identify', approve: 'verify-user', capture: undefined } as const;

const isProved = (proposal: KeyProposal, now: EpochMs): boolean => {
  const { proof, purpose, ...expected } = proposal;
  const kind = proofKinds[purpose];
  if (proof === undefined || kind === undefined) return false;
  return verifyTrustedStatement(nodeCrypto, proof, new Uint8Array(0), { ...expected, kind, now }).ok;
};

/** Makes the judge of a gateway. */
export const createKeyAdmitter =
  (parts: AppraiserParts): AdmitKey =>
  (proposal, now) => {
    const { purpose, publicKey, thumbprint, challenge } = proposal;
    const app = parts.apps.find(({ id }) => id === proposal.app);
    const evidence = readEvidence(proposal);
    if (app === undefined) return refuse('enrol.evidence', 'app');
    if (!evidence.ok) return evidence;
    if (evidence.value.kind === 'software' && app.software === 'refused') return refuse('enrol.software');
    if (evidence.value.kind !== 'software' && staleRoots(parts, true, now) === 'refuse')
      return refuse('enrol.appraisal', 'ANCHORS_STALE');
    const context = contextFor(parts, { app, challenge, publicKey, isKnown: true }, now);
    const verdict = appraise(evidence.value, context);
    if (!verdict.ok) return refuse('enrol.appraisal', `${verdict.code} ${verdict.detail ?? ''}`.trim());
    const admitted = admitTrustedKey(purpose, publicKey, verdict.value, {
      requireAttestedUser: app.approval === 'hardware',
      isProved: isProved(proposal, now),
    });
    return admitted.ok ? accept({ ...admitted.value, thumbprint }) : refuse('trusted-key.refused', admitted.code);
  };
