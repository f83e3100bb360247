/** Android's KeyDescription, the attestation extension 1.3.6.1.4.1.11129.2.1.17, of every version. */
import { accept, type Bytes, type Result, refuse } from '@hauberk/primitives';
import { type AuthorizationList, type DescriptionCode, readAuthorizationList } from './android-authorizations.ts';
import { integerOf, octetsOf, readDer, withTag } from './der.ts';

/** Where keys live, weakest first. */
export const androidSecurityLevels = ['SOFTWARE', 'TRUSTED_ENVIRONMENT', 'STRONG_BOX'] as const;
/** One of them. */
export type AndroidSecurityLevel = (typeof androidSecurityLevels)[number];

/** What the secure hardware says about a key. */
export interface AndroidKeyDescription {
  readonly attestationVersion: bigint;
  readonly attestationSecurityLevel: AndroidSecurityLevel;
  readonly keyMintVersion: bigint;
  readonly keyMintSecurityLevel: AndroidSecurityLevel;
  readonly attestationChallenge: Bytes;
  readonly uniqueId: Bytes;
  readonly softwareEnforced: AuthorizationList;
  readonly hardwareEnforced: AuthorizationList;
}

/** Reads the value of the extension. */
export const readAndroidKeyDescription = (bytes: Bytes): Result<AndroidKeyDescription, DescriptionCode> => {
  const children = withTag(readDer(bytes), 0x30)?.children ?? [];
  if (children.length !== 8) return refuse('DESCRIPTION_MALFORMED', `${children.length} elements`);
  const attestationVersion = integerOf(children[0]);
  const keyMintVersion = integerOf(children[2]);
  const attestationSecurityLevel = androidSecurityLevels[Number(integerOf(children[1], 10) ?? -1)];
  const keyMintSecurityLevel = androidSecurityLevels[Number(integerOf(children[3], 10) ?? -1)];
  const attestationChallenge = octetsOf(withTag(children[4], 4));
  const uniqueId = octetsOf(withTag(children[5], 4));
  if (attestationVersion === undefined || keyMintVersion === undefined)
    return refuse('DESCRIPTION_MALFORMED', 'versions');
  if (attestationSecurityLevel === undefined || keyMintSecurityLevel === undefined)
    return refuse('DESCRIPTION_MALFORMED', 'security levels');
  if (attestationChallenge === undefined || uniqueId === undefined)
    return refuse('DESCRIPTION_MALFORMED', 'challenge or unique id');
  const software = readAuthorizationList(children[6]);
  const hardware = readAuthorizationList(children[7]);
  if (!software.ok) return software;
  if (!hardware.ok) return hardware;
  return accept({
    attestationVersion,
    attestationSecurityLevel,
    keyMintVersion,
    keyMintSecurityLevel,
    attestationChallenge,
    uniqueId,
    softwareEnforced: software.value,
    hardwareEnforced: hardware.value,
  });
};
