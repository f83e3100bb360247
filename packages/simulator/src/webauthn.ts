/** WebAuthn authenticators: registrations in every attestation format with a verifier, and assertions. */
import { type Bytes, concat, toBase64Url, utf8 } from '@hauberk/primitives';
import { androidExtension } from './android.ts';
import { androidDescription, type DescriptionClaims } from './android-description.ts';
import { coseP256 } from './apple.ts';
import { cborMap, type Writable } from './cbor-writer.ts';
import { type Authority, attribute, type Extension, issue, type Name, rootAuthority } from './certificate.ts';
import { bytes, element, explicit, octetString, oid, sequence } from './der-writer.ts';
import { pointOf, type SigningKey, sha256, signDer, signingKey } from './signing-key.ts';

/** Statement formats; `self` is `packed` without certificates. */
export type StatementFormat = 'packed' | 'self' | 'tpm' | 'android-key' | 'apple' | 'fido-u2f' | 'none';

/** Who makes authenticators. */
export interface AuthenticatorMaker {
  readonly root: Authority;
  /** Identifier of the model. */
  readonly aaguid: Bytes;
  /** In milliseconds. */
  readonly now: number;
}

const year = 365 * 86_400_000;

/** Makes a maker. */
export const authenticatorMaker = (now: number): AuthenticatorMaker => ({
  root: rootAuthority([[attribute.commonName, 'Simulated Authenticator Root']], 'p256', now - 5 * year, now + 9 * year),
  aaguid: sha256(utf8('simulated authenticator model')).slice(0, 16),
  now,
});

/** What the page and the browser say. */
export interface CeremonyClaims {
  readonly challenge: Uint8Array;
  readonly origin: string;
  readonly rpId: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  /** The ceremony's own when absent. */
  readonly type?: string;
  /** Flags of the authenticator data besides AT: 0x05 (present and verified) when absent. */
  readonly flags?: number;
  readonly signCount?: number;
}

/** What a registration says beyond that; honest by default. */
export interface RegistrationClaims extends CeremonyClaims {
  readonly format: StatementFormat;
  readonly key?: SigningKey;
  readonly aaguid?: Bytes;
  /** In the certificate, where it is not the one of the authenticator data. */
  readonly certifiedAaguid?: Bytes;
  /** Of the attestation certificate. */
  readonly subject?: Name;
  readonly authority?: 'yes' | 'no';
  readonly until?: number;
  /** Signs the statement instead of the attestation key. */
  readonly statementSigner?: SigningKey;
  /** Signs the attestation certificate in the maker's name. */
  readonly impostor?: SigningKey;
  /** Certified or described instead of the credential's key, where the format names a key. */
  readonly otherKey?: SigningKey;
  /** Nonce, challenge or extra data, where the format has one. */
  readonly otherChallenge?: Uint8Array;
  /** COSE algorithm of the credential. */
  readonly algorithm?: number;
  /** COSE algorithm of the statement. */
  readonly statementAlgorithm?: number;
  readonly description?: Partial<DescriptionClaims>;
  /** `TPM_GENERATED_VALUE`, where a TPM did not make the structure. */
  readonly magic?: number;
  /** Member added to the statement. */
  readonly extraMember?: string;
}

/** What the browser sends after `create`, and what the authenticator keeps. */
export interface Registration {
  readonly clientDataJson: Bytes;
  readonly attestationObject: Bytes;
  readonly credentialId: Bytes;
  readonly key: SigningKey;
}

const clientDataOf = (claims: CeremonyClaims, type: string): Bytes => {
  const { challenge, origin, crossOrigin = false, topOrigin } = claims;
  const members = { type: claims.type ?? type, challenge: toBase64Url(challenge), origin, crossOrigin };
  return utf8(JSON.stringify(topOrigin === undefined ? members : { ...members, topOrigin }));
};

const headOf = ({ rpId, flags = 0x05, signCount = 0 }: CeremonyClaims, added = 0): Bytes => {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, signCount);
  return concat(sha256(utf8(rpId)), bytes(flags | added), count);
};

/** What a statement is made about. */
interface Subject {
  readonly maker: AuthenticatorMaker;
  readonly claims: RegistrationClaims;
  readonly key: SigningKey;
  readonly credentialId: Bytes;
  readonly authenticatorData: Bytes;
  readonly clientDataHash: Bytes;
}

