/** Play Integrity as a verdict: a second opinion on app and device, which vouches for no key. */
import { accept, refuse } from '@hauberk/primitives';
import { type Appraiser, keyBoundChallenge } from './appraisal-context.ts';
import { type PlayIntegrityVerdict, verifyPlayIntegrity } from './play-integrity.ts';
import { algorithmOfSpki } from './spki.ts';
import { type AttestedFacts, mintVerdict, silentVector } from './verdict.ts';

const factsOf = (play: PlayIntegrityVerdict): AttestedFacts => ({
  securityLevel: play.label,
  application: {
    ids: [play.packageName],
    signers: play.signers,
    ...(play.versionCode === undefined ? {} : { versions: [play.versionCode] }),
  },
  ...(play.sdkVersion === undefined ? {} : { osVersion: `sdk ${play.sdkVersion}` }),
});

/** Appraises `play-integrity`. */
export const appraisePlayIntegrity: Appraiser<'play-integrity'> = (
  evidence,
  { anchors, expectations, crypto, now },
) => {
  const { publicKey, challenge, apps, environment, policy = {} } = expectations;
  if (anchors.playIntegrity === undefined) return refuse('ANCHORS_MISSING', 'playIntegrity');
  if (apps.android === undefined) return refuse('APPLICATION_NOT_CONFIGURED', 'android');
  if (publicKey === undefined) return refuse('KEY_REQUIRED');
  const verified = verifyPlayIntegrity(
    evidence.token,
    anchors.playIntegrity,
    {
      nonce: keyBoundChallenge(challenge, publicKey, crypto),
      packages: apps.android.packages,
      digests: apps.android.digests,
      allowTesting: environment === 'development',
      now,
      ...(policy.leastPlayLabel === undefined ? {} : { leastLabel: policy.leastPlayLabel }),
    },
    crypto,
  );
  if (!verified.ok) return verified;
  const play = verified.value;
  const { builds } = apps.android;
  if (builds !== undefined && !builds.has(play.versionCode ?? '')) return refuse('BUILD_NOT_APPROVED');
  const algorithm = algorithmOfSpki(publicKey);
  const isBasic = play.label === 'MEETS_BASIC_INTEGRITY';
  return accept(
    mintVerdict({
      vector: {
        ...silentVector,
        'instance-identity': 2,
        // A basic label is given to unlocked and rooted devices too.
        configuration: isBasic ? 96 : 2,
        executables: 2,
        hardware: play.label === 'MEETS_STRONG_INTEGRITY' ? 2 : 0,
      },
      tier: 'software',
      publicKey,
      keyBinding: 'challenge',
      facts: { ...factsOf(play), ...(algorithm === undefined ? {} : { key: { algorithm } }) },
      anomalies: [
        { code: 'KEY_NOT_ATTESTED' },
        ...(isBasic ? [{ code: 'BOOT_NOT_VERIFIED', detail: play.label } as const] : []),
      ],
      appraisedAt: now,
      details: { kind: 'play-integrity', play },
    }),
  );
};
