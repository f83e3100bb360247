/** A world of makers and one app: what simulated phones are made in, and what a verifier pins to believe them. */
import { type Bytes, toHex, utf8 } from '@hauberk/primitives';
import { type AndroidMaker, androidMaker } from './android.ts';
import { type AppleMaker, appleMaker } from './apple.ts';
import { type HarmonyApp, type HarmonyMaker, harmonyMaker } from './harmony.ts';
import { type PlayMaker, playMaker } from './play-integrity.ts';
import { sha256 } from './signing-key.ts';
import { type AuthenticatorMaker, authenticatorMaker } from './webauthn.ts';

/** The bank's app in every shop. */
export interface SimulatedApp {
  readonly packageName: string;
  readonly versionCode: number;
  /** SHA-256 of Android's signing certificate. */
  readonly signerDigest: Bytes;
  /** Team identifier, a dot, bundle identifier. */
  readonly appleAppId: string;
  readonly bundleVersion: string;
  /** As AppGallery Connect names it. */
  readonly harmony: HarmonyApp;
  readonly webOrigin: string;
  readonly rpId: string;
}

/** The demo bank's. */
export const simulatedApp: SimulatedApp = {
  packageName: 'com.example.bank',
  versionCode: 51,
  signerDigest: sha256(utf8('the bank signs its app with this')),
  appleAppId: 'TEAM123456.com.example.bank',
  bundleVersion: '5.1',
  harmony: {
    appId: 'com.example.bank_BFsimulated',
    bundleName: 'com.example.bank',
    appIdentifier: '5765880207854000001',
  },
  webOrigin: 'https://bank.example',
  rpId: 'bank.example',
};

/** Entries of Google's list of certificates that are no longer believed, by serial number in hexadecimal. */
export type RevocationEntries = Readonly<
  Record<string, { readonly status: 'REVOKED' | 'SUSPENDED'; readonly reason?: string }>
>;

/** Makers, an app, a clock and a revocation list. */
export interface SimulatedWorld {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly app: SimulatedApp;
  /** Under the root of 2025, P-384, and the one of 2016, RSA. */
  readonly android: AndroidMaker;
  readonly oldAndroid: AndroidMaker;
  readonly apple: AppleMaker;
  readonly harmony: HarmonyMaker;
  readonly play: PlayMaker;
  readonly authenticators: AuthenticatorMaker;
  /** Puts a serial number on the list, in whatever spelling. */
  readonly list: (serial: string, status: 'REVOKED' | 'SUSPENDED') => void;
  readonly revocationEntries: () => RevocationEntries;
}

/** What a world may differ in. */
export interface WorldOptions {
  readonly now?: () => number;
  readonly app?: Partial<SimulatedApp>;
}

/** Makes a world; its makers are as old as the clock's present reading allows. */
export const simulatedWorld = ({ now = Date.now, app = {} }: WorldOptions = {}): SimulatedWorld => {
  const start = now();
  const entries: Record<string, RevocationEntries[string]> = {};
  return {
    now,
    app: { ...simulatedApp, ...app },
    android: androidMaker(start, 'p384'),
    oldAndroid: androidMaker(start, 'rsa2048'),
    apple: appleMaker(start),
    harmony: harmonyMaker(start),
    play: playMaker(start),
    authenticators: authenticatorMaker(start),
    list: (serial, status) => {
      entries[serial] = { status, reason: 'KEY_COMPROMISE' };
    },
    revocationEntries: () => ({ ...entries }),
  };
};

/** What a verifier pins and asks for in a world, in the members of `AppraisalContext` of `@hauberk/attestation`. */
export interface WorldTrust {
  readonly anchors: {
    readonly androidKeys: readonly Bytes[];
    readonly appAttest: readonly Bytes[];
    readonly appAttestReceipts: readonly Bytes[];
    readonly huks: readonly Bytes[];
    /** Response keys of the app. */
    readonly playIntegrity: { readonly decryption: Bytes; readonly verification: Bytes };
    readonly webauthn: readonly Bytes[];
  };
  readonly apps: {
    readonly android: { readonly packages: ReadonlySet<string>; readonly digests: ReadonlySet<string> };
    readonly apple: { readonly appId: string };
    readonly harmony: {
      readonly bundleName: string;
      readonly appIds: ReadonlySet<string>;
      readonly appIdentifier: string;
    };
    readonly web: { readonly rpId: string; readonly origins: readonly string[] };
  };
}

/** The trust of a world. */
export const worldTrust = ({
  android,
  oldAndroid,
  apple,
  harmony,
  play,
  authenticators,
  app,
}: SimulatedWorld): WorldTrust => ({
  anchors: {
    androidKeys: [android.anchorKey, oldAndroid.anchorKey],
    appAttest: [apple.root.certificate],
    appAttestReceipts: [apple.receiptRoot.certificate],
    huks: [harmony.root.certificate],
    playIntegrity: { decryption: play.decryption, verification: play.signer.spki },
    webauthn: [authenticators.root.certificate],
  },
  apps: {
    android: { packages: new Set([app.packageName]), digests: new Set([toHex(app.signerDigest)]) },
    apple: { appId: app.appleAppId },
    harmony: {
      bundleName: app.harmony.bundleName,
      appIds: new Set([app.harmony.appId]),
      appIdentifier: app.harmony.appIdentifier,
    },
    web: { rpId: app.rpId, origins: [app.webOrigin] },
  },
});
