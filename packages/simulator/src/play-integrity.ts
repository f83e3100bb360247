/** Play's side: tokens of the classic Play Integrity API, a JWE (A256KW, A256GCM) around a JWS (ES256), for response keys made here. */
import { createCipheriv, randomBytes } from 'node:crypto';
import { type Bytes, toBase64Url, utf8 } from '@hauberk/primitives';
import { type SigningKey, signingKey, signRaw } from './signing-key.ts';

/** The response keys of an app, both halves. */
export interface PlayMaker {
  /** 32 bytes; Play seals with it, the server opens. */
  readonly decryption: Bytes;
  readonly signer: SigningKey;
  /** In milliseconds. */
  readonly now: number;
}

/** Makes them. */
export const playMaker = (now: number): PlayMaker => ({
  decryption: Uint8Array.from(randomBytes(32)),
  signer: signingKey('p256'),
  now,
});

/** What a token says; honest by default. */
export interface PlayClaims {
  /** What the app passed, before base64url. */
  readonly nonce: Uint8Array;
  readonly packageName: string;
  readonly versionCode: number;
  readonly signerDigest: Uint8Array;
  /** Milliseconds since 1970; the maker's time when absent. */
  readonly requestedAt?: number;
  /** The app that runs, where it is not the one that asked. */
  readonly runningPackage?: string;
  readonly recognition?: 'PLAY_RECOGNIZED' | 'UNRECOGNIZED_VERSION' | 'UNEVALUATED';
  readonly labels?: readonly string[];
  readonly licence?: 'LICENSED' | 'UNLICENSED' | 'UNEVALUATED';
  /** An answer that the console was told to give. */
  readonly isTest?: boolean;
  /** Leaves the request's details out. */
  readonly isEmpty?: boolean;
}

const payloadOf = (maker: PlayMaker, claims: PlayClaims): object => {
  const {
    packageName,
    requestedAt = maker.now,
    labels = ['MEETS_DEVICE_INTEGRITY', 'MEETS_STRONG_INTEGRITY'],
  } = claims;
  const details = {
    requestPackageName: packageName,
    nonce: toBase64Url(claims.nonce),
    timestampMillis: String(requestedAt),
  };
  return {
    ...(claims.isEmpty === true ? {} : { requestDetails: details }),
    appIntegrity: {
      appRecognitionVerdict: claims.recognition ?? 'PLAY_RECOGNIZED',
      packageName: claims.runningPackage ?? packageName,
      certificateSha256Digest: [toBase64Url(claims.signerDigest)],
      versionCode: String(claims.versionCode),
    },
    deviceIntegrity: { deviceRecognitionVerdict: labels, deviceAttributes: { sdkVersion: 36 } },
    accountDetails: { appLicensingVerdict: claims.licence ?? 'LICENSED' },
    ...(claims.isTest === true ? { testingDetails: { isTestingResponse: true } } : {}),
  };
};

const part = (value: object): string => toBase64Url(utf8(JSON.stringify(value)));

const signed = (payload: object, key: SigningKey, algorithm: string): string => {
  const text = `${part({ alg: algorithm })}.${part(payload)}`;
  return `${text}.${algorithm === 'none' ? '' : toBase64Url(signRaw(key, utf8(text)))}`;
};

const sealed = (text: string, key: Uint8Array): string => {
  const [contentKey, nonce] = [randomBytes(32), randomBytes(12)];
  const header = part({ alg: 'A256KW', enc: 'A256GCM' });
  const wrap = createCipheriv('id-aes256-wrap', key, Buffer.alloc(8, 0xa6));
  const wrapped = Buffer.concat([wrap.update(contentKey), wrap.final()]);
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce, { authTagLength: 16 });
  cipher.setAAD(utf8(header));
  const contents = Buffer.concat([cipher.update(utf8(text)), cipher.final()]);
  return [header, ...[wrapped, nonce, contents, cipher.getAuthTag()].map((bytes) => toBase64Url(bytes))].join('.');
};

/** What an attacker changes around the claims. */
export interface PlayTokenOptions {
  readonly signer?: SigningKey;
  readonly decryption?: Uint8Array;
  readonly algorithm?: 'ES256' | 'none';
}

/** A token. */
export const playToken = (maker: PlayMaker, claims: PlayClaims, options: PlayTokenOptions = {}): string => {
  const { signer = maker.signer, decryption = maker.decryption, algorithm = 'ES256' } = options;
  return sealed(signed(payloadOf(maker, claims), signer, algorithm), decryption);
};
