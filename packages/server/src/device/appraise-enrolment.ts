/** From what a device sent to what it is worth: the evidence appraised under the app's own rules, its verdict in the words of the record. */
import {
  type AppraisalContext,
  type AppraisalPolicy,
  appraise,
  type ChainMemory,
  type DeviceEvidence,
  keyBoundChallenge,
  type Revocations,
  readEvidenceStatement,
  type TrustAnchors,
  type Verdict,
  verifyAppAssertion,
} from '@hauberk/attestation';
import { type EnrolmentRequest, evidenceInput, thumbprintInput } from '@hauberk/channel';
import { type Appraised, type AttestedFacts, type DevicePlatform, tierOfLevel } from '@hauberk/device';
import {
  accept,
  type Bytes,
  concat,
  days,
  type EpochMs,
  type EvidenceCrypto,
  elapsed,
  equalBytes,
  fromBase64Url,
  fromHex,
  fromUtf8,
  hours,
  type Result,
  refuse,
  toBase64Url,
  toHex,
  utf8,
} from '@hauberk/primitives';
import type { AppConfig, AttestationConfig, StaleRule } from '../config/config.ts';
import type { ApprovedBuilds } from './approved-builds.ts';
import { verdictClaims } from './device-verdict.ts';
import { judgeOpinion, opinionFacts, playKeysOf } from './second-opinion.ts';

/** What appraising needs. */
export interface AppraiserParts {
  readonly crypto: EvidenceCrypto;
  readonly anchors: (now: EpochMs) => TrustAnchors;
  /** When the snapshot was taken that roots come from; undefined where they are of the configuration alone. */
  readonly rootsTakenAt: (now: EpochMs) => EpochMs | undefined;
  readonly revocations: (now: EpochMs) => Revocations;
  readonly builds: ApprovedBuilds;
  /** Issuers that were read before: one batch of phones shares its own. */
  readonly memory: ChainMemory;
  readonly attestation: AttestationConfig;
  readonly apps: readonly AppConfig[];
  /** Names of the tiers, from the lowest. */
  readonly tierNames: readonly string[];
}

/** A key of Apple's that signs assertions: what is known of it. */
export interface AssertingKey {
  readonly thumbprint: string;
  readonly publicKey: Bytes;
  readonly counter: number;
  readonly facts: AttestedFacts;
}

/** What is asked. */
export interface AppraisalQuestion {
  readonly request: EnrolmentRequest;
  /** The key by which a known device is bound; undefined for one that enrols. */
  readonly boundKey: Bytes | undefined;
  /** The device's App Attest key, where it has one. */
  readonly asserting: AssertingKey | undefined;
}

/** Evidence that passed, ready to be kept. */
export interface AppraisedEvidence {
  readonly appraised: Appraised;
  /** As it was sent. */
  readonly evidence: Bytes;
  /** A key that vouches for the device key and will sign assertions. */
  readonly attestingKey: { readonly thumbprint: string; readonly publicKey: Bytes } | undefined;
  /** Claims of the verdict (EAR), as JSON text; absent where the one before goes on. */
  readonly verdict?: string;
}

/** Why evidence does not count; `enrol.appraisal` says in its detail which check failed. */
export type AppraiseCode = 'enrol.evidence' | 'enrol.appraisal' | 'enrol.software';

/** Judges evidence. */
export type Appraise = (question: AppraisalQuestion, now: EpochMs) => Result<AppraisedEvidence, AppraiseCode>;

/** Head of a P-256 SubjectPublicKeyInfo; the raw point follows. */
const spkiHead = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);
const spkiOf = (point: Uint8Array): Bytes => concat(spkiHead, point);
const pointOf = (spki: Uint8Array): Bytes | undefined =>
  spki.length === spkiHead.length + 65 && equalBytes(Uint8Array.from(spki.subarray(0, spkiHead.length)), spkiHead)
    ? Uint8Array.from(spki.subarray(spkiHead.length))
    : undefined;

