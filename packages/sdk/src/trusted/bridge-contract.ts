/**
 * The native bridge contract: what an app's native half answers to the SDK in its web view. Everything crosses as JSON text; bytes are base64url
 * without padding. Version 1 is the keys, version 2 adds SIM, SMS and the key that apps share, version 3 signals.
 */
import { type SignalMethods, signalMethods } from './signal-contract.ts';
import { type SimMethods, simMethods } from './sim-contract.ts';

/** The one function of a bridge. It answers every message exactly once and never throws: failures are answers. */
export interface TrustedBridge {
  readonly call: (message: string) => Promise<string>;
}

/** The versions of the contract, oldest first. */
export const bridgeVersions = [1, 2, 3] as const;
/** One of them. */
export type BridgeVersion = (typeof bridgeVersions)[number];
/** The newest. */
export const bridgeVersion: BridgeVersion = 3;

/** Bounds that both sides enforce; lengths in bytes before base64url, texts in characters. */
export const bridgeLimits = {
  requestText: 1_500_000,
  answerText: 12_000_000,
  alias: 64,
  challenge: 64,
  message: 65_536,
  plaintext: 1_048_576,
  associated: 1024,
  binding: 4096,
  media: 8_388_608,
  promptTitle: 80,
  promptText: 1024,
  /** Of one evidence statement, as enrolment takes it. */
  statement: 65_536,
  smsText: 640,
  carrier: 64,
  subscription: 128,
  /** Milliseconds that `readOtp` may wait. */
  otpWait: 60_000,
  /** Events that a bridge keeps. */
  events: 64,
  /** Of a joint proof. */
  jointProof: 4096,
  /** Codes, and signals of an answer. */
  signals: 256,
  /** Pieces of evidence of an answer. */
  signalEvidence: 32,
} as const;

/** Why a bridge refuses. */
export const bridgeErrorCodes = [
  'malformed',
  'unsupported-version',
  'unsupported-method',
  'unsupported',
  'too-large',
  'no-such-key',
  'key-exists',
  'key-invalidated',
  'use-mismatch',
  'not-sealed-here',
  'user-cancelled',
  'user-not-verified',
  'user-unavailable',
  'attestation-unavailable',
  'busy',
  'internal',
  'permission-denied',
  'permission-blocked',
  'sms-failed',
  'code-unavailable',
] as const;

/** One of them. */
export type BridgeErrorCode = (typeof bridgeErrorCodes)[number];

/** What a key may be used for: one thing, fixed when it is made. */
export type KeyUse = 'sign' | 'capture' | 'seal';
/** Whether each use asks the user. */
export type UserVerification = 'none' | 'required';
/** Where keys live, weakest first. */
export const keyLevels = ['software', 'hardware', 'secure-element'] as const;
/** One of them. */
export type KeyLevel = (typeof keyLevels)[number];

/** What a bridge says of itself. */
export interface BridgeAbout {
  readonly version: number;
  /** `android`, `ios`, `harmony` or another word. */
  readonly platform: string;
  /** The implementation and its version, for logs. */
  readonly name: string;
  readonly methods: readonly string[];
  readonly levels: readonly KeyLevel[];
  readonly userVerification: readonly UserVerification[];
  /** What can be captured: `photo`, `document`, `audio`, …; empty without capture. */
  readonly captures: readonly string[];
  /** Kinds of evidence for new keys, best first. */
  readonly evidence: readonly string[];
}

/** Evidence for a key, as enrolment takes it. */
export interface BridgeEvidence {
  readonly kind: string;
  readonly statement: string;
}

/** What the user is shown before a key is used. */
export interface Prompt {
  readonly title: string;
  readonly text: string;
}

/** What a new key shall be. */
export interface CreateKeyParams {
  readonly alias: string;
  readonly use: KeyUse;
  readonly userVerification: UserVerification;
  /** The least; a bridge never answers with a lower one. */
  readonly level: KeyLevel;
  /** Base64url of 16 to 64 bytes: evidence is made for it. Without it there is none. */
  readonly challenge?: string;
}

/** A key, without its secret. */
export interface BridgeKey {
  readonly alias: string;
  readonly use: KeyUse;
  readonly userVerification: UserVerification;
  readonly level: KeyLevel;
  /** Base64url of the raw uncompressed P-256 point; empty for sealing keys. */
  readonly publicKey: string;
}

/** Every method: what it takes and what it answers. */
export interface BridgeMethods extends SimMethods, SignalMethods {
  readonly hello: { params: { readonly versions: readonly number[] }; result: BridgeAbout };
  readonly createKey: { params: CreateKeyParams; result: BridgeKey & { readonly evidence: readonly BridgeEvidence[] } };
  readonly getKey: { params: { readonly alias: string }; result: BridgeKey };
  readonly deleteKey: { params: { readonly alias: string }; result: { readonly deleted: boolean } };
  /** Fresh evidence for a key that exists already. */
  readonly attest: {
    params: { readonly alias: string; readonly challenge: string };
    result: { readonly evidence: readonly BridgeEvidence[] };
  };
  /** ECDSA P-256 with SHA-256 over the message; `signature` is r ‖ s. */
  readonly sign: {
    params: { readonly alias: string; readonly message: string; readonly prompt?: Prompt };
    result: { readonly signature: string; readonly userVerified: boolean };
  };
  readonly seal: {
    params: { readonly alias: string; readonly plaintext: string; readonly associated: string };
    result: { readonly sealed: string };
  };
  readonly unseal: {
    params: { readonly alias: string; readonly sealed: string; readonly associated: string };
    result: { readonly plaintext: string };
  };
  /** Takes what the camera or microphone gives and signs it before the web view sees it. */
  readonly capture: {
    params: { readonly alias: string; readonly kind: string; readonly binding: string; readonly prompt?: Prompt };
    result: {
      readonly media: string;
      readonly mediaType: string;
      readonly capturedAtMs: number;
      readonly signature: string;
    };
  };
}

/** The name of a method. */
export type BridgeMethod = keyof BridgeMethods;

/** Those of version 1. Every bridge has them. */
export const keyMethods: readonly BridgeMethod[] = [
  'hello',
  'createKey',
  'getKey',
  'deleteKey',
  'attest',
  'sign',
  'seal',
  'unseal',
  'capture',
];

/** All of them. */
export const bridgeMethods: readonly BridgeMethod[] = [...keyMethods, ...simMethods, ...signalMethods];

/** The methods of a version. */
export const methodsOf = (version: number): readonly BridgeMethod[] => {
  if (version < 2) return keyMethods;
  return version < 3 ? [...keyMethods, ...simMethods] : bridgeMethods;
};

/** A request as it crosses. */
export interface BridgeRequest<Method extends BridgeMethod = BridgeMethod> {
  readonly v: BridgeVersion;
  /** Chosen by the caller, 1 to 2^31 - 1, not used twice at a time. */
  readonly id: number;
  readonly method: Method;
  readonly params: BridgeMethods[Method]['params'];
}

/** An answer as it crosses. `id` is 0 where the request's could not be read. */
export type BridgeAnswer<Method extends BridgeMethod = BridgeMethod> =
  | { readonly v: BridgeVersion; readonly id: number; readonly result: BridgeMethods[Method]['result'] }
  | {
      readonly v: BridgeVersion;
      readonly id: number;
      readonly error: { readonly code: BridgeErrorCode; readonly detail?: string };
    };