type Statement = ReadonlyMap<string, Writable>;

const unitName: Name = [
  [attribute.country, 'SE'],
  [attribute.organisation, 'Simulated Maker'],
  [attribute.unit, 'Authenticator Attestation'],
  [attribute.commonName, 'Simulated Authenticator'],
];

const aaguidExtension = (aaguid: Bytes): Extension => ({ type: '1.3.6.1.4.1.45724.1.1.4', value: octetString(aaguid) });

const certify = ({ maker, claims }: Subject, key: SigningKey, subject: Name, extensions: readonly Extension[]): Bytes =>
  issue(
    {
      subject: claims.subject ?? subject,
      spki: key.spki,
      from: maker.now - year,
      until: claims.until ?? maker.now + year,
      authority: claims.authority ?? 'no',
      extensions,
    },
    claims.impostor === undefined ? maker.root : { name: maker.root.name, key: claims.impostor },
  );

const modelOf = ({ maker, claims }: Subject): Bytes => claims.certifiedAaguid ?? claims.aaguid ?? maker.aaguid;

const packed = (subject: Subject): Statement => {
  const { claims, authenticatorData, clientDataHash } = subject;
  const attester = signingKey('p256');
  const certificate = certify(subject, attester, unitName, [aaguidExtension(modelOf(subject))]);
  return new Map<string, Writable>([
    ['alg', claims.statementAlgorithm ?? -7],
    ['sig', signDer(claims.statementSigner ?? attester, concat(authenticatorData, clientDataHash))],
    ['x5c', [certificate]],
  ]);
};

const self = ({ claims, key, authenticatorData, clientDataHash }: Subject): Statement =>
  new Map<string, Writable>([
    ['alg', claims.statementAlgorithm ?? -7],
    ['sig', signDer(claims.statementSigner ?? key, concat(authenticatorData, clientDataHash))],
  ]);

const fidoU2f = (subject: Subject): Statement => {
  const { claims, key, credentialId, clientDataHash } = subject;
  const attester = signingKey('p256');
  const message = concat(bytes(0), sha256(utf8(claims.rpId)), clientDataHash, credentialId, pointOf(key));
  return new Map<string, Writable>([
    ['sig', signDer(claims.statementSigner ?? attester, message)],
    ['x5c', [certify(subject, attester, unitName, [])]],
  ]);
};

const apple = (subject: Subject): Statement => {
  const { claims, key, authenticatorData, clientDataHash } = subject;
  const nonce = claims.otherChallenge ?? sha256(concat(authenticatorData, clientDataHash));
  const extension = { type: '1.2.840.113635.100.8.2', value: sequence(explicit(1, octetString(nonce))) };
  const certificate = certify(subject, claims.otherKey ?? key, [[attribute.commonName, 'Simulated']], [extension]);
  return new Map([['x5c', [certificate]]]);
};

const androidKey = (subject: Subject): Statement => {
  const { claims, key, authenticatorData, clientDataHash } = subject;
  const certified = claims.otherKey ?? key;
  const challenge = claims.otherChallenge ?? clientDataHash;
  const description = androidDescription({ apps: [], ...claims.description, challenge });
  const certificate = certify(subject, certified, [[attribute.commonName, 'Android Keystore Key']], [
    { type: androidExtension.description, value: description },
  ]); // biome-ignore format: reads as one
  return new Map<string, Writable>([
    ['alg', claims.statementAlgorithm ?? -7],
    ['sig', signDer(claims.statementSigner ?? certified, concat(authenticatorData, clientDataHash))],
    ['x5c', [certificate]],
  ]);
};

const number = (value: number, length: number): Bytes => {
  const encoded = new Uint8Array(length);
  for (let index = length - 1, left = value; index >= 0; index -= 1, left = Math.floor(left / 256))
    encoded[index] = left % 256;
  return encoded;
};
const sized = (contents: Uint8Array): Bytes => concat(number(contents.length, 2), contents);