const platforms: { readonly [Kind in DeviceEvidence['kind']]: DevicePlatform } = {
  'android-key': 'android',
  'play-integrity': 'android',
  'app-attest': 'ios',
  huks: 'harmony',
  webauthn: 'web',
  software: 'other',
};

const boots: Readonly<Record<string, AttestedFacts['boot']>> = {
  VERIFIED: 'verified',
  SELF_SIGNED: 'self-signed',
  UNVERIFIED: 'unverified',
  FAILED: 'failed',
};

const known = <Facts extends object>(facts: Facts): { [Name in keyof Facts]: Exclude<Facts[Name], undefined> } =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as never;

const provisioningOf = ({ details }: Verdict): AttestedFacts['provisioning'] =>
  details.kind === 'android-key' ? details.android.provisioning : undefined;

const environmentOf = ({ details }: Verdict): AttestedFacts['environment'] =>
  details.kind === 'app-attest' ? details.attestation.environment : undefined;

/** The verdict's facts in the words of the record; nothing that names a phone or a person goes over. */
const factsOf = (kind: DeviceEvidence['kind'], verdict: Verdict): AttestedFacts => {
  const { application, boot, patchLevels, certificatesIssued } = verdict.facts;
  return known({
    platform: platforms[kind],
    level: verdict.tier,
    app: application?.ids[0],
    appVersion: application?.versions?.[0],
    appDigest: application?.signers?.[0],
    boot: boot === undefined ? undefined : boots[boot.state],
    locked: boot?.locked,
    patchLevel: patchLevels?.system,
    environment: environmentOf(verdict),
    provisioning: provisioningOf(verdict),
    certificatesIssued,
  });
};

/** What evidence is asked about. */
export interface EvidenceAsk {
  readonly app: AppConfig;
  readonly challenge: Bytes;
  /** Raw point of the key that the evidence must be about; undefined where it may attest another one of the same phone. */
  readonly publicKey: Uint8Array | undefined;
  /** Whether the device is known already. */
  readonly isKnown: boolean;
}

const staleRule = ({ attestation }: AppraiserParts, isKnown: boolean): StaleRule => {
  const { staleRevocations: stale } = attestation;
  return typeof stale === 'string' ? stale : isKnown ? stale.reattest : stale.enrol;
};

/** What to do about roots from a snapshot that nobody has renewed for long; undefined while they are fresh. */
export const staleRoots = (parts: AppraiserParts, isKnown: boolean, now: EpochMs): StaleRule | undefined => {
  const takenAt = parts.rootsTakenAt(now);
  const isStale = takenAt !== undefined && elapsed(takenAt, now) > days(parts.attestation.maxSnapshotDays);
  return isStale ? staleRule(parts, isKnown) : undefined;
};

const policyOf = (parts: AppraiserParts, { app, isKnown }: EvidenceAsk): AppraisalPolicy => {
  const { maxRevocationHours, unlocked, leastPatchLevel } = parts.attestation;
  return {
    leastTier: app.software === 'allowed' ? 'software' : 'tee',
    allowUnlocked: unlocked === 'allowed',
    maxRevocationAge: hours(maxRevocationHours),
    staleRevocations: staleRule(parts, isKnown),
    ...(leastPatchLevel === undefined ? {} : { leastPatchLevel }),
    ...(app.playIntegrity === undefined ? {} : { leastPlayLabel: app.playIntegrity.leastLabel }),
  };
};

/** Takes evidence as it was sent apart. */
export const readEvidence = ({
  evidence,
}: Pick<EnrolmentRequest, 'evidence'>): Result<DeviceEvidence, 'enrol.evidence'> => {
  if (!('statement' in evidence)) return accept({ kind: 'software' });
  const read = readEvidenceStatement(evidence.kind, evidence.statement);
  return read.ok ? read : refuse('enrol.evidence', `${read.code} ${read.detail ?? ''}`);
};

/** The evidence as it is kept. */
const evidenceText = ({ evidence }: EnrolmentRequest): Bytes =>
  utf8('statement' in evidence ? `${evidence.kind}:${evidence.statement}` : evidence.kind);

