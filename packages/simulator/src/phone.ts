/** Simulated phones: key stores that implement the native bridge, honest or with one trick of an attacker. */
import { evidenceStatement, keyBoundChallenge } from '@hauberk/attestation';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, concat, fromHex, toBase64Url } from '@hauberk/primitives';
import {
  type BridgeEvidence,
  type BridgeKey,
  bridgeOver,
  type Decoded,
  type KeyLevel,
  memoryTrustedStore,
  type Prompt,
  softwareBackend,
  type TrustedBackend,
  type TrustedBridge,
  TrustedError,
} from '@hauberk/sdk/trusted';
import { appAssertion, appAttestation, appAttestKeyId } from './apple.ts';
import { harmonyKey, harmonyMaker } from './harmony.ts';
import { androidEvidence } from './phone-android.ts';
import { playToken } from './play-integrity.ts';
import { type SharedKeychain, sharedKeychain, signSharedOn } from './shared-keychain.ts';
import { type SignalControls, signalHalf } from './signal-half.ts';
import { type SigningKey, sha256, signingKey } from './signing-key.ts';
import { type SimControls, simHalf } from './sim-half.ts';
import { deadNetwork, type SimCard, type SimulatedNetwork } from './sim-network.ts';
import type { SimTrick } from './sim-tricks.ts';
import type { PhoneTrick } from './tricks.ts';
import { type SimulatedWorld, simulatedWorld } from './world.ts';

/** Kinds of phone. `android-factory` has a keybox written in the factory, the other Androids are provisioned over the network. */
export const phoneKinds = ['android', 'android-factory', 'android-strongbox', 'iphone', 'harmony'] as const;
/** One of them. */
export type PhoneKind = (typeof phoneKinds)[number];

/** What the scripted user does at the next prompts. */
export type UserAnswer = 'approve' | 'cancel' | 'fail';

/** How a phone is made. */
export interface PhoneOptions {
  /** A world of its own when absent. */
  readonly world?: SimulatedWorld;
  /** What the attacker who holds it does; honest when absent. */
  readonly tricks?: readonly PhoneTrick[];
  /** Whether an Android adds a token of Play Integrity to its evidence; false when absent. */
  readonly hasPlay?: boolean;
  /** When an iPhone says which build runs: systems before iOS 27 never do; `always` when absent. */
  readonly saysBuild?: 'always' | 'when-made' | 'never';
  /** What the camera sees. */
  readonly scene?: Uint8Array;
  /** The operator of its SIMs; a dead one when absent. */
  readonly network?: SimulatedNetwork;
  /** One for each slot; none when absent. */
  readonly cards?: readonly SimCard[];
  /** What the attacker does with SIM and SMS; nothing when absent. */
  readonly simTricks?: readonly SimTrick[];
  /** What apps of one maker share: the keychain group of iOS, one of its own when absent; the bridge of another phone's maker, none when absent. */
  readonly keychain?: SharedKeychain;
}

/** A phone. */
export interface SimulatedPhone {
  readonly kind: PhoneKind;
  readonly world: SimulatedWorld;
  /** What the app's native half offers to its web view. */
  readonly bridge: TrustedBridge;
  /** The same without messages. */
  readonly backend: TrustedBackend;
  /** Scripts the user; `approve` until told otherwise. */
  readonly user: (answer: UserAnswer) => void;
  /** Prompts that were shown, oldest first. */
  readonly shown: () => readonly (Prompt | undefined)[];
  /** SIM, radio, system and user, as a test moves them. */
  readonly sim: SimControls;
  /** What it shows of risk, and the reports of its installation. */
  readonly signals: SignalControls;
  /** `signals.report`. */
  readonly report: SignalControls['report'];
}

/** Head of a P-256 SubjectPublicKeyInfo. */
const spkiHead = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);
const spkiOf = (point: Uint8Array): Bytes => concat(spkiHead, point);

const levelsOf: Readonly<Record<PhoneKind, readonly KeyLevel[]>> = {
  android: ['hardware'],
  'android-factory': ['hardware'],
  'android-strongbox': ['hardware', 'secure-element'],
  iphone: ['secure-element'],
  harmony: ['hardware'],
};

const platformOf = (kind: PhoneKind): 'android' | 'ios' | 'harmony' =>
  kind === 'iphone' ? 'ios' : kind === 'harmony' ? 'harmony' : 'android';
