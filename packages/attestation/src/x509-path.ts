/** Paths of certificates to anchors (RFC 5280 section 6), for every chain but Android's, whose rules are Google's. */
import { accept, type EpochMs, type EvidenceCrypto, equalBytes, type Result, refuse } from '@hauberk/primitives';
import type { Certificate } from './x509.ts';

/** Why a chain of certificates was refused. */
export type CertificateCode =
  | 'chain.malformed'
  | 'chain.untrusted'
  | 'chain.signature'
  | 'chain.not-ca'
  | 'chain.path-length'
  | 'chain.expired';

const isValidAt = (certificate: Certificate, now: EpochMs): boolean =>
  certificate.notBefore <= now && now <= certificate.notAfter;

/** `below`: how many certificates stand between the issuer and the leaf. */
const checkLink = (
  certificate: Certificate,
  issuer: Certificate,
  below: number,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): CertificateCode | undefined => {
  if (!equalBytes(certificate.issuer, issuer.subject.whole)) return 'chain.untrusted';
  if (!issuer.isAuthority) return 'chain.not-ca';
  if (issuer.pathLength !== undefined && below > issuer.pathLength) return 'chain.path-length';
  const { algorithm, toBeSigned, signature } = certificate;
  return crypto.verify(algorithm, issuer.spki, toBeSigned, signature) ? undefined : 'chain.signature';
};

/** What a path is measured against. */
export interface PathTrust {
  readonly anchors: readonly Certificate[];
  readonly now: EpochMs;
}

/** Anchors match by name and key: roots are re-issued under the same key. */
const isAnchor = (certificate: Certificate, anchor: Certificate): boolean =>
  equalBytes(certificate.spki, anchor.spki) && equalBytes(certificate.subject.whole, anchor.subject.whole);

/** Checks a chain, leaf first, that ends at an anchor or with a certificate that an anchor signed. */
export const checkPath = (
  chain: readonly Certificate[],
  { anchors, now }: PathTrust,
  crypto: Pick<EvidenceCrypto, 'verify'>,
): Result<true, CertificateCode> => {
  const last = chain.at(-1);
  if (last === undefined || chain.length > 8) return refuse('chain.malformed', `${chain.length} certificates`);
  const anchor = anchors.find((candidate) => isAnchor(last, candidate)) ??
    anchors.find((candidate) => equalBytes(last.issuer, candidate.subject.whole)); // biome-ignore format: reads as one
  if (anchor === undefined) return refuse('chain.untrusted', 'no anchor');
  // A root that vouches for itself adds nothing but another form of the same chain.
  if (chain.slice(0, -1).some((certificate) => isAnchor(certificate, anchor)))
    return refuse('chain.malformed', 'anchor twice');
  const links = [...(isAnchor(last, anchor) && chain.length > 1 ? chain.slice(0, -1) : chain), anchor];
  for (const [index, issuer] of links.entries()) {
    const certificate = links[index - 1];
    if (!isValidAt(issuer, now)) return refuse('chain.expired', `certificate ${index}`);
    const fault = certificate === undefined ? undefined : checkLink(certificate, issuer, index - 1, crypto);
    if (fault !== undefined) return refuse(fault, `certificate ${index - 1}`);
  }
  return accept(true);
};
