/**
 * Attestation statements (WebAuthn Level 3 section 8): each format proves that a certificate's key, or the credential itself, vouches
 * for this authenticator data and this client data. Whether the certificates lead to an anchor is the caller's question.
 */
import {
  accept,
  type Bytes,
  concat,
  type EvidenceCrypto,
  equalBytes,
  fromUtf8,
  type Result,
  refuse,
  type SignatureAlgorithm,
} from '@hauberk/primitives';
import { asCborByteStrings, asCborBytes, type CborMap } from './cbor.ts';
import { coseAlgorithm } from './cose.ts';
import { type DerElement, isOid, octetsOf, readDer, unsignedOf, withTag } from './der.ts';
import type { AttestedCredential } from './webauthn-authenticator-data.ts';
import { readTpmCertification, readTpmPublicArea } from './webauthn-tpm.ts';
import { type Certificate, extensionOf, readCertificates } from './x509.ts';

/** Formats with a verifier. */
export type AttestationFormat = 'packed' | 'tpm' | 'android-key' | 'apple' | 'fido-u2f' | 'none';

/** Why a statement was refused. */
export type StatementCode =
  | 'webauthn.statement'
  | 'webauthn.statement-format'
  | 'webauthn.statement-algorithm'
  | 'webauthn.statement-signature'
  | 'webauthn.statement-certificate'
  | 'webauthn.statement-key'
  | 'webauthn.statement-challenge'
  | 'webauthn.statement-aaguid'
  | 'webauthn.statement-tpm'
  | 'webauthn.statement-key-facts';

/** A statement and all that it vouches for. */
export interface StatementInput {
  readonly statement: CborMap;
  readonly authenticatorData: Bytes;
  readonly rpIdHash: Bytes;
  readonly clientDataHash: Bytes;
  readonly credential: AttestedCredential;
  /** Whether `android-key` keys must say that hardware made them for signing; otherwise they may keep silent. */
  readonly requireKeyFacts: boolean;
}

/** Who vouches: certificates, leaf first, or nobody but the credential (`self`), or nobody. */
export type Voucher = readonly [Certificate, ...Certificate[]] | 'self' | 'none';

type Check = (input: StatementInput, crypto: EvidenceCrypto) => Result<Voucher, StatementCode>;

interface SignedStatement {
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Bytes;
  readonly chain: readonly [Certificate, ...Certificate[]];
}

const hasOnly = (map: CborMap, names: readonly string[]): boolean =>
  map.size === names.length && names.every((name) => map.has(name));

const chainOf = (statement: CborMap): readonly [Certificate, ...Certificate[]] | undefined =>
  readCertificates(asCborByteStrings(statement.get('x5c')) ?? []);

/** EdDSA (-8) of a statement means the curve of whichever key signs. */
const algorithmOf = (identifier: unknown, spki: Bytes): SignatureAlgorithm | undefined => {
  if (typeof identifier !== 'number') return undefined;
  if (identifier !== -8) return coseAlgorithm(identifier);
  return spki.length === 44 ? 'Ed25519' : 'Ed448';
};

const readSigned = (statement: CborMap, names: readonly string[]): Result<SignedStatement, StatementCode> => {
  const signature = asCborBytes(statement.get('sig'));
  const chain = chainOf(statement);
  if (!hasOnly(statement, names) || signature === undefined) return refuse('webauthn.statement', 'members');
  if (chain === undefined) return refuse('webauthn.statement-certificate', 'malformed');
  const algorithm = algorithmOf(statement.get('alg'), chain[0].spki);
  return algorithm === undefined ? refuse('webauthn.statement-algorithm') : accept({ algorithm, signature, chain });
};

const signedBytes = (input: StatementInput): Bytes => concat(input.authenticatorData, input.clientDataHash);

const isAuthority = ({ isAuthority: isCa }: Certificate): boolean => isCa;

/** Section 8.2.1: the model's identifier in the certificate, where there is one, is that of the authenticator data. */
const isSameModel = (certificate: Certificate, aaguid: Bytes): boolean => {
  const extension = extensionOf(certificate, '1.3.6.1.4.1.45724.1.1.4');
  if (extension === undefined) return true;
  const named = octetsOf(readDer(extension.value));
  return !extension.critical && named !== undefined && equalBytes(named, aaguid);
};