const evidenceKinds = {
  android: ['android-key'],
  ios: ['app-attest', 'app-attest-assertion'],
  harmony: ['huks'],
} as const;

type Attest = (key: Decoded<BridgeKey>, challenge: Bytes, moment: 'made' | 'later') => BridgeEvidence;

/** A second opinion; it vouches for app and device, bound to the key by the nonce. */
const playEvidence = ({ play, app, now }: SimulatedWorld, tricks: ReadonlySet<PhoneTrick>): Attest => {
  const isWeak = tricks.has('unlocked') || tricks.has('self-signed-boot') || tricks.has('emulator');
  return (key, challenge) => {
    const token = playToken(play, {
      nonce: keyBoundChallenge(challenge, spkiOf(key.publicKey), nodeEvidenceCrypto),
      packageName: app.packageName,
      versionCode: app.versionCode,
      signerDigest: tricks.has('repackaged') ? sha256(app.signerDigest) : app.signerDigest,
      recognition: tricks.has('repackaged') ? 'UNRECOGNIZED_VERSION' : 'PLAY_RECOGNIZED',
      requestedAt: now(),
      ...(isWeak ? { labels: [] } : {}),
    });
    return { kind: 'play-integrity', statement: evidenceStatement({ kind: 'play-integrity', token }) };
  };
};

/** An App Attest key and how often it signed. */
interface AppKey {
  readonly key: SigningKey;
  counter: number;
}

const iphoneAttestation = (
  { apple, app }: SimulatedWorld,
  tricks: ReadonlySet<PhoneTrick>,
  { key }: AppKey,
  clientData: Bytes,
  saysBuild: boolean,
): BridgeEvidence => {
  const attestationObject = appAttestation(apple, key, {
    appId: tricks.has('repackaged') ? 'THIEF12345.com.example.bank' : app.appleAppId,
    clientDataHash: sha256(clientData),
    environment: tricks.has('development-build') ? 'development' : 'production',
    ...(saysBuild ? { validationCategory: tricks.has('sideloaded') ? 5 : 4, bundleVersion: app.bundleVersion } : {}),
    ...(tricks.has('unknown-root') ? { impostor: signingKey('p384') } : {}),
  });
  const evidence = { kind: 'app-attest', keyId: appAttestKeyId(key), attestationObject } as const;
  return { kind: evidence.kind, statement: evidenceStatement(evidence) };
};

/** Apple attests an App Attest key once; from then on it asserts, and its counter rises. */
const iphoneEvidence = (
  world: SimulatedWorld,
  tricks: ReadonlySet<PhoneTrick>,
  saysBuild: NonNullable<PhoneOptions['saysBuild']>,
): Attest => {
  const appKeys = new Map<string, AppKey>();
  return (key, challenge, moment) => {
    const bound = tricks.has('swapped-key') ? signingKey('p256').spki : spkiOf(key.publicKey);
    const clientData = keyBoundChallenge(challenge, bound, nodeEvidenceCrypto);
    const known = moment === 'made' ? undefined : appKeys.get(key.alias);
    if (known === undefined) {
      const fresh: AppKey = { key: signingKey('p256'), counter: 0 };
      appKeys.set(key.alias, fresh);
      return iphoneAttestation(world, tricks, fresh, clientData, saysBuild !== 'never');
    }
    known.counter = tricks.has('counter-rollback') ? 1 : known.counter + 1;
    const assertion = appAssertion(known.key, {
      appId: world.app.appleAppId,
      clientDataHash: sha256(clientData),
      counter: known.counter,
      ...(saysBuild === 'always' ? { validationCategory: 4, bundleVersion: world.app.bundleVersion } : {}),
    });
    return { kind: 'app-attest-assertion', statement: toBase64Url(assertion) };
  };
};

