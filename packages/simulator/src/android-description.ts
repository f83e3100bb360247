/** Android's KeyDescription as KeyMint writes it (AOSP's schema), honest by default; a lie is a member that is set otherwise. */
import { type Bytes, utf8 } from '@hauberk/primitives';
import { boolean, bytes, enumerated, explicit, integer, nothing, octetString, sequence, set } from './der-writer.ts';
import { sha256 } from './signing-key.ts';

/** Weakest first, as in the schema. */
export type AndroidLevel = 'SOFTWARE' | 'TRUSTED_ENVIRONMENT' | 'STRONG_BOX';
/** What the boot loader found. */
export type BootState = 'VERIFIED' | 'SELF_SIGNED' | 'UNVERIFIED' | 'FAILED';
/** Where the key came from. */
export type KeyOrigin = 'GENERATED' | 'DERIVED' | 'IMPORTED' | 'RESERVED' | 'SECURELY_IMPORTED';

const levels: readonly AndroidLevel[] = ['SOFTWARE', 'TRUSTED_ENVIRONMENT', 'STRONG_BOX'];
const bootStates: readonly BootState[] = ['VERIFIED', 'SELF_SIGNED', 'UNVERIFIED', 'FAILED'];
const origins: readonly KeyOrigin[] = ['GENERATED', 'DERIVED', 'IMPORTED', 'RESERVED', 'SECURELY_IMPORTED'];

/** One app that shares the key's user id. */
export interface AndroidApp {
  readonly packageName: string;
  readonly version: number;
  /** SHA-256 of its signing certificate. */
  readonly signerDigest: Bytes;
}

/** An authorization: its tag and its value in DER. */
export type Authorization = readonly [tag: number, value: Bytes];

/** What a description says. */
export interface DescriptionClaims {
  readonly challenge: Uint8Array;
  readonly apps: readonly AndroidApp[];
  /** Of KeyMint; 300 is KeyMint 3, 500 knows ML-DSA. */
  readonly version?: number;
  readonly level?: AndroidLevel;
  /** Same as `level` when absent. */
  readonly mintLevel?: AndroidLevel;
  readonly origin?: KeyOrigin;
  /** `absent`: hardware does not say what booted. */
  readonly bootState?: BootState | 'absent';
  readonly locked?: boolean;
  /** YYYYMM. */
  readonly patchLevel?: number;
  /** Elliptic-curve keys on P-256 when absent. */
  readonly algorithm?: 'p256' | 'ml-dsa-65';
  /** Whether each use asks for the user (biometrics or the lock screen's secret). */
  readonly userAuthentication?: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt?: number;
  readonly extraHardware?: readonly Authorization[];
  readonly extraSoftware?: readonly Authorization[];
  /** `descending` is not DER-like and no KeyMint writes it. */
  readonly order?: 'ascending' | 'descending';
  /** Changes the finished list of what hardware enforces. */
  readonly editHardware?: (list: readonly Authorization[]) => readonly Authorization[];
}

const applicationId = (apps: readonly AndroidApp[]): Bytes =>
  octetString(
    sequence(
      set(...apps.map(({ packageName, version }) => sequence(octetString(utf8(packageName)), integer(version)))),
      set(...apps.map(({ signerDigest }) => octetString(signerDigest))),
    ),
  );

const rootOfTrust = (state: BootState, locked: boolean): Bytes =>
  sequence(
    octetString(state === 'UNVERIFIED' ? new Uint8Array(32) : sha256(utf8('verified boot key'))),
    boolean(locked),
    enumerated(bootStates.indexOf(state)),
    octetString(sha256(utf8('verified boot hash'))),
  );

const ecFields: readonly Authorization[] = [
  [2, integer(3)],
  [3, integer(256)],
  [10, integer(1)],
];

const hardwareFields = (claims: DescriptionClaims): readonly Authorization[] => {
  const { origin = 'GENERATED', bootState = 'VERIFIED', locked = true, patchLevel = 202_609 } = claims;
  const fields: Authorization[] = [
    [1, set(integer(2))],
    // KeyMint's number of ML-DSA is left out: no public document of it is known.
    ...(claims.algorithm === 'ml-dsa-65' ? [] : ecFields),
    [5, set(integer(4))],
    ...(claims.userAuthentication === true ? ([[504, integer(3)]] as const) : ([[503, nothing]] as const)),
    [702, integer(origins.indexOf(origin))],
    ...(bootState === 'absent' ? [] : ([[704, rootOfTrust(bootState, locked)]] as const)),
    [705, integer(160_000)],
    [706, integer(patchLevel)],
    [718, integer(patchLevel * 100 + 5)],
    [719, integer(patchLevel * 100 + 5)],
    ...(claims.extraHardware ?? []),
  ];
  return claims.editHardware?.(fields) ?? fields;
};

const authorizationList = (
  fields: readonly Authorization[],
  order: 'ascending' | 'descending' = 'ascending',
): Bytes => {
  const sign = order === 'ascending' ? 1 : -1;
  // A stable sort: a tag that comes twice stays where an edit put it.
  const sorted = fields.toSorted(([left], [right]) => sign * (left - right));
  return sequence(...sorted.map(([tag, value]) => explicit(tag, value)));
};

/** The value of the attestation extension. */
export const androidDescription = (claims: DescriptionClaims): Bytes => {
  const { challenge, apps, version = 300, level = 'TRUSTED_ENVIRONMENT', mintLevel = level, createdAt = 0 } = claims;
  const software: readonly Authorization[] = [
    [701, integer(createdAt)],
    [709, applicationId(apps)],
    ...(claims.extraSoftware ?? []),
  ];
  return sequence(
    integer(version),
    enumerated(levels.indexOf(level)),
    integer(version),
    enumerated(levels.indexOf(mintLevel)),
    octetString(challenge),
    octetString(bytes()),
    authorizationList(software),
    authorizationList(hardwareFields(claims), claims.order),
  );
};