const subjectText = (certificate: Certificate, dotted: string): string | undefined => {
  const attributes = certificate.subject.children.flatMap(({ children }) => children);
  const attribute = attributes.find(({ children: [oid] }) => isOid(oid, dotted));
  return fromUtf8(attribute?.children[1]?.contents ?? new Uint8Array(0));
};
const checkPackedCertificate = (certificate: Certificate, aaguid: Bytes): StatementCode | undefined => {
  const isUnit = subjectText(certificate, '2.5.4.11') === 'Authenticator Attestation';
  if (certificate.version !== 3 || !isUnit || isAuthority(certificate)) return 'webauthn.statement-certificate';
  return isSameModel(certificate, aaguid) ? undefined : 'webauthn.statement-aaguid';
};

const checkSelf = (input: StatementInput, crypto: EvidenceCrypto): Result<Voucher, StatementCode> => {
  const { statement, credential } = input;
  const signature = asCborBytes(statement.get('sig'));
  if (!hasOnly(statement, ['alg', 'sig']) || signature === undefined) return refuse('webauthn.statement', 'members');
  if (statement.get('alg') !== credential.key.identifier) return refuse('webauthn.statement-algorithm');
  const { algorithm, spki } = credential.key;
  const isSigned = crypto.verify(algorithm, spki, signedBytes(input), signature);
  return isSigned ? accept('self') : refuse('webauthn.statement-signature');
};

const checkPacked: Check = (input, crypto) => {
  if (!input.statement.has('x5c')) return checkSelf(input, crypto);
  const signed = readSigned(input.statement, ['alg', 'sig', 'x5c']);
  if (!signed.ok) return signed;
  const { algorithm, signature, chain } = signed.value;
  if (!crypto.verify(algorithm, chain[0].spki, signedBytes(input), signature))
    return refuse('webauthn.statement-signature');
  const fault = checkPackedCertificate(chain[0], input.credential.aaguid);
  return fault === undefined ? accept(chain) : refuse(fault);
};

const checkU2f: Check = (input, crypto) => {
  const { statement, credential } = input;
  const signature = asCborBytes(statement.get('sig'));
  const chain = chainOf(statement);
  const { point } = credential.key;
  // U2F signs no flags: whatever claims more than a touch was added by somebody else.
  if (input.authenticatorData[32] !== 0x41) return refuse('webauthn.statement', 'flags of U2F');
  if (!hasOnly(statement, ['sig', 'x5c']) || signature === undefined) return refuse('webauthn.statement', 'members');
  // Section 8.6: exactly one certificate, and both keys are on P-256.
  if (chain?.length !== 1 || chain[0].spki.length !== 91) return refuse('webauthn.statement-certificate');
  if (point === undefined || credential.key.algorithm !== 'ES256') return refuse('webauthn.statement-key');
  const message = concat(Uint8Array.of(0), input.rpIdHash, input.clientDataHash, credential.id, point);
  return crypto.verify('ES256', chain[0].spki, message, signature)
    ? accept(chain)
    : refuse('webauthn.statement-signature');
};

const checkNone: Check = ({ statement }) =>
  statement.size === 0 ? accept('none') : refuse('webauthn.statement', 'members of none');

const checkApple: Check = (input, crypto) => {
  const chain = chainOf(input.statement);
  if (!hasOnly(input.statement, ['x5c'])) return refuse('webauthn.statement', 'members');
  if (chain === undefined) return refuse('webauthn.statement-certificate', 'malformed');
  const nonce = appleNonce(chain[0]);
  if (nonce === undefined) return refuse('webauthn.statement-certificate', 'nonce');
  if (!equalBytes(nonce, crypto.digest('SHA-256', signedBytes(input)))) return refuse('webauthn.statement-challenge');
  return equalBytes(chain[0].spki, input.credential.key.spki) ? accept(chain) : refuse('webauthn.statement-key');
};

/** Apple's nonce extension: SEQUENCE { [1] { OCTET STRING } }. */
export const appleNonce = (certificate: Certificate): Bytes | undefined => {
  const extension = extensionOf(certificate, '1.2.840.113635.100.8.2');
  const [tagged, ...others] = extension === undefined ? [] : (readDer(extension.value)?.children ?? []);
  return others.length === 0 ? octetsOf(withTag(tagged, 0xa1)?.children[0]) : undefined;
};

const tagged = (list: DerElement | undefined, tag: number): DerElement | undefined =>
  list?.children.find((child) => child.tag === tag && child.form === 0xa0)?.children[0];

/** Section 8.4.1: scoped to one application, generated and not imported, made for signing. */
const checkKeyFacts = (lists: readonly (DerElement | undefined)[], isRequired: boolean): boolean => {
  if (lists.some((list) => tagged(list, 600) !== undefined)) return false;
  const origins = lists.map((list) => tagged(list, 702)).filter((entry) => entry !== undefined);
  const purposes = lists.map((list) => tagged(list, 1)).filter((entry) => entry !== undefined);
  if (isRequired && (origins.length === 0 || purposes.length === 0)) return false;
  const isSigner = purposes.every(({ children }) => children.every((purpose) => unsignedOf(purpose) === 2));
  return isSigner && origins.every((origin) => unsignedOf(origin) === 0);
};