const harmonyEvidence =
  ({ harmony, app }: SimulatedWorld, tricks: ReadonlySet<PhoneTrick>): Attest =>
  (key, challenge) => {
    const changed = tricks.has('repackaged') ? { appId: `${app.harmony.bundleName}_somebody` } : {};
    const other = tricks.has('other-app') ? { bundleName: 'com.example.game' } : {};
    const { certificates } = harmonyKey(
      tricks.has('unknown-root') ? harmonyMaker(harmony.now) : harmony,
      {
        challenge,
        app: { ...app.harmony, ...changed, ...other },
        appMode: tricks.has('development-build') ? 'debug' : 'release',
        origin: tricks.has('imported-key') ? 1 : 2,
        level: tricks.has('emulator') ? 2 : 3,
      },
      { key: { ...signingKey('p256'), ...(tricks.has('swapped-key') ? {} : { spki: spkiOf(key.publicKey) }) } },
    );
    return { kind: 'huks', statement: evidenceStatement({ kind: 'huks', certificates }) };
  };

const attestOf = (
  kind: PhoneKind,
  world: SimulatedWorld,
  tricks: ReadonlySet<PhoneTrick>,
  saysBuild: NonNullable<PhoneOptions['saysBuild']>,
): Attest => {
  if (kind === 'iphone') return iphoneEvidence(world, tricks, saysBuild);
  if (kind === 'harmony') return harmonyEvidence(world, tricks);
  const attest = androidEvidence(kind, world, tricks);
  return (key, challenge, moment) => {
    // Keystore attests a key as it is made, and never again: for one that is there, another one of the phone is made and attested.
    const spki = moment === 'made' ? spkiOf(key.publicKey) : signingKey('p256').spki;
    const evidence = attest(spki, key, challenge);
    return { kind: evidence.kind, statement: evidenceStatement(evidence) };
  };
};

/** With `replayed-evidence` the first evidence ever made is shown again and again. */
const withReplay = (attest: Attest, isReplaying: boolean): Attest => {
  let first: BridgeEvidence | undefined;
  return (key, challenge, moment) => {
    const evidence = attest(key, challenge, moment);
    first ??= evidence;
    return isReplaying ? first : evidence;
  };
};

const sharedOf = (
  platform: 'android' | 'ios' | 'harmony',
  keychain: SharedKeychain | undefined,
): Pick<Partial<TrustedBackend>, 'signShared'> => {
  if (platform === 'ios') return { signShared: signSharedOn(keychain ?? sharedKeychain(), 'keychain-group') };
  return keychain === undefined ? {} : { signShared: signSharedOn(keychain, 'vendor-bridge') };
};

const jpeg = concat(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), new Uint8Array(60), Uint8Array.of(0xff, 0xd9));

/** Makes a phone. */
export const simulatedPhone = (kind: PhoneKind, options: PhoneOptions = {}): SimulatedPhone => {
  const { world = simulatedWorld(), tricks = [], scene = jpeg, hasPlay = false, saysBuild = 'always' } = options;
  const { network = deadNetwork, cards = [], simTricks = [] } = options;
  const platform = platformOf(kind);
  const signals = signalHalf(world.now);
  const sim = simHalf({ platform, network, cards, tricks: new Set(simTricks) });
  const tried = new Set(tricks);
  const shown: (Prompt | undefined)[] = [];
  let answer: UserAnswer = 'approve';
  const withPlay = hasPlay && platform === 'android';
  const play = playEvidence(world, tried);
  const attest = withReplay(attestOf(kind, world, tried, saysBuild), tried.has('replayed-evidence'));
  const backend = softwareBackend({
    crypto: nodeAsyncCrypto,
    store: memoryTrustedStore(),
    platform,
    name: `simulated ${kind}`,
    now: world.now,
    levels: levelsOf[kind],
    verifyUser: async (prompt) => {
      shown.push(prompt);
      if (answer === 'cancel') throw new TrustedError('user-cancelled');
      if (answer === 'fail') throw new TrustedError('user-not-verified');
    },
    camera: { kinds: ['photo', 'document'], take: async () => ({ media: scene, mediaType: 'image/jpeg' }) },
    attester: {
      kinds: [...evidenceKinds[platform], ...(withPlay ? ['play-integrity'] : [])],
      attest: async (key, challenge, moment) => [
        attest(key, challenge, moment),
        ...(withPlay ? [play(key, challenge, moment)] : []),
      ],
    },
    sim: sim.backend,
    readSignals: signals.readSignals,
    ...sharedOf(platform, options.keychain),
  });
  return {
    kind,
    world,
    backend,
    bridge: bridgeOver(backend),
    user: (next) => {
      answer = next;
    },
    shown: () => shown,
    sim: sim.controls,
    signals: signals.controls,
    report: signals.controls.report,
  };
};
