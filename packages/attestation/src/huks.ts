/**
 * HarmonyOS key attestation (Universal Keystore Kit), from its published ASN.1: a chain to Huawei's device attestation root, and claims in
 * an extension of the leaf. Imported keys are attested as well as generated ones, so the origin counts.
 */
import {
  accept,
  type Bytes,
  type EpochMs,
  type EvidenceCrypto,
  equalBytes,
  fromHex,
  fromUtf8,
  parseJson,
  type Result,
  refuse,
  toHex,
} from '@hauberk/primitives';
import { type RevocationSnapshot, serialKey } from './android-revocation.ts';
import { type DerElement, integerOf, oidHex, readDer, withTag } from './der.ts';
import { jsonMembers } from './webauthn-client-data.ts';
import { type Certificate, extensionOf, readCertificates } from './x509.ts';
import { type CertificateCode, checkPath } from './x509-path.ts';

/** Why evidence was refused. */
export type HuksCode =
  | CertificateCode
  | 'HUKS_EXTENSION_MISSING'
  | 'HUKS_EXTENSION_MISPLACED'
  | 'HUKS_MALFORMED'
  | 'HUKS_VERSION_UNKNOWN'
  | 'HUKS_CLAIM_REPEATED'
  | 'HUKS_COMPONENT'
  | 'HUKS_APP_DEBUG'
  | 'CHALLENGE_MISMATCH'
  | 'KEY_MISMATCH'
  | 'ORIGIN_NOT_GENERATED'
  | 'APPLICATION_MISMATCH'
  | 'CERTIFICATE_REVOKED'
  | 'CERTIFICATE_SUSPENDED';

/** The app as the system names it. */
export interface HuksApplication {
  /** Bundle name and a digest of the signing key, as AppGallery Connect shows them. */
  readonly appId: string;
  readonly bundleName: string;
  /** From API 20 on. */
  readonly appIdentifier: string | undefined;
  /** `debug` or `release`, from API 20 on. */
  readonly appMode: string | undefined;
}

/** What evidence is measured against. */
export interface HuksExpectations {
  readonly challenge: Bytes;
  readonly publicKey?: Bytes;
  readonly application: {
    readonly bundleName: string;
    readonly appIds: ReadonlySet<string>;
    /** Must match where the system attests it. */
    readonly appIdentifier?: string;
  };
  /** Whether debug builds pass; false when absent. */
  readonly allowDebug?: boolean;
  /** DER certificates of Huawei's roots. */
  readonly anchors: readonly Bytes[];
  /** Issuers that are no longer believed; leaves live for days and are in no list. */
  readonly revocation?: RevocationSnapshot;
  readonly now: EpochMs;
}

declare const mark: unique symbol;

/** A key that the system vouches for. Only `verifyHuksKey` makes one. */
export interface HuksVerdict {
  readonly [mark]: 'huks';
  readonly publicKey: Bytes;
  /** Whether the origin is a statement of the trusted environment (3), and not of the system (2). */
  readonly isTrustedEnvironment: boolean;
  readonly application: HuksApplication;
  readonly model: string | undefined;
  /** Claims that no published list explains, by dotted-less hexadecimal identifier. */
  readonly unknownClaims: readonly string[];
}

const extensionName = '1.3.6.1.4.1.2011.2.376.1.3';
const names = {
  challenge: oidHex('1.3.6.1.4.1.2011.2.376.2.1.4'),
  application: oidHex('1.3.6.1.4.1.2011.2.376.2.1.3'),
  origin: oidHex('1.3.6.1.4.1.2011.2.376.2.1.5'),
  alias: oidHex('1.3.6.1.4.1.2011.2.376.2.1.2'),
  component: oidHex('1.3.6.1.4.1.2011.2.376.2.2.2.6'),
  model: oidHex('1.3.6.1.4.1.2011.2.376.2.2.4.8'),
};
const knownNames: ReadonlySet<string> = new Set(Object.values(names));
const hapApplication = oidHex('1.3.6.1.4.1.2011.2.376.2.1.3.1');
/** The identifier of the Universal Keystore Kit. */
const keystoreComponent = fromHex('28c4fb4944afec11b9090242ac120002') ?? new Uint8Array(0);
const generated = 2;
const trustedEnvironment = 3n;

interface Claim {
  readonly level: bigint;
  readonly value: DerElement;
}
type Claims = ReadonlyMap<string, Claim>;

const readClaim = (element: DerElement): readonly [string, Claim] | undefined => {
  const [levelElement, oid, value, ...rest] = withTag(element, 0x30)?.children ?? [];
  const level = integerOf(levelElement);
  const name = withTag(oid, 6)?.contents;
  if (level === undefined || name === undefined || value === undefined || rest.length > 0) return undefined;
  return [toHex(name), { level, value }];
};

/** The version stands first, unless it is the default one. */
const readClaims = (value: Bytes): Result<Claims, HuksCode> => {
  const children = withTag(readDer(value), 0x30)?.children;
  if (children === undefined) return refuse('HUKS_MALFORMED', 'extension');
  const version = integerOf(children[0]);
  if (version !== undefined && version !== 0n) return refuse('HUKS_VERSION_UNKNOWN', version.toString());
  const claims = new Map<string, Claim>();
  for (const element of version === undefined ? children : children.slice(1)) {
    const claim = readClaim(element);
    if (claim === undefined) return refuse('HUKS_MALFORMED', 'claim');
    if (claims.has(claim[0])) return refuse('HUKS_CLAIM_REPEATED', claim[0]);
    claims.set(...claim);
  }
  return accept(claims);
};

