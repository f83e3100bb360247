/**
 * Android's certificate chains, leaf first. The rules are Google's, not RFC 5280's: anchors match by key, only the leaf carries the
 * attestation extension, its issuer need not be a CA (genuine phones have such), and factory chains outlive their dates.
 */
import {
  accept,
  type Bytes,
  type EpochMs,
  type EvidenceCrypto,
  equalBytes,
  type Result,
  refuse,
  toHex,
} from '@hauberk/primitives';
import { type RevocationSnapshot, serialKey } from './android-revocation.ts';
import { asCborMap, readCbor } from './cbor.ts';
import { type ChainMemory, memoryKey, remember } from './chain-memory.ts';
import { type DerElement, readDer } from './der.ts';
import { type Certificate, extensionOf, readCertificate, readCertificates } from './x509.ts';

/** Why a chain was refused. */
export type AndroidChainCode =
  | 'CHAIN_MALFORMED'
  | 'CHAIN_LENGTH'
  | 'CHAIN_UNKNOWN_ROOT'
  | 'CHAIN_ROOT_REPEATED'
  | 'CHAIN_NAMES'
  | 'LEAF_SIGNATURE'
  | 'ATTESTATION_SIGNATURE'
  | 'CHAIN_SIGNATURE'
  | 'CHAIN_ISSUER_NOT_CA'
  | 'CHAIN_PATH_LENGTH'
  | 'CHAIN_EXPIRED'
  | 'CHAIN_EXTENDED_FOR_KEY'
  | 'CHAIN_EXTENDED_WITH_FAKE_ATTESTATION_EXTENSION'
  | 'TARGET_MISSING_ATTESTATION_EXTENSION'
  | 'CERTIFICATE_REVOKED'
  | 'CERTIFICATE_SUSPENDED';

/** The extension that holds the KeyDescription. */
export const attestationExtension = '1.3.6.1.4.1.11129.2.1.17';
const provisioningExtension = '1.3.6.1.4.1.11129.2.1.30';
const maxCertificates = 8;
/** Root, intermediate, attestation certificate, leaf; a provisioned chain has one more. */
const factoryLength = 4;

/** What a chain is measured against. */
export interface AndroidChainTrust {
  /** SubjectPublicKeyInfo of each root: roots are re-issued under the same key. */
  readonly anchorKeys: readonly Bytes[];
  readonly revocation: RevocationSnapshot;
  readonly now: EpochMs;
  /** Saves reading and checking issuers again. */
  readonly memory?: ChainMemory;
}

/** A chain that holds. */
export interface AndroidChain {
  readonly leaf: Certificate;
  readonly provisioning: 'factory' | 'remote';
  /** How many certificates the device was issued lately (remote provisioning): a sign of device farms. */
  readonly certificatesIssued: number | 'malformed' | undefined;
}

type ChainCrypto = Pick<EvidenceCrypto, 'verify' | 'digest'>;
type Chain = readonly [Certificate, ...Certificate[]];

/** Types and texts of a name, whatever string type they are written in. */
const nameParts = (element: DerElement | undefined): string =>
  element === undefined || element.children.length === 0
    ? `${element?.tag === 6 ? 'oid' : 'text'}:${toHex(element?.contents ?? new Uint8Array(0))}`
    : `(${element.children.map((child) => nameParts(child)).join()})`;

const checkPositions = (chain: Chain): Result<true, AndroidChainCode> => {
  // A key of the phone can sign certificates of its own; its own certificate then carries the extension too.
  const above = chain.slice(1).some((certificate) => extensionOf(certificate, attestationExtension) !== undefined);
  const isTarget = extensionOf(chain[0], attestationExtension) !== undefined;
  if (above) return refuse(isTarget ? 'CHAIN_EXTENDED_WITH_FAKE_ATTESTATION_EXTENSION' : 'CHAIN_EXTENDED_FOR_KEY');
  return isTarget ? accept(true) : refuse('TARGET_MISSING_ATTESTATION_EXTENSION');
};

/** By the place of the certificate that is not signed: who lies differs. */
const signatureCodes: readonly AndroidChainCode[] = ['LEAF_SIGNATURE', 'ATTESTATION_SIGNATURE'];

/** `index` is the certificate's place in the whole chain. */
const checkLink = (
  certificate: Certificate,
  issuer: Certificate,
  index: number,
  crypto: ChainCrypto,
): Result<true, AndroidChainCode> => {
  const detail = `certificate ${index}`;
  const isNamed =
    equalBytes(certificate.issuer, issuer.subject.whole) ||
    nameParts(readDer(certificate.issuer)) === nameParts(issuer.subject);
  if (!isNamed) return refuse('CHAIN_NAMES', detail);
  if (index > 0 && !issuer.isAuthority) return refuse('CHAIN_ISSUER_NOT_CA', detail);
  // Counted down to the attestation certificate, which need not be a CA, and not to the leaf.
  if (issuer.pathLength !== undefined && index - 1 > issuer.pathLength) return refuse('CHAIN_PATH_LENGTH', detail);
  const { algorithm, toBeSigned, signature } = certificate;
  return crypto.verify(algorithm, issuer.spki, toBeSigned, signature)
    ? accept(true)
    : refuse(signatureCodes[index] ?? 'CHAIN_SIGNATURE', detail);
};

/** Everything above the leaf, from the root down, so that no key is used before it is vouched for. */
const checkUpper = (upper: readonly Certificate[], crypto: ChainCrypto): Result<true, AndroidChainCode> => {
  for (let index = upper.length - 2; index >= 0; index -= 1) {
    const [certificate, issuer] = [upper[index], upper[index + 1]];
    const link =
      certificate === undefined || issuer === undefined
        ? refuse('CHAIN_LENGTH')
        : checkLink(certificate, issuer, index + 1, crypto);
    if (!link.ok) return link;
  }
  return accept(true);
};