const checkAndroidKey: Check = (input, crypto) => {
  const signed = readSigned(input.statement, ['alg', 'sig', 'x5c']);
  if (!signed.ok) return signed;
  const { algorithm, signature, chain } = signed.value;
  if (!crypto.verify(algorithm, chain[0].spki, signedBytes(input), signature))
    return refuse('webauthn.statement-signature');
  if (!equalBytes(chain[0].spki, input.credential.key.spki)) return refuse('webauthn.statement-key');
  const extension = extensionOf(chain[0], '1.3.6.1.4.1.11129.2.1.17');
  const description = extension === undefined ? undefined : readDer(extension.value)?.children;
  const challenge = octetsOf(description?.[4]);
  if (challenge === undefined) return refuse('webauthn.statement-certificate', 'key description');
  if (!equalBytes(challenge, input.clientDataHash)) return refuse('webauthn.statement-challenge');
  const areFacts = checkKeyFacts([description?.[6], description?.[7]], input.requireKeyFacts);
  return areFacts ? accept(chain) : refuse('webauthn.statement-key-facts');
};

const hashOf = (algorithm: SignatureAlgorithm): 'SHA-256' | 'SHA-384' | 'SHA-512' =>
  algorithm.endsWith('384') ? 'SHA-384' : algorithm.endsWith('512') ? 'SHA-512' : 'SHA-256';

/** Section 8.3.1. */
const checkTpmCertificate = (certificate: Certificate, aaguid: Bytes): StatementCode | undefined => {
  const isNameless = certificate.subject.children.length === 0;
  const usages = extensionOf(certificate, '2.5.29.37');
  const purposes = usages === undefined ? [] : (readDer(usages.value)?.children ?? []);
  const isTpm = purposes.some((purpose) => isOid(purpose, '2.23.133.8.3'));
  const hasName = extensionOf(certificate, '2.5.29.17') !== undefined;
  if (certificate.version !== 3 || !isNameless || !isTpm || !hasName || isAuthority(certificate))
    return 'webauthn.statement-certificate';
  return isSameModel(certificate, aaguid) ? undefined : 'webauthn.statement-aaguid';
};

const tpmMembers = ['alg', 'certInfo', 'pubArea', 'sig', 'ver', 'x5c'];

const checkTpm: Check = (input, crypto) => {
  const { statement, credential } = input;
  const signed = readSigned(statement, tpmMembers);
  if (!signed.ok) return signed;
  const { algorithm, signature, chain } = signed.value;
  const [area, info] = [asCborBytes(statement.get('pubArea')), asCborBytes(statement.get('certInfo'))];
  if (area === undefined || info === undefined || statement.get('ver') !== '2.0') return refuse('webauthn.statement');
  const [key, certification] = [readTpmPublicArea(area), readTpmCertification(info)];
  if (key === undefined || certification === undefined) return refuse('webauthn.statement-tpm', 'structure');
  if (!equalBytes(key.spki, credential.key.spki)) return refuse('webauthn.statement-key');
  const expected = crypto.digest(hashOf(algorithm), signedBytes(input));
  if (!equalBytes(certification.extraData, expected)) return refuse('webauthn.statement-challenge');
  const name = concat(key.nameAlgorithm, crypto.digest(key.nameHash, area));
  if (!equalBytes(certification.name, name)) return refuse('webauthn.statement-tpm', 'name');
  if (!crypto.verify(algorithm, chain[0].spki, info, signature)) return refuse('webauthn.statement-signature');
  const fault = checkTpmCertificate(chain[0], credential.aaguid);
  return fault === undefined ? accept(chain) : refuse(fault);
};

const checks: ReadonlyMap<string, Check> = new Map([
  ['packed', checkPacked],
  ['tpm', checkTpm],
  ['android-key', checkAndroidKey],
  ['apple', checkApple],
  ['fido-u2f', checkU2f],
  ['none', checkNone],
]);

/** Checks a statement of one of the formats; the voucher's chain is not yet trusted. */
export const checkStatement = (
  format: string,
  input: StatementInput,
  crypto: EvidenceCrypto,
): Result<Voucher, StatementCode> =>
  checks.get(format)?.(input, crypto) ?? refuse('webauthn.statement-format', format.slice(0, 32));