const octetsIn = (claim: Claim | undefined): Bytes | undefined => withTag(claim?.value, 4)?.contents;

const textIn = (members: ReturnType<typeof jsonMembers>, name: string): string | undefined => {
  const value = members?.[name];
  return typeof value === 'string' ? value : undefined;
};

/** Services of the system have another type, and are no app. */
const readApplication = (claim: Claim | undefined): HuksApplication | undefined => {
  const [type, value, ...rest] = withTag(claim?.value, 0x30)?.children ?? [];
  const octets = withTag(value, 4)?.contents;
  const isHap = toHex(withTag(type, 6)?.contents ?? new Uint8Array(0)) === hapApplication && rest.length === 0;
  const text = octets === undefined || !isHap ? undefined : fromUtf8(octets);
  const json = text === undefined ? undefined : parseJson(text, { maxDepth: 2, maxKeys: 32, maxLength: 4096 });
  const members = json?.ok === true ? jsonMembers(json.value) : undefined;
  const [appId, bundleName] = [textIn(members, 'appId'), textIn(members, 'bundleName')];
  if (appId === undefined || bundleName === undefined) return undefined;
  return { appId, bundleName, appIdentifier: textIn(members, 'appIdentifier'), appMode: textIn(members, 'appMode') };
};

/** Four bytes, the lowest first, as the system writes them. */
const readOrigin = (claim: Claim | undefined): number | undefined => {
  const octets = octetsIn(claim);
  return octets?.length === 4 && octets.slice(1).every((byte) => byte === 0) ? octets[0] : undefined;
};

const readModel = (claim: Claim | undefined): string | undefined => {
  const contents = withTag(claim?.value, 12)?.contents;
  return contents === undefined || contents.length > 128 ? undefined : fromUtf8(contents);
};

const isApplication = (
  { appId, bundleName, appIdentifier }: HuksApplication,
  { application: expected }: HuksExpectations,
): boolean =>
  bundleName === expected.bundleName &&
  expected.appIds.has(appId) &&
  (expected.appIdentifier === undefined || appIdentifier === undefined || appIdentifier === expected.appIdentifier);

const checkClaims = (
  claims: Claims,
  application: HuksApplication,
  expectations: HuksExpectations,
): HuksCode | undefined => {
  const challenge = octetsIn(claims.get(names.challenge));
  if (challenge === undefined || !equalBytes(challenge, expectations.challenge)) return 'CHALLENGE_MISMATCH';
  if (readOrigin(claims.get(names.origin)) !== generated) return 'ORIGIN_NOT_GENERATED';
  const component = octetsIn(claims.get(names.component));
  if (component === undefined || !equalBytes(component, keystoreComponent)) return 'HUKS_COMPONENT';
  if (!isApplication(application, expectations)) return 'APPLICATION_MISMATCH';
  // What does not say that it is a debug build is older than this claim.
  const isDebug = application.appMode !== undefined && application.appMode !== 'release';
  return isDebug && expectations.allowDebug !== true ? 'HUKS_APP_DEBUG' : undefined;
};

type Chain = readonly [Certificate, ...Certificate[]];

const checkRevocation = (chain: Chain, revocation: RevocationSnapshot | undefined): HuksCode | undefined => {
  const statuses = chain.map(({ serial }) => revocation?.statuses.get(serialKey(serial)));
  if (statuses.includes('SUSPENDED')) return 'CERTIFICATE_SUSPENDED';
  return statuses.some((status) => status !== undefined) ? 'CERTIFICATE_REVOKED' : undefined;
};

const checkChain = (
  chain: Chain,
  { anchors, now, revocation }: HuksExpectations,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): Result<Bytes, HuksCode> => {
  const path = checkPath(chain, { anchors: readCertificates(anchors) ?? [], now }, crypto);
  if (!path.ok) return path;
  const fault = checkRevocation(chain, revocation);
  if (fault !== undefined) return refuse(fault);
  // A key of the device may have signed a certificate of its own: then its own one, above, carries the extension too.
  if (chain.slice(1).some((certificate) => extensionOf(certificate, extensionName) !== undefined))
    return refuse('HUKS_EXTENSION_MISPLACED');
  const extension = extensionOf(chain[0], extensionName);
  return extension === undefined ? refuse('HUKS_EXTENSION_MISSING') : accept(extension.value);
};

/** Verifies a chain of DER certificates, leaf first, and what its leaf says about the key. */
export const verifyHuksKey = (
  certificates: readonly Bytes[],
  expectations: HuksExpectations,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): Result<HuksVerdict, HuksCode> => {
  const chain = readCertificates(certificates);
  if (chain === undefined) return refuse('chain.malformed');
  const extension = checkChain(chain, expectations, crypto);
  if (!extension.ok) return extension;
  const claims = readClaims(extension.value);
  if (!claims.ok) return claims;
  const application = readApplication(claims.value.get(names.application));
  if (application === undefined) return refuse('APPLICATION_MISMATCH', 'no app');
  const fault = checkClaims(claims.value, application, expectations);
  if (fault !== undefined) return refuse(fault);
  const { spki } = chain[0];
  if (expectations.publicKey !== undefined && !equalBytes(expectations.publicKey, spki)) return refuse('KEY_MISMATCH');
  return accept({
    publicKey: spki,
    isTrustedEnvironment: claims.value.get(names.origin)?.level === trustedEnvironment,
    application,
    model: readModel(claims.value.get(names.model)),
    unknownClaims: [...claims.value.keys()].filter((name) => !knownNames.has(name)),
  } as unknown as HuksVerdict);
};
