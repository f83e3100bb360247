/** Authorization lists of Android's KeyDescription: known tags become typed fields, unknown and unordered ones become anomalies. */
import { accept, type Bytes, fromUtf8, type Result, refuse } from '@hauberk/primitives';
import { booleanOf, type DerElement, integerOf, octetsOf, readDer, withTag } from './der.ts';

/** Where the private key came from (KeyOrigin of KeyMint). */
export type AndroidKeyOrigin = 'GENERATED' | 'DERIVED' | 'IMPORTED' | 'RESERVED' | 'SECURELY_IMPORTED';
/** What the boot loader found. */
export type VerifiedBootState = 'VERIFIED' | 'SELF_SIGNED' | 'UNVERIFIED' | 'FAILED';

/** What the device booted. */
export interface RootOfTrust {
  readonly verifiedBootKey: Bytes;
  readonly deviceLocked: boolean;
  readonly verifiedBootState: VerifiedBootState;
  /** Absent before Keymaster 4. */
  readonly verifiedBootHash?: Bytes;
}

/** The apps that share the key's user id: sets, although they are written in some order. */
export interface AttestationApplicationId {
  readonly packages: readonly { readonly name: string; readonly version: bigint }[];
  /** SHA-256 of signing certificates. */
  readonly signatures: readonly Bytes[];
}

/** The value of a field: its kind is fixed by its tag. */
export type AuthorizationValue =
  | bigint
  | string
  | true
  | Bytes
  | readonly bigint[]
  | RootOfTrust
  | AttestationApplicationId;

/** What one half (software or hardware) enforces. */
export interface AuthorizationList {
  /** By the names of AOSP's schema. */
  readonly fields: ReadonlyMap<string, AuthorizationValue>;
  readonly origin: AndroidKeyOrigin | undefined;
  readonly rootOfTrust: RootOfTrust | undefined;
  readonly applicationId: AttestationApplicationId | undefined;
  /** Tags that no schema known here defines, in the order found. */
  readonly unknownTags: readonly number[];
  readonly isAscending: boolean;
}

/** Why a description was refused as it was read. */
export type DescriptionCode = 'DESCRIPTION_MALFORMED' | 'TAG_REPEATED';

const bootStates: readonly VerifiedBootState[] = ['VERIFIED', 'SELF_SIGNED', 'UNVERIFIED', 'FAILED'];
const origins: readonly AndroidKeyOrigin[] = ['GENERATED', 'DERIVED', 'IMPORTED', 'RESERVED', 'SECURELY_IMPORTED'];

const octets = (element: DerElement | undefined): Bytes | undefined => octetsOf(withTag(element, 4));
const textOf = (element: DerElement | undefined): string | undefined => {
  const bytes = octets(element);
  return bytes === undefined ? undefined : fromUtf8(bytes);
};
const presenceOf = (element: DerElement): true | undefined =>
  withTag(element, 5)?.contents.length === 0 ? true : undefined;

const allOf = <Value>(
  elements: readonly DerElement[] | undefined,
  read: (element: DerElement) => Value | undefined,
): readonly Value[] | undefined => {
  const values = elements?.map((element) => read(element)).filter((value) => value !== undefined);
  return values?.length === elements?.length ? values : undefined;
};
const integersOf = (element: DerElement): readonly bigint[] | undefined =>
  allOf(withTag(element, 0x31)?.children, (member) => integerOf(member));

const rootOfTrustOf = (element: DerElement): RootOfTrust | undefined => {
  const [key, locked, state, hash, ...rest] = withTag(element, 0x30)?.children ?? [];
  const verifiedBootKey = octets(key);
  const deviceLocked = booleanOf(locked);
  const verifiedBootState = bootStates[Number(integerOf(state, 10) ?? -1)];
  const verifiedBootHash = octets(hash);
  if (verifiedBootKey === undefined || deviceLocked === undefined || verifiedBootState === undefined) return undefined;
  if (rest.length > 0 || (hash !== undefined && verifiedBootHash === undefined)) return undefined;
  const base = { verifiedBootKey, deviceLocked, verifiedBootState };
  return verifiedBootHash === undefined ? base : { ...base, verifiedBootHash };
};

const packageOf = (element: DerElement): { name: string; version: bigint } | undefined => {
  const [nameElement, versionElement, ...rest] = withTag(element, 0x30)?.children ?? [];
  const name = textOf(nameElement);
  const version = integerOf(versionElement);
  return name === undefined || version === undefined || rest.length > 0 ? undefined : { name, version };
};