/** Evidence that was kept, in its parts; undefined for software and for what is no evidence any more. */
export const readKeptEvidence = (kept: Uint8Array): DeviceEvidence | undefined => {
  const text = fromUtf8(kept) ?? '';
  const mark = text.indexOf(':');
  const read = mark < 0 ? undefined : readEvidenceStatement(text.slice(0, mark), text.slice(mark + 1));
  return read?.ok === true ? read.value : undefined;
};

type Ask = AppraisalQuestion & { readonly app: AppConfig; readonly challenge: Bytes };

/** Evidence of these kinds attests a key, so it may be another one of the same phone. */
const attestsKeys: ReadonlySet<string> = new Set(['android-key', 'huks']);

const withPlayKeys = (anchors: TrustAnchors, playIntegrity: TrustAnchors['playIntegrity']): TrustAnchors =>
  playIntegrity === undefined ? anchors : { ...anchors, playIntegrity };

/** What evidence is appraised with, under an app's own rules. */
export const contextFor = (parts: AppraiserParts, ask: EvidenceAsk, now: EpochMs): AppraisalContext => ({
  crypto: parts.crypto,
  anchors: withPlayKeys(parts.anchors(now), playKeysOf(ask.app)),
  revocations: parts.revocations(now),
  memory: parts.memory,
  now,
  expectations: {
    challenge: ask.challenge,
    ...(ask.publicKey === undefined ? {} : { publicKey: spkiOf(ask.publicKey) }),
    environment: ask.app.environment,
    apps: parts.builds.of(ask.app.id, now) ?? {},
    policy: policyOf(parts, ask),
  },
});

/** A known device may show another key of its hardware: the challenge then names the key that it is bound by. */
const askedOf = ({ app, challenge, boundKey, request }: Ask): EvidenceAsk => {
  const isKnown = boundKey !== undefined;
  const publicKey = isKnown && attestsKeys.has(request.evidence.kind) ? undefined : request.publicKey;
  return { app, challenge, publicKey, isKnown };
};

const referenceOf = (crypto: EvidenceCrypto, kind: string, evidence: Bytes): string =>
  `${kind}:${toHex(crypto.digest('SHA-256', evidence)).slice(0, 32)}`;

const worth = (
  parts: AppraiserParts,
  kind: string,
  facts: AttestedFacts,
  evidence: Bytes,
  counter: Appraised['counter'],
): Appraised => ({
  kind,
  tier: facts.level === 'software' ? 0 : tierOfLevel(parts.tierNames, facts.level),
  facts,
  verdictReference: referenceOf(parts.crypto, kind, evidence),
  ...(counter === undefined ? {} : { counter }),
});

const attestingKeyOf = (crypto: EvidenceCrypto, { details }: Verdict): AppraisedEvidence['attestingKey'] => {
  const point = details.kind === 'app-attest' ? pointOf(details.attestation.spki) : undefined;
  if (point === undefined) return undefined;
  return { thumbprint: toBase64Url(crypto.digest('SHA-256', thumbprintInput(point))), publicKey: point };
};

/**
 * What is known after an assertion. Systems before iOS 27, and some after it, do not say which build runs: the one that was attested last goes on until it
 * is withdrawn. Then it is known no longer, as if the phone enrolled now; were it kept, the phone would be asked for evidence for ever.
 */
const factsAfter = (
  facts: AttestedFacts,
  bundleVersion: string | undefined,
  approved: ReadonlySet<string> | undefined,
): AttestedFacts => {
  if (bundleVersion !== undefined) return { ...facts, appVersion: bundleVersion };
  const { appVersion, ...others } = facts;
  return appVersion === undefined || approved?.has(appVersion) !== false ? facts : others;
};