const checkRevocation = (chain: Chain, { statuses }: RevocationSnapshot): Result<true, AndroidChainCode> => {
  for (const [index, certificate] of chain.entries()) {
    // The leaf's serial number is the phone's choice (usually 1) and is in nobody's list.
    const status = index === 0 ? undefined : statuses.get(serialKey(certificate.serial));
    if (status === 'SUSPENDED') return refuse('CERTIFICATE_SUSPENDED', `certificate ${index}`);
    if (status !== undefined) return refuse('CERTIFICATE_REVOKED', `certificate ${index}: ${status}`);
  }
  return accept(true);
};

/** Google signs this extension; what cannot be read is of a form that is not known here, and is noted. */
const readProvisioning = (chain: Chain): AndroidChain['certificatesIssued'] => {
  const holder = chain.find((certificate) => extensionOf(certificate, provisioningExtension) !== undefined);
  const value = holder === undefined ? undefined : extensionOf(holder, provisioningExtension)?.value;
  if (value === undefined) return undefined;
  const read = readCbor(value);
  const count = read.ok ? asCborMap(read.value)?.get(1) : undefined;
  return typeof count === 'number' && count >= 0 ? count : 'malformed';
};

/** Certificates whose dates count: neither the leaf (its clock is the phone's) nor the root (its key is the anchor). */
const datedPart = (chain: Chain): readonly Certificate[] => chain.slice(1, -1);

const isExpired = (chain: Chain, now: EpochMs): boolean =>
  datedPart(chain).some(({ notBefore, notAfter }) => now < notBefore || now > notAfter);

const isRemote = (chain: Chain): boolean =>
  chain.length > factoryLength ||
  chain.some((certificate) => extensionOf(certificate, provisioningExtension) !== undefined);

interface Upper {
  readonly certificates: readonly [Certificate, ...Certificate[]];
  /** Under which to remember it once it is linked; undefined when it is remembered, or never will be. */
  readonly unlinked: { readonly key: string | undefined } | undefined;
}

const readUpper = (
  certificates: readonly Bytes[],
  memory: ChainMemory | undefined,
  crypto: ChainCrypto,
): Upper | undefined => {
  const key = memory === undefined ? undefined : memoryKey(certificates, crypto);
  const [first, ...rest] = key === undefined ? [] : (memory?.parts.get(key) ?? []);
  if (first !== undefined) return { certificates: [first, ...rest], unlinked: undefined };
  // What is remembered must not change with the caller's buffers.
  const read = readCertificates(certificates.map((bytes) => bytes.slice()));
  return read === undefined ? undefined : { certificates: read, unlinked: { key } };
};

const checkLinks = (
  leaf: Certificate,
  { certificates, unlinked }: Upper,
  memory: ChainMemory | undefined,
  crypto: ChainCrypto,
): Result<true, AndroidChainCode> => {
  const linked = unlinked === undefined ? accept(true as const) : checkUpper(certificates, crypto);
  if (!linked.ok) return linked;
  if (memory !== undefined && unlinked?.key !== undefined) remember(memory, unlinked.key, certificates);
  return checkLink(leaf, certificates[0], 0, crypto);
};

/** Checks a chain of DER certificates, leaf first, root last. */
export const checkAndroidChain = (
  certificates: readonly Bytes[],
  { anchorKeys, revocation, now, memory }: AndroidChainTrust,
  crypto: ChainCrypto,
): Result<AndroidChain, AndroidChainCode> => {
  if (certificates.length < 3 || certificates.length > maxCertificates)
    return refuse('CHAIN_LENGTH', `${certificates.length} certificates`);
  const [leafBytes = new Uint8Array(0), ...upperBytes] = certificates;
  const leaf = readCertificate(leafBytes);
  const upper = leaf === undefined ? undefined : readUpper(upperBytes, memory, crypto);
  if (leaf === undefined || upper === undefined) return refuse('CHAIN_MALFORMED');
  const chain: Chain = [leaf, ...upper.certificates];
  const isAnchor = ({ spki }: Certificate): boolean => anchorKeys.some((key) => equalBytes(key, spki));
  if (!chain.slice(-1).every(isAnchor)) return refuse('CHAIN_UNKNOWN_ROOT');
  // A root that vouches for itself lengthens a chain, and the length tells how dates are judged.
  if (chain.slice(0, -1).some(isAnchor)) return refuse('CHAIN_ROOT_REPEATED');
  const positions = checkPositions(chain);
  if (!positions.ok) return positions;
  const links = checkLinks(leaf, upper, memory, crypto);
  if (!links.ok) return links;
  const revoked = checkRevocation(chain, revocation);
  if (!revoked.ok) return revoked;
  const provisioning = isRemote(chain) ? 'remote' : 'factory';
  if (provisioning === 'remote' && isExpired(chain, now)) return refuse('CHAIN_EXPIRED');
  return accept({ leaf, provisioning, certificatesIssued: readProvisioning(chain) });
};

/** The instants at which all dated certificates of a chain are valid; undefined for a chain that cannot be read. */
export const commonValidity = (certificates: readonly Bytes[]): { from: number; to: number } | undefined => {
  const chain = readCertificates(certificates);
  if (chain === undefined || chain.length < 3) return undefined;
  const dated = datedPart(chain);
  return {
    from: Math.max(...dated.map(({ notBefore }) => notBefore)),
    to: Math.min(...dated.map(({ notAfter }) => notAfter)),
  };
};
