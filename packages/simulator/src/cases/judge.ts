/** Bad devices as data: what each one shows, and how a verifier is asked. */
import {
  type AndroidKeyExpectations,
  type AppAssertionExpectations,
  type AppAttestExpectations,
  type AssertionEvidence,
  type AssertionExpectations,
  type HuksExpectations,
  type PlayIntegrityExpectations,
  type ReceiptExpectations,
  type RegistrationEvidence,
  type RegistrationExpectations,
  readReceipt,
  readRevocationList,
  verifyAndroidKey,
  verifyAppAssertion,
  verifyAppAttestation,
  verifyAssertion,
  verifyHuksKey,
  verifyPlayIntegrity,
  verifyRegistration,
} from '@hauberk/attestation';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { accept, type Bytes, epochMs, type Result } from '@hauberk/primitives';
import { type SimulatedWorld, simulatedWorld, worldTrust } from '../world.ts';

/** Evidence and what it is measured against. */
export type Minted =
  | {
      readonly check: 'android-key';
      readonly certificates: readonly Bytes[];
      readonly expected?: Partial<AndroidKeyExpectations>;
      /** Google's list: serial number in hexadecimal, and status. */
      readonly listed?: Readonly<Record<string, string>>;
      readonly listTakenAt?: number;
    }
  | { readonly check: 'huks'; readonly certificates: readonly Bytes[]; readonly expected: HuksExpectations }
  | { readonly check: 'play-integrity'; readonly token: string; readonly expected: PlayIntegrityExpectations }
  | { readonly check: 'app-attestation'; readonly object: Bytes; readonly expected: AppAttestExpectations }
  | { readonly check: 'app-assertion'; readonly assertion: Bytes; readonly expected: AppAssertionExpectations }
  | { readonly check: 'receipt'; readonly receipt: Bytes; readonly expected: ReceiptExpectations }
  | {
      readonly check: 'registration';
      readonly evidence: RegistrationEvidence;
      readonly expected: RegistrationExpectations;
    }
  | { readonly check: 'assertion'; readonly evidence: AssertionEvidence; readonly expected: AssertionExpectations };

/** One kind of bad device. */
export interface NegativeCase {
  readonly name: string;
  readonly platform: 'android' | 'apple' | 'harmony' | 'play-integrity' | 'webauthn';
  /** What it is, in a sentence. */
  readonly what: string;
  /** One or more forms of it; each is refused for the same reason. */
  readonly mint: () => readonly Minted[];
  readonly expectedReason: string;
}

/** The time of all cases. */
export const caseTime: number = Date.UTC(2026, 10, 1);

let made: SimulatedWorld | undefined;
/** The world of all cases, made when first asked for. */
export const caseWorld = (): SimulatedWorld => {
  made ??= simulatedWorld({ now: () => caseTime });
  return made;
};

const judgeAndroid = (minted: Extract<Minted, { readonly check: 'android-key' }>): Result<unknown> => {
  const { android, oldAndroid } = caseWorld();
  const entries = Object.fromEntries(
    Object.entries(minted.listed ?? {}).map(([serial, status]) => [serial, { status }]),
  );
  const list = readRevocationList({ entries }, epochMs(minted.listTakenAt ?? caseTime));
  if (!list.ok) return list;
  const trust = {
    anchorKeys: [android.anchorKey, oldAndroid.anchorKey],
    revocation: list.value,
    now: epochMs(caseTime),
  };
  return verifyAndroidKey(
    minted.certificates,
    trust,
    { challenge: new Uint8Array(0), ...minted.expected },
    nodeEvidenceCrypto,
  );
};

/** Asks the verifier. */
export const judge = (minted: Minted): Result<unknown> => {
  switch (minted.check) {
    case 'android-key':
      return judgeAndroid(minted);
    case 'huks':
      return verifyHuksKey(minted.certificates, minted.expected, nodeEvidenceCrypto);
    case 'play-integrity':
      return verifyPlayIntegrity(
        minted.token,
        worldTrust(caseWorld()).anchors.playIntegrity,
        minted.expected,
        nodeEvidenceCrypto,
      );
    case 'app-attestation':
      return verifyAppAttestation(minted.object, minted.expected, nodeEvidenceCrypto);
    case 'app-assertion':
      return verifyAppAssertion(minted.assertion, minted.expected, nodeEvidenceCrypto);
    case 'receipt':
      return readReceipt(minted.receipt, minted.expected, nodeEvidenceCrypto);
    case 'registration':
      return verifyRegistration(minted.evidence, minted.expected, nodeEvidenceCrypto);
    case 'assertion':
      return verifyAssertion(minted.evidence, minted.expected, nodeEvidenceCrypto);
  }
};

/** Whether every form is refused for the reason; the first that is not, otherwise. */
export const checkCase = ({ mint, expectedReason }: NegativeCase): Result<number, 'accepted' | 'other-reason'> => {
  const forms = mint();
  for (const form of forms) {
    const answer = judge(form);
    if (answer.ok) return { ok: false, code: 'accepted' };
    if (answer.code !== expectedReason) return { ok: false, code: 'other-reason', detail: answer.code };
  }
  return accept(forms.length);
};
