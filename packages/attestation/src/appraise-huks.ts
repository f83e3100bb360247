/** HarmonyOS key attestation as a verdict. */
import { accept, refuse } from '@hauberk/primitives';
import { type Appraiser, isStaleSnapshot } from './appraisal-context.ts';
import { type HuksVerdict, verifyHuksKey } from './huks.ts';
import { algorithmOfSpki } from './spki.ts';
import { type Anomaly, type AttestedFacts, identityUnchecked, mintVerdict, silentVector } from './verdict.ts';

const factsOf = ({ publicKey, application, model, isTrustedEnvironment }: HuksVerdict): AttestedFacts => {
  const algorithm = algorithmOfSpki(publicKey);
  const { bundleName, appId, appIdentifier } = application;
  return {
    securityLevel: isTrustedEnvironment ? 'TEE' : 'REE',
    key: { origin: 'GENERATED', ...(algorithm === undefined ? {} : { algorithm }) },
    application: { ids: [bundleName, appId, ...(appIdentifier === undefined ? [] : [appIdentifier])] },
    ...(model === undefined ? {} : { model }),
  };
};

const anomaliesOf = ({ unknownClaims, application }: HuksVerdict, isStale: boolean): readonly Anomaly[] => {
  const found: readonly (Anomaly | false)[] = [
    isStale && { code: 'REVOCATION_STALE' },
    unknownClaims.length > 0 && { code: 'UNKNOWN_CLAIMS', detail: unknownClaims.join() },
    application.appMode === undefined && { code: 'BUILD_UNKNOWN', detail: 'appMode' },
  ];
  return found.filter((anomaly) => anomaly !== false);
};

/** Appraises `huks`. A list of revocations is optional: leaves live for days, and Huawei publishes none for its issuers in this form. */
export const appraiseHuks: Appraiser<'huks'> = (evidence, { anchors, revocations, expectations, crypto, now }) => {
  const { apps, challenge, publicKey, environment, policy = {} } = expectations;
  const revocation = revocations.huks;
  if (anchors.huks === undefined) return refuse('ANCHORS_MISSING', 'huks');
  if (apps.harmony === undefined) return refuse('APPLICATION_NOT_CONFIGURED', 'harmony');
  const isStale = revocation !== undefined && isStaleSnapshot(revocation.takenAt, expectations, now);
  if (isStale && policy.staleRevocations !== 'note') return refuse('REVOCATION_STALE');
  const verified = verifyHuksKey(
    evidence.certificates,
    {
      challenge,
      application: apps.harmony,
      allowDebug: environment === 'development',
      anchors: anchors.huks,
      now,
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(revocation === undefined ? {} : { revocation }),
    },
    crypto,
  );
  if (!verified.ok) return verified;
  const huks = verified.value;
  const opaque = huks.isTrustedEnvironment ? 2 : 32;
  return accept(
    mintVerdict({
      vector: {
        ...silentVector,
        'instance-identity': isStale ? identityUnchecked : 2,
        hardware: 2,
        'storage-opaque': opaque,
      },
      tier: huks.isTrustedEnvironment ? 'tee' : 'software',
      publicKey: huks.publicKey,
      keyBinding: 'attested',
      facts: factsOf(huks),
      anomalies: anomaliesOf(huks, isStale),
      appraisedAt: now,
      details: { kind: 'huks', huks },
    }),
  );
};
