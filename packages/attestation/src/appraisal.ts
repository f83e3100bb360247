/** The one way from device evidence to a verdict: `appraise` dispatches on the kind, and every kind answers in the same words. */
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { AppraisalCode, AppraisalContext, DeviceEvidence } from './appraisal-context.ts';
import { appraiseAndroidKey } from './appraise-android-key.ts';
import { appraiseAppAttest } from './appraise-app-attest.ts';
import { appraiseHuks } from './appraise-huks.ts';
import { appraisePlayIntegrity } from './appraise-play-integrity.ts';
import { appraiseSoftware } from './appraise-software.ts';
import { appraiseWebauthn } from './appraise-webauthn.ts';
import { isAtLeastTier, type Verdict } from './verdict.ts';

const appraiseKind = (evidence: DeviceEvidence, context: AppraisalContext): Result<Verdict, AppraisalCode> => {
  switch (evidence.kind) {
    case 'android-key':
      return appraiseAndroidKey(evidence, context);
    case 'app-attest':
      return appraiseAppAttest(evidence, context);
    case 'webauthn':
      return appraiseWebauthn(evidence, context);
    case 'software':
      return appraiseSoftware(evidence, context);
    case 'huks':
      return appraiseHuks(evidence, context);
    case 'play-integrity':
      return appraisePlayIntegrity(evidence, context);
  }
};

/** Appraises one piece of evidence. Never throws on what a stranger sent. */
export const appraise = (evidence: DeviceEvidence, context: AppraisalContext): Result<Verdict, AppraisalCode> => {
  const { challenge, policy = {} } = context.expectations;
  if (challenge.length < 16) return refuse('CHALLENGE_TOO_SHORT', `${challenge.length} bytes`);
  const verdict = appraiseKind(evidence, context);
  if (!verdict.ok) return verdict;
  const { tier } = verdict.value;
  return isAtLeastTier(tier, policy.leastTier ?? 'tee') ? accept(verdict.value) : refuse('TIER_TOO_LOW', tier);
};
