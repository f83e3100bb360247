/** Makers of HarmonyOS devices: chains of the Universal Keystore Kit, from its published ASN.1. */
import { type Bytes, fromHex, utf8 } from '@hauberk/primitives';
import type { AttestedKey } from './android.ts';
import { type Authority, attribute, childAuthority, type Extension, issue, rootAuthority } from './certificate.ts';
import { bytes, integer, octetString, oid, sequence, utf8String } from './der-writer.ts';
import { type SigningKey, signingKey } from './signing-key.ts';

const day = 86_400_000;
const year = 365 * day;
const claimName = '1.3.6.1.4.1.2011.2.376.2';

/** The extension that holds the claims. */
export const harmonyExtension = '1.3.6.1.4.1.2011.2.376.1.3';

/** A root and the authority that certifies the keys of devices. */
export interface HarmonyMaker {
  readonly root: Authority;
  readonly intermediate: Authority;
  /** In milliseconds. */
  readonly now: number;
}

/** Makes one. */
export const harmonyMaker = (now: number): HarmonyMaker => {
  const span = { from: now - 3 * year, until: now + 12 * year };
  const root = rootAuthority(
    [[attribute.commonName, 'Simulated Device Attestation Root CA']],
    'p384',
    span.from,
    span.until,
  );
  const subject = [[attribute.commonName, 'Simulated Device Attestation CA']] as const;
  return { root, intermediate: childAuthority({ subject, ...span }, root, signingKey('p384')), now };
};

/** The app as the system names it. */
export interface HarmonyApp {
  readonly appId: string;
  readonly bundleName: string;
  readonly appIdentifier: string;
}

/** What the leaf says; honest by default. */
export interface HarmonyClaims {
  readonly challenge: Uint8Array;
  readonly app: HarmonyApp;
  /** `debug` for builds of developers. */
  readonly appMode?: 'debug' | 'release';
  /** 2 is generated, 1 imported (HuksKeyStorageType's origins). */
  readonly origin?: number;
  /** 3 is the trusted environment, 2 the system. */
  readonly level?: number;
  /** Of the schema; the default, 0, is not written. */
  readonly version?: number;
  /** What made the attestation; the keystore's identifier when absent. */
  readonly component?: Bytes;
  /** Changes the finished list of claims. */
  readonly edit?: (claims: readonly Bytes[]) => readonly Bytes[];
}

const keystore = fromHex('28c4fb4944afec11b9090242ac120002') ?? bytes();

/** One claim: who says it, its name, its value. */
export const harmonyClaim = (level: number, name: string, value: Bytes): Bytes =>
  sequence(integer(level), oid(`${claimName}.${name}`), value);

/** The value of the extension. */
export const harmonyDescription = (claims: HarmonyClaims): Bytes => {
  const { challenge, app, appMode = 'release', origin = 2, level = 3, version, component = keystore } = claims;
  const application = utf8(JSON.stringify({ ...app, appMode }));
  const list = [
    harmonyClaim(level, '1.4', octetString(challenge)),
    harmonyClaim(2, '1.3', sequence(oid(`${claimName}.1.3.1`), octetString(application))),
    harmonyClaim(level, '1.5', octetString(bytes(origin, 0, 0, 0))),
    harmonyClaim(level, '2.2.6', octetString(component)),
    harmonyClaim(2, '2.4.8', utf8String('SIM-AL00')),
  ];
  return sequence(...(version === undefined ? [] : [integer(version)]), ...(claims.edit?.(list) ?? list));
};

/** What differs from an honest leaf. */
export interface HarmonyLeafOptions {
  readonly key?: SigningKey;
  /** Instead of the claims; `absent`: no extension at all. */
  readonly description?: Bytes | 'absent';
  /** Signs in the intermediate's name. */
  readonly impostor?: SigningKey;
  readonly from?: number;
  readonly until?: number;
}

/** The chain of a key: leaf, intermediate, root. Leaves live for days. */
export const harmonyKey = (
  maker: HarmonyMaker,
  claims: HarmonyClaims,
  options: HarmonyLeafOptions = {},
): AttestedKey => {
  const { key = signingKey('p256'), description = harmonyDescription(claims), impostor } = options;
  const extensions: readonly Extension[] =
    description === 'absent' ? [] : [{ type: harmonyExtension, value: description }];
  const issuer = impostor === undefined ? maker.intermediate : { name: maker.intermediate.name, key: impostor };
  const [from, until] = [options.from ?? maker.now - day, options.until ?? maker.now + 6 * day];
  const subject = [[attribute.commonName, 'Keystore Key']] as const;
  const leaf = issue({ subject, spki: key.spki, from, until, extensions }, issuer);
  return { certificates: [leaf, maker.intermediate.certificate, maker.root.certificate], key };
};
