/** Play Integrity beside the evidence of a key: a second opinion on app and device, bound to the same key and the same challenge. */
import {
  type AppraisalContext,
  appraise,
  type PlayDeviceLabel,
  type PlayIntegrityKeys,
  type Verdict,
} from '@hauberk/attestation';
import type { Evidence } from '@hauberk/channel';
import type { AttestedFacts } from '@hauberk/device';
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { AppConfig } from '../config/config.ts';

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, 'base64'));

/** The response keys of an app; undefined where none are configured. */
export const playKeysOf = ({ playIntegrity }: AppConfig): PlayIntegrityKeys | undefined =>
  playIntegrity === undefined
    ? undefined
    : { decryption: bytesOf(playIntegrity.decryptionKey), verification: bytesOf(playIntegrity.verificationKey) };

const tokenOf = (evidence: Evidence): string | undefined => {
  if (!('statement' in evidence)) return undefined;
  if (evidence.kind === 'play-integrity') return evidence.statement;
  return evidence.also?.find(({ kind }) => kind === 'play-integrity')?.statement;
};

/** It vouches for no key, so its tier is the lowest whatever it says; what the key is worth the other evidence told. */
const contextOf = (context: AppraisalContext): AppraisalContext => {
  const { expectations } = context;
  return { ...context, expectations: { ...expectations, policy: { ...expectations.policy, leastTier: 'software' } } };
};

/** The verdict on the token beside a piece of evidence; undefined where there is none and none is needed. */
export const judgeOpinion = (
  app: AppConfig,
  evidence: Evidence,
  context: AppraisalContext,
): Result<Verdict | undefined, 'enrol.appraisal'> => {
  const { playIntegrity } = app;
  if (playIntegrity === undefined || !('statement' in evidence)) return accept(undefined);
  const token = tokenOf(evidence);
  if (token === undefined)
    return playIntegrity.use === 'required' && evidence.kind === 'android-key'
      ? refuse('enrol.appraisal', 'PLAY_INTEGRITY_MISSING')
      : accept(undefined);
  const verdict = appraise({ kind: 'play-integrity', token }, contextOf(context));
  return verdict.ok ? verdict : refuse('enrol.appraisal', `${verdict.code} ${verdict.detail ?? ''}`.trim());
};

const labels: { readonly [Label in PlayDeviceLabel]: NonNullable<AttestedFacts['play']> } = {
  MEETS_BASIC_INTEGRITY: 'basic',
  MEETS_DEVICE_INTEGRITY: 'device',
  MEETS_STRONG_INTEGRITY: 'strong',
};

/** The label as a fact of the device. */
export const opinionFacts = (opinion: Verdict | undefined): Pick<AttestedFacts, 'play'> =>
  opinion?.details.kind === 'play-integrity' ? { play: labels[opinion.details.play.label] } : {};
