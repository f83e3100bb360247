/** Android Key Attestation as a verdict. */
import { accept, refuse, toHex } from '@hauberk/primitives';
import type { AuthorizationList, RootOfTrust } from './android-authorizations.ts';
import type { AndroidSecurityLevel } from './android-description.ts';
import { type AndroidKeyVerdict, verifyAndroidKey } from './android-key.ts';
import { type AppraisalExpectations, type Appraiser, isStaleSnapshot } from './appraisal-context.ts';
import { algorithmOfSpki } from './spki.ts';
import {
  type Anomaly,
  type AttestedFacts,
  identityUnchecked,
  mintVerdict,
  silentVector,
  type TrustTier,
  type TrustVector,
} from './verdict.ts';

const tiers: { readonly [level in AndroidSecurityLevel]: TrustTier } = {
  SOFTWARE: 'software',
  TRUSTED_ENVIRONMENT: 'tee',
  STRONG_BOX: 'secure-element',
};

const numberIn = ({ fields }: AuthorizationList, name: string): number | undefined => {
  const value = fields.get(name);
  return typeof value === 'bigint' && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : undefined;
};

/** Two digits each for minor and subminor: 140001 is 14.0.1. */
const osVersionOf = (hardware: AuthorizationList): string | undefined => {
  const version = numberIn(hardware, 'osVersion');
  if (version === undefined || version === 0) return undefined;
  return [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100].join('.');
};

const defined = <Facts extends object>(facts: Facts): { [Name in keyof Facts]?: Exclude<Facts[Name], undefined> } =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Facts]?: Exclude<Facts[Name], undefined>;
  };

const keyFacts = ({ publicKey, description }: AndroidKeyVerdict): AttestedFacts['key'] => {
  const { fields, origin } = description.hardwareEnforced;
  const isFree = fields.has('noAuthRequired');
  const isBound = (numberIn(description.hardwareEnforced, 'userAuthType') ?? 0) > 0;
  return defined({
    algorithm: algorithmOfSpki(publicKey),
    origin,
    userAuthentication: isFree ? ('not-required' as const) : isBound ? ('required' as const) : undefined,
    validSeconds: isBound && !isFree ? numberIn(description.hardwareEnforced, 'authTimeout') : undefined,
    trustedConfirmation: fields.has('trustedConfirmationRequired') ? true : undefined,
  });
};

const bootFacts = (root: RootOfTrust | undefined): AttestedFacts['boot'] | undefined =>
  root === undefined
    ? undefined
    : {
        state: root.verifiedBootState,
        locked: root.deviceLocked,
        key: toHex(root.verifiedBootKey),
        ...(root.verifiedBootHash === undefined ? {} : { hash: toHex(root.verifiedBootHash) }),
      };

const factsOf = (verdict: AndroidKeyVerdict): AttestedFacts => {
  const { hardwareEnforced: hardware, softwareEnforced: software } = verdict.description;
  const application = software.applicationId;
  const { certificatesIssued: issued } = verdict;
  return defined({
    securityLevel: verdict.level,
    key: keyFacts(verdict),
    boot: bootFacts(hardware.rootOfTrust),
    patchLevels: defined({
      system: numberIn(hardware, 'osPatchLevel'),
      vendor: numberIn(hardware, 'vendorPatchLevel'),
      boot: numberIn(hardware, 'bootPatchLevel'),
    }),
    osVersion: osVersionOf(hardware),
    application:
      application === undefined
        ? undefined
        : {
            ids: application.packages.map(({ name }) => name),
            versions: application.packages.map(({ version }) => version.toString()),
            signers: application.signatures.map((digest) => toHex(digest)),
          },
    certificatesIssued: typeof issued === 'number' ? issued : undefined,
  });
};

const anomaliesOf = (
  { description, certificatesIssued: issued, unknownTags }: AndroidKeyVerdict,
  isStale: boolean,
  { policy = {} }: AppraisalExpectations,
): readonly Anomaly[] => {
  const { hardwareEnforced: hardware, softwareEnforced: software } = description;
  const root = hardware.rootOfTrust;
  const isMany = typeof issued === 'number' && issued > (policy.maxCertificatesIssued ?? 60);
  const found: readonly (Anomaly | false)[] = [
    isStale && { code: 'REVOCATION_STALE' },
    unknownTags.length > 0 && { code: 'UNKNOWN_TAGS', detail: unknownTags.join() },
    !(hardware.isAscending && software.isAscending) && { code: 'TAGS_UNORDERED' },
    issued === 'malformed' && { code: 'PROVISIONING_INFO_MALFORMED' },
    isMany && { code: 'MANY_CERTIFICATES_ISSUED', detail: String(issued) },
    root?.deviceLocked !== true && { code: 'DEVICE_UNLOCKED' },
    root?.verifiedBootState !== 'VERIFIED' && { code: 'BOOT_NOT_VERIFIED' },
  ];
  return found.filter((anomaly) => anomaly !== false);
};

const vectorOf = (root: RootOfTrust | undefined, isStale: boolean): TrustVector => ({
  ...silentVector,
  'instance-identity': isStale ? identityUnchecked : 2,
  configuration: root?.deviceLocked === true ? 2 : 96,
  // AR4SI 3: what booted is approved; what runs later is not known. 33: it is not recognised.
  executables: root?.verifiedBootState === 'VERIFIED' ? 3 : 33,
  hardware: 2,
  'storage-opaque': 2,
});

const isBuild = ({ description }: AndroidKeyVerdict, builds: ReadonlySet<string> | undefined): boolean =>
  builds === undefined ||
  (description.softwareEnforced.applicationId?.packages ?? []).every(({ version }) => builds.has(version.toString()));

/** Appraises `android-key`. */
export const appraiseAndroidKey: Appraiser<'android-key'> = (evidence, context) => {
  const { anchors, revocations, expectations, crypto, now, memory } = context;
  const { policy = {}, challenge, publicKey } = expectations;
  const application = expectations.apps.android;
  const revocation = revocations.android;
  if (anchors.androidKeys === undefined) return refuse('ANCHORS_MISSING', 'androidKeys');
  if (revocation === undefined) return refuse('REVOCATION_MISSING', 'android');
  if (application === undefined) return refuse('APPLICATION_NOT_CONFIGURED', 'android');
  const isStale = isStaleSnapshot(revocation.takenAt, expectations, now);
  if (isStale && policy.staleRevocations !== 'note') return refuse('REVOCATION_STALE');
  const verified = verifyAndroidKey(
    evidence.certificates,
    { anchorKeys: anchors.androidKeys, revocation, now, ...(memory === undefined ? {} : { memory }) },
    {
      challenge,
      application,
      lockState: policy.allowUnlocked === true ? 'any' : 'locked',
      tagOrder: policy.tagOrder ?? 'ascending',
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(policy.leastPatchLevel === undefined ? {} : { leastPatchLevel: BigInt(policy.leastPatchLevel) }),
    },
    crypto,
  );
  if (!verified.ok) return verified;
  const android = verified.value;
  if (!isBuild(android, application.builds)) return refuse('BUILD_NOT_APPROVED');
  return accept(
    mintVerdict({
      vector: vectorOf(android.description.hardwareEnforced.rootOfTrust, isStale),
      tier: tiers[android.level],
      publicKey: android.publicKey,
      keyBinding: 'attested',
      facts: factsOf(android),
      anomalies: anomaliesOf(android, isStale, expectations),
      appraisedAt: now,
      details: { kind: 'android-key', android },
    }),
  );
};