/** An assertion by the App Attest key that is bound already: no new certificate, but a counter that must rise. */
const judgeAssertion = (parts: AppraiserParts, ask: Ask, now: EpochMs): Result<AppraisedEvidence, AppraiseCode> => {
  const { asserting, request, challenge } = ask;
  const { evidence } = request;
  const assertion = 'statement' in evidence ? fromBase64Url(evidence.statement) : undefined;
  const apple = parts.builds.of(ask.app.id, now)?.apple;
  if (assertion === undefined || asserting === undefined) return refuse('enrol.evidence', 'assertion');
  if (apple === undefined) return refuse('enrol.appraisal', 'APPLICATION_NOT_CONFIGURED apple');
  const { crypto } = parts;
  const clientData = keyBoundChallenge(challenge, spkiOf(request.publicKey), crypto);
  const { counter, publicKey, facts } = asserting;
  const clientDataHash = crypto.digest('SHA-256', clientData);
  const expected = { appId: apple.appId, spki: spkiOf(publicKey), counter, clientDataHash };
  const verified = verifyAppAssertion(assertion, expected, crypto);
  if (!verified.ok) return refuse('enrol.appraisal', `${verified.code} ${verified.detail ?? ''}`);
  const { bundleVersion } = verified.value.facts;
  if (bundleVersion !== undefined && apple.builds?.has(bundleVersion) === false)
    return refuse('enrol.appraisal', 'BUILD_NOT_APPROVED');
  const kept = evidenceText(request);
  const present = factsAfter(facts, bundleVersion, apple.builds);
  const after = { key: asserting.thumbprint, value: verified.value.counter };
  const appraised = worth(parts, 'app-attest', present, kept, after);
  return accept({ appraised, evidence: kept, attestingKey: undefined });
};

/** What old roots vouch for is warned of. */
const withStaleRoots = (verdict: Verdict): Verdict => ({
  ...verdict,
  status: verdict.status === 'affirming' ? 'warning' : verdict.status,
  anomalies: [...verdict.anomalies, { code: 'ANCHORS_STALE' }],
});

const judgeEvidence = (parts: AppraiserParts, ask: Ask, now: EpochMs): Result<AppraisedEvidence, AppraiseCode> => {
  const read = readEvidence(ask.request);
  if (!read.ok) return read;
  const evidence = read.value;
  if (evidence.kind === 'software' && ask.app.software === 'refused') return refuse('enrol.software');
  const stale = evidence.kind === 'software' ? undefined : staleRoots(parts, ask.boundKey !== undefined, now);
  if (stale === 'refuse') return refuse('enrol.appraisal', 'ANCHORS_STALE');
  const verdict = appraise(evidence, contextFor(parts, askedOf(ask), now));
  if (!verdict.ok) return refuse('enrol.appraisal', `${verdict.code} ${verdict.detail ?? ''}`.trim());
  const bound = contextFor(parts, { ...askedOf(ask), publicKey: ask.request.publicKey }, now);
  const opinion = judgeOpinion(ask.app, ask.request.evidence, bound);
  if (!opinion.ok) return opinion;
  const kept = evidenceText(ask.request);
  const attestingKey = attestingKeyOf(parts.crypto, verdict.value);
  const counter = attestingKey === undefined ? undefined : { key: attestingKey.thumbprint, value: 0 };
  const facts = { ...factsOf(evidence.kind, verdict.value), ...opinionFacts(opinion.value) };
  const appraised = worth(parts, evidence.kind, facts, kept, counter);
  const noted = stale === undefined ? verdict.value : withStaleRoots(verdict.value);
  const verdictText = JSON.stringify(verdictClaims(noted, ask.app.id, opinion.value));
  return accept({ appraised, evidence: kept, attestingKey, verdict: verdictText });
};

/** Makes the judge of a gateway. */
export const createAppraiser =
  (parts: AppraiserParts): Appraise =>
  (question, now) => {
    const { request, boundKey } = question;
    const app = parts.apps.find(({ id }) => id === request.app);
    if (app === undefined) return refuse('enrol.evidence', 'app');
    const challenge = parts.crypto.digest('SHA-256', evidenceInput(request, boundKey));
    const ask: Ask = { ...question, app, challenge };
    return request.evidence.kind === 'app-attest-assertion'
      ? judgeAssertion(parts, ask, now)
      : judgeEvidence(parts, ask, now);
  };
