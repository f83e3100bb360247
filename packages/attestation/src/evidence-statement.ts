/** The text form of evidence, as enrolment documents and native bridges carry it: parts in base64url, joined by full stops. */
import { accept, type Bytes, fromBase64Url, type Result, refuse, toBase64Url } from '@hauberk/primitives';

/** Evidence that has a text form. Certificates are DER, leaf first. */
export type StatedEvidence =
  | { readonly kind: 'android-key' | 'huks'; readonly certificates: readonly Bytes[] }
  | { readonly kind: 'app-attest'; readonly keyId: Bytes; readonly attestationObject: Bytes }
  | { readonly kind: 'webauthn'; readonly clientDataJson: Bytes; readonly attestationObject: Bytes }
  | { readonly kind: 'play-integrity'; readonly token: string };

/** Why a text is no evidence. */
export type EvidenceStatementCode = 'EVIDENCE_MALFORMED' | 'EVIDENCE_KIND_UNSUPPORTED';

/** Longest text form, in characters. */
export const maxEvidenceText = 65_536;
const maxParts = 8;

/** The text form. Play Integrity's token is one already. */
export const evidenceStatement = (evidence: StatedEvidence): string => {
  switch (evidence.kind) {
    case 'android-key':
    case 'huks':
      return evidence.certificates.map(toBase64Url).join('.');
    case 'app-attest':
      return [evidence.keyId, evidence.attestationObject].map(toBase64Url).join('.');
    case 'webauthn':
      return [evidence.clientDataJson, evidence.attestationObject].map(toBase64Url).join('.');
    case 'play-integrity':
      return evidence.token;
  }
};

const readParts = (text: string): readonly Bytes[] | undefined => {
  // Counted before anything is decoded: a text of full stops alone would make one array entry a character.
  const texts = text.split('.', maxParts + 1);
  const parts = texts.map(fromBase64Url).filter((part) => part !== undefined && part.length > 0);
  return parts.length === texts.length && parts.length <= maxParts ? (parts as readonly Bytes[]) : undefined;
};

const ofParts = (kind: string, parts: readonly Bytes[]): StatedEvidence | undefined => {
  const [first, second] = parts;
  if (kind === 'android-key' || kind === 'huks') return { kind, certificates: parts };
  if (first === undefined || second === undefined || parts.length !== 2) return undefined;
  return kind === 'app-attest'
    ? { kind, keyId: first, attestationObject: second }
    : { kind: 'webauthn', clientDataJson: first, attestationObject: second };
};

const partedKinds = ['android-key', 'huks', 'app-attest', 'webauthn'];

/** Reads a text form; what it says is still to be verified. */
export const readEvidenceStatement = (
  kind: string,
  statement: string,
): Result<StatedEvidence, EvidenceStatementCode> => {
  if (statement.length === 0 || statement.length > maxEvidenceText) return refuse('EVIDENCE_MALFORMED', 'length');
  if (kind === 'play-integrity') return accept({ kind, token: statement });
  if (!partedKinds.includes(kind)) return refuse('EVIDENCE_KIND_UNSUPPORTED', kind.slice(0, 32));
  const parts = readParts(statement);
  const evidence = parts === undefined ? undefined : ofParts(kind, parts);
  return evidence === undefined ? refuse('EVIDENCE_MALFORMED', kind) : accept(evidence);
};

/** An assertion that proves the user beside a statement: who, and what `verifyAssertion` takes. */
export interface UserProof {
  readonly credentialId: Bytes;
  readonly clientDataJson: Bytes;
  readonly authenticatorData: Bytes;
  readonly signature: Bytes;
}

/** The text form of a user's proof. */
export const userProofText = ({ credentialId, clientDataJson, authenticatorData, signature }: UserProof): string =>
  [credentialId, clientDataJson, authenticatorData, signature].map(toBase64Url).join('.');

/** Reads the text form of a user's proof; it is still to be verified. */
export const readUserProof = (text: string): Result<UserProof, EvidenceStatementCode> => {
  const parts = text.length > maxEvidenceText ? undefined : readParts(text);
  const [credentialId, clientDataJson, authenticatorData, signature, ...rest] = parts ?? [];
  if (credentialId === undefined || clientDataJson === undefined || authenticatorData === undefined)
    return refuse('EVIDENCE_MALFORMED', 'user proof');
  if (signature === undefined || rest.length > 0) return refuse('EVIDENCE_MALFORMED', 'user proof');
  return accept({ credentialId, clientDataJson, authenticatorData, signature });
};
