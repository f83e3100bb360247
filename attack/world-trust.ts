/** What a gateway pins to believe a world of simulated makers: the files of the section `attestation`. */
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@hauberk/primitives';
import type { SimulatedWorld } from '@hauberk/simulator';

const pemOf = (der: Uint8Array): string => new X509Certificate(Buffer.from(der)).toString();

/** Section `attestation` of a configuration, all file names absolute. */
export interface WorldAttestation {
  readonly roots: {
    readonly android: string;
    readonly apple: string;
    readonly appleReceipts: string;
    readonly huks: string;
    readonly webauthn: string;
  };
  readonly approvedBuilds: string;
  readonly androidRevocations: string;
}

/** Response keys of the app as the Play Console gives them, both base64: for `playIntegrity` of an app. */
export const playKeysOf = ({
  play,
}: SimulatedWorld): { readonly decryptionKey: string; readonly verificationKey: string } => ({
  decryptionKey: Buffer.from(play.decryption).toString('base64'),
  verificationKey: Buffer.from(play.signer.spki).toString('base64'),
});

/** What was written, and how it is written anew. */
export interface WorldFiles {
  readonly attestation: WorldAttestation;
  readonly writeBuilds: (android: readonly number[], apple: readonly string[]) => string;
  readonly writeRevocations: () => string;
}

/** Android's side of the approved builds, where an attack's control approves more than the bank does. */
export interface MoreApproved {
  readonly packages?: readonly string[];
  readonly signers?: readonly string[];
}

/** Writes the files for one app, or several of one build, into a folder. */
export const writeWorldTrust = (
  folder: string,
  world: SimulatedWorld,
  app: string | readonly string[],
  more: MoreApproved = {},
): WorldFiles => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const { packageName, signerDigest, appleAppId, harmony, rpId, webOrigin } = world.app;
  const writeRevocations = (): string =>
    file('android-status.json', JSON.stringify({ entries: world.revocationEntries() }));
  const writeBuilds = (android: readonly number[], apple: readonly string[]): string => {
    const entry = {
      android: {
        packages: [packageName, ...(more.packages ?? [])],
        signers: [toHex(signerDigest), ...(more.signers ?? [])],
        builds: android.map(String),
      },
      apple: { appId: appleAppId, builds: apple },
      harmony: { bundleName: harmony.bundleName, appIds: [harmony.appId], appIdentifier: harmony.appIdentifier },
      web: { rpId, origins: [webOrigin] },
    };
    return file('builds.json', JSON.stringify({ apps: Object.fromEntries([app].flat().map((name) => [name, entry])) }));
  };
  const { android, oldAndroid, apple, harmony: harmonyMaker, authenticators } = world;
  return {
    attestation: {
      roots: {
        android: file('android.pem', [android, oldAndroid].map(({ root }) => pemOf(root.certificate)).join('\n')),
        apple: file('apple.pem', pemOf(apple.root.certificate)),
        appleReceipts: file('apple-receipts.pem', pemOf(apple.receiptRoot.certificate)),
        huks: file('huks.pem', pemOf(harmonyMaker.root.certificate)),
        webauthn: file('webauthn.pem', pemOf(authenticators.root.certificate)),
      },
      approvedBuilds: writeBuilds([world.app.versionCode], [world.app.bundleVersion]),
      androidRevocations: writeRevocations(),
    },
    writeBuilds,
    writeRevocations,
  };
};