/** TPMT_PUBLIC of a P-256 signing key (TCG TPM 2.0 Part 2 section 12.2.4). */
const tpmPublicArea = (key: SigningKey): Bytes => {
  const point = pointOf(key);
  const [type, sha256Name, attributes, nullAlgorithm] = [0x0023, 0x000b, 0x0006_0472, 0x0010];
  return concat(
    number(type, 2),
    number(sha256Name, 2),
    number(attributes, 4),
    sized(bytes()),
    number(nullAlgorithm, 2),
    number(nullAlgorithm, 2),
    number(3, 2),
    number(nullAlgorithm, 2),
    sized(point.slice(1, 33)),
    sized(point.slice(33)),
  );
};

/** TPMS_ATTEST of a certification (section 10.12.8). */
const tpmCertification = (area: Bytes, extraData: Uint8Array, magic: number): Bytes => {
  const name = concat(number(0x000b, 2), sha256(area));
  const clockAndFirmware = new Uint8Array(25);
  return concat(
    number(magic, 4),
    number(0x8017, 2),
    sized(name),
    sized(extraData),
    clockAndFirmware,
    sized(name),
    sized(name),
  );
};

const tpm = (subject: Subject): Statement => {
  const { claims, key, authenticatorData, clientDataHash } = subject;
  const attester = signingKey('p256');
  const area = tpmPublicArea(claims.otherKey ?? key);
  const extraData = claims.otherChallenge ?? sha256(concat(authenticatorData, clientDataHash));
  const information = tpmCertification(area, extraData, claims.magic ?? 0xff54_4347);
  const directoryName = element(
    0xa0,
    4,
    sequence(element(0x20, 17, sequence(oid('2.23.133.2.1'), element(0, 12, utf8('id:53494D55'))))),
  );
  const certificate = certify(subject, attester, [], [
    { type: '2.5.29.17', critical: true, value: sequence(directoryName) },
    { type: '2.5.29.37', value: sequence(oid('2.23.133.8.3')) },
    aaguidExtension(modelOf(subject)),
  ]); // biome-ignore format: reads as one
  return new Map<string, Writable>([
    ['alg', claims.statementAlgorithm ?? -7],
    ['sig', signDer(claims.statementSigner ?? attester, information)],
    ['ver', '2.0'],
    ['x5c', [certificate]],
    ['pubArea', area],
    ['certInfo', information],
  ]);
};

const statements: Readonly<Record<StatementFormat, (subject: Subject) => Statement>> = {
  packed,
  self,
  tpm,
  'android-key': androidKey,
  apple,
  'fido-u2f': fidoU2f,
  none: () => new Map(),
};

/** Runs `create` on an authenticator. */
export const register = (maker: AuthenticatorMaker, claims: RegistrationClaims): Registration => {
  const {
    format,
    key = signingKey('p256'),
    aaguid = format === 'fido-u2f' ? new Uint8Array(16) : maker.aaguid,
  } = claims;
  const credentialId = sha256(key.spki);
  const clientDataJson = clientDataOf(claims, 'webauthn.create');
  const honest = format === 'fido-u2f' ? { ...claims, flags: claims.flags ?? 0x01 } : claims;
  const authenticatorData = concat(
    headOf(honest, 0x40),
    aaguid,
    number(credentialId.length, 2),
    credentialId,
    coseP256(key, claims.algorithm),
  );
  const subject = { maker, claims, key, credentialId, authenticatorData, clientDataHash: sha256(clientDataJson) };
  const statement = new Map(statements[format](subject));
  if (claims.extraMember !== undefined) statement.set(claims.extraMember, true);
  const attestationObject = cborMap([
    ['fmt', format === 'self' ? 'packed' : format],
    ['attStmt', statement],
    ['authData', authenticatorData],
  ]);
  return { clientDataJson, attestationObject, credentialId, key };
};

/** What the browser sends after `get`. */
export interface Assertion {
  readonly clientDataJson: Bytes;
  readonly authenticatorData: Bytes;
  readonly signature: Bytes;
}

/** Runs `get` on an authenticator. */
export const assert = (key: SigningKey, claims: CeremonyClaims): Assertion => {
  const clientDataJson = clientDataOf(claims, 'webauthn.get');
  const authenticatorData = headOf(claims);
  return {
    clientDataJson,
    authenticatorData,
    signature: signDer(key, concat(authenticatorData, sha256(clientDataJson))),
  };
};