const applicationIdOf = (element: DerElement): AttestationApplicationId | undefined => {
  const bytes = octets(element);
  const inner = bytes === undefined ? undefined : withTag(readDer(bytes), 0x30);
  const [packageSet, signatureSet, ...rest] = inner?.children ?? [];
  const packages = allOf(withTag(packageSet, 0x31)?.children, packageOf);
  const signatures = allOf(withTag(signatureSet, 0x31)?.children, octets);
  return packages === undefined || signatures === undefined || rest.length > 0 ? undefined : { packages, signatures };
};

const integer = (element: DerElement): bigint | undefined => integerOf(element);

type FieldReader = (element: DerElement) => AuthorizationValue | undefined;

const tags: ReadonlyMap<number, readonly [name: string, read: FieldReader]> = new Map<
  number,
  readonly [string, FieldReader]
>([
  [1, ['purposes', integersOf]],
  [2, ['algorithms', integer]],
  [3, ['keySize', integer]],
  [4, ['blockModes', integersOf]],
  [5, ['digests', integersOf]],
  [6, ['paddings', integersOf]],
  [7, ['callerNonce', presenceOf]],
  [8, ['minMacLength', integer]],
  [10, ['ecCurve', integer]],
  [11, ['mlDsaVariant', integer]],
  [200, ['rsaPublicExponent', integer]],
  [203, ['rsaOaepMgfDigests', integersOf]],
  [303, ['rollbackResistance', presenceOf]],
  [305, ['earlyBootOnly', presenceOf]],
  [400, ['activeDateTime', integer]],
  [401, ['originationExpireDateTime', integer]],
  [402, ['usageExpireDateTime', integer]],
  [405, ['usageCountLimit', integer]],
  [503, ['noAuthRequired', presenceOf]],
  [504, ['userAuthType', integer]],
  [505, ['authTimeout', integer]],
  [506, ['allowWhileOnBody', presenceOf]],
  [507, ['trustedUserPresenceRequired', presenceOf]],
  [508, ['trustedConfirmationRequired', presenceOf]],
  [509, ['unlockedDeviceRequired', presenceOf]],
  [600, ['allApplications', presenceOf]],
  [601, ['applicationId', octets]],
  [701, ['creationDateTime', integer]],
  [702, ['origin', (element) => origins[Number(integerOf(element) ?? -1)]]],
  [703, ['rollbackResistant', presenceOf]],
  [704, ['rootOfTrust', rootOfTrustOf]],
  [705, ['osVersion', integer]],
  [706, ['osPatchLevel', integer]],
  [709, ['attestationApplicationId', applicationIdOf]],
  [710, ['attestationIdBrand', textOf]],
  [711, ['attestationIdDevice', textOf]],
  [712, ['attestationIdProduct', textOf]],
  [713, ['attestationIdSerial', textOf]],
  [714, ['attestationIdImei', textOf]],
  [715, ['attestationIdMeid', textOf]],
  [716, ['attestationIdManufacturer', textOf]],
  [717, ['attestationIdModel', textOf]],
  [718, ['vendorPatchLevel', integer]],
  [719, ['bootPatchLevel', integer]],
  [720, ['deviceUniqueAttestation', presenceOf]],
  [723, ['attestationIdSecondImei', textOf]],
  [724, ['moduleHash', octets]],
]);

const originOf = (element: DerElement | undefined): AndroidKeyOrigin | undefined =>
  origins[Number(integerOf(element) ?? -1)];

/** Reads one list. A tag that comes twice is refused: readers would disagree on which one counts. */
export const readAuthorizationList = (element: DerElement | undefined): Result<AuthorizationList, DescriptionCode> => {
  const list = withTag(element, 0x30);
  if (list === undefined) return refuse('DESCRIPTION_MALFORMED', 'authorization list');
  const fields = new Map<string, AuthorizationValue>();
  const elements = new Map<number, DerElement>();
  const unknownTags: number[] = [];
  for (const { form, tag, children } of list.children) {
    const [value, ...rest] = children;
    const isExplicit = form === 0xa0 && value !== undefined && rest.length === 0;
    if (!isExplicit) return refuse('DESCRIPTION_MALFORMED', `tag ${tag}`);
    if (elements.has(tag)) return refuse('TAG_REPEATED', `tag ${tag}`);
    elements.set(tag, value);
    const known = tags.get(tag);
    const read = known?.[1](value);
    if (known === undefined) unknownTags.push(tag);
    else if (read === undefined) return refuse('DESCRIPTION_MALFORMED', known[0]);
    else fields.set(known[0], read);
  }
  const order = [...elements.keys()];
  const [root, application] = [elements.get(704), elements.get(709)];
  return accept({
    fields,
    origin: originOf(elements.get(702)),
    rootOfTrust: root === undefined ? undefined : rootOfTrustOf(root),
    applicationId: application === undefined ? undefined : applicationIdOf(application),
    unknownTags,
    isAscending: order.every((tag, index) => index === 0 || tag > (order[index - 1] ?? 0)),
  });
};
