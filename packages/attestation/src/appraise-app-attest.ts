/** App Attest as a verdict: attestation and the receipt inside it, both. */
import { accept, refuse } from '@hauberk/primitives';
import { type AppAttestFacts, type VerifiedAppAttestation, verifyAppAttestation } from './app-attest.ts';
import { readReceipt, type VerifiedReceipt } from './app-attest-receipt.ts';
import {
  type AppraisalCode,
  type AppraisalExpectations,
  type Appraiser,
  keyBoundChallenge,
} from './appraisal-context.ts';
import { algorithmOfSpki } from './spki.ts';
import { type Anomaly, type AttestedFacts, mintVerdict, silentVector } from './verdict.ts';

const appStore = 4;

/** Systems before iOS 27 attest neither category nor version; what they do not say cannot be held against them. */
const checkFacts = (
  facts: AppAttestFacts,
  { apps, policy = {}, environment }: AppraisalExpectations,
): AppraisalCode | undefined => {
  const { validationCategory: category, bundleVersion: version } = facts;
  const categories = policy.appleCategories ?? (environment === 'production' ? new Set([appStore]) : undefined);
  if (category !== undefined && categories?.has(category) === false) return 'CATEGORY_NOT_ALLOWED';
  const builds = apps.apple?.builds;
  return version !== undefined && builds?.has(version) === false ? 'BUILD_NOT_APPROVED' : undefined;
};

const anomaliesOf = (
  { facts }: VerifiedAppAttestation,
  { riskMetric = 0 }: Pick<VerifiedReceipt, 'riskMetric'>,
  { apps, policy = {} }: AppraisalExpectations,
): readonly Anomaly[] => {
  const isUnknown = apps.apple?.builds !== undefined && facts.bundleVersion === undefined;
  const isRisky = riskMetric > (policy.maxRiskMetric ?? 20);
  const found: readonly (Anomaly | false)[] = [
    isUnknown && { code: 'BUILD_UNKNOWN' },
    isRisky && { code: 'RISK_METRIC_HIGH', detail: String(riskMetric) },
  ];
  return found.filter((anomaly) => anomaly !== false);
};

const factsOf = ({ facts, spki }: VerifiedAppAttestation, receipt: VerifiedReceipt, appId: string): AttestedFacts => {
  const algorithm = algorithmOfSpki(spki);
  const versions = facts.bundleVersion === undefined ? {} : { versions: [facts.bundleVersion] };
  return {
    securityLevel: 'SECURE_ENCLAVE',
    key: { origin: 'GENERATED', ...(algorithm === undefined ? {} : { algorithm }) },
    application: { ids: [appId], ...versions },
    ...(receipt.riskMetric === undefined ? {} : { riskMetric: receipt.riskMetric }),
  };
};

/** Appraises `app-attest`. */
export const appraiseAppAttest: Appraiser<'app-attest'> = (evidence, { anchors, expectations, crypto, now }) => {
  const { publicKey, challenge, environment } = expectations;
  const { appAttest, appAttestReceipts } = anchors;
  const appId = expectations.apps.apple?.appId;
  if (appAttest === undefined || appAttestReceipts === undefined) return refuse('ANCHORS_MISSING', 'appAttest');
  if (appId === undefined) return refuse('APPLICATION_NOT_CONFIGURED', 'apple');
  const clientData = publicKey === undefined ? challenge : keyBoundChallenge(challenge, publicKey, crypto);
  const clientDataHash = crypto.digest('SHA-256', clientData);
  const verified = verifyAppAttestation(
    evidence.attestationObject,
    { appId, environment, keyId: evidence.keyId, clientDataHash, anchors: appAttest, now },
    crypto,
  );
  if (!verified.ok) return verified;
  const attestation = verified.value;
  const fault = checkFacts(attestation.facts, expectations);
  if (fault !== undefined) return refuse(fault);
  const { spki } = attestation;
  const read = readReceipt(attestation.receipt, { appId, spki, anchors: appAttestReceipts, now }, crypto);
  if (!read.ok) return read;
  return accept(
    mintVerdict({
      vector: { ...silentVector, 'instance-identity': 2, hardware: 2, 'storage-opaque': 2 },
      tier: 'secure-element',
      publicKey: publicKey ?? spki,
      keyBinding: publicKey === undefined ? 'attested' : 'challenge',
      facts: factsOf(attestation, read.value, appId),
      anomalies: anomaliesOf(attestation, read.value, expectations),
      appraisedAt: now,
      details: { kind: 'app-attest', attestation, receipt: read.value },
    }),
  );
};
