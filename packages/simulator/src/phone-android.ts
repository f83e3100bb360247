/** What an Android phone attests, and where each trick changes it. */
import type { StatedEvidence } from '@hauberk/attestation';
import { type Bytes, toHex, utf8 } from '@hauberk/primitives';
import type { BridgeKey, Decoded } from '@hauberk/sdk/trusted';
import {
  type AndroidMaker,
  type AttestationBatch,
  androidLeaf,
  androidMaker,
  type BatchOptions,
  day,
  factoryBatch,
  remoteBatch,
} from './android.ts';
import type { AndroidLevel, DescriptionClaims } from './android-description.ts';
import { type SigningKey, sha256, signingKey } from './signing-key.ts';
import type { PhoneTrick } from './tricks.ts';
import type { SimulatedWorld } from './world.ts';

type AndroidKind = 'android' | 'android-factory' | 'android-strongbox';
type Tricks = ReadonlySet<PhoneTrick>;

const levelOf = (key: Decoded<BridgeKey>, tricks: Tricks): AndroidLevel => {
  if (tricks.has('emulator')) return 'SOFTWARE';
  return key.level === 'secure-element' || tricks.has('level-mismatch') ? 'STRONG_BOX' : 'TRUSTED_ENVIRONMENT';
};

const appsOf = ({ app }: SimulatedWorld, tricks: Tricks): DescriptionClaims['apps'] => [
  {
    packageName: tricks.has('other-app') ? 'com.example.game' : app.packageName,
    version: app.versionCode,
    signerDigest: tricks.has('repackaged') ? sha256(utf8('somebody else')) : app.signerDigest,
  },
];

const claimsOf = (
  world: SimulatedWorld,
  key: Decoded<BridgeKey>,
  challenge: Bytes,
  tricks: Tricks,
): DescriptionClaims => ({
  challenge,
  apps: appsOf(world, tricks),
  createdAt: world.now(),
  level: levelOf(key, tricks),
  mintLevel: tricks.has('level-mismatch') ? 'SOFTWARE' : levelOf(key, tricks),
  origin: tricks.has('imported-key') ? 'IMPORTED' : 'GENERATED',
  bootState: tricks.has('self-signed-boot') ? 'SELF_SIGNED' : 'VERIFIED',
  locked: !tricks.has('unlocked'),
  patchLevel: tricks.has('old-patch') ? 201_811 : 202_609,
  userAuthentication: key.userVerification === 'required',
});

const batchOf = (kind: AndroidKind, world: SimulatedWorld, tricks: Tricks): AttestationBatch => {
  const maker: AndroidMaker = tricks.has('unknown-root') ? androidMaker(world.now(), 'p384') : world.android;
  const options: BatchOptions = { level: kind === 'android-strongbox' ? 'STRONG_BOX' : 'TRUSTED_ENVIRONMENT' };
  const isListed = tricks.has('leaked-keybox') || tricks.has('suspended-keybox');
  if (kind !== 'android-factory' && !isListed) {
    const issuedCount = tricks.has('device-farm') ? 480 : 2;
    const dates = tricks.has('expired-provisioning') ? { from: maker.now - 60 * day, until: maker.now - 30 * day } : {};
    return remoteBatch(maker, { ...options, issuedCount, ...dates });
  }
  const serial = sha256(utf8(`keybox ${kind} ${isListed ? [...tricks].join() : ''}`)).slice(0, 10);
  serial[0] = 0x0b;
  if (isListed) world.list(toHex(serial).slice(1), tricks.has('leaked-keybox') ? 'REVOKED' : 'SUSPENDED');
  return factoryBatch(kind === 'android-factory' ? world.oldAndroid : maker, { ...options, serial });
};

/** The phone's own attested key signs a certificate for a key of software, in the words of StrongBox. */
const forged = (batch: AttestationBatch, claims: DescriptionClaims, key: SigningKey): readonly Bytes[] => {
  const genuine = androidLeaf(batch, { ...claims, challenge: utf8('any challenge will do') });
  const below = {
    issuer: { name: [['2.5.4.3', 'Android Keystore Key']] as const, key: genuine.key },
    above: genuine.certificates,
  };
  return androidLeaf(below, { ...claims, level: 'STRONG_BOX' }, { key }).certificates;
};

/** The evidence of one phone. */
export const androidEvidence = (
  kind: AndroidKind,
  world: SimulatedWorld,
  tricks: Tricks,
): ((spki: Bytes, key: Decoded<BridgeKey>, challenge: Bytes) => StatedEvidence) => {
  const batch = batchOf(kind, world, tricks);
  return (spki, key, challenge) => {
    const claims = claimsOf(world, key, challenge, tricks);
    // Only the public half is certified; the store keeps the private one to itself.
    const attested = { ...signingKey('p256'), ...(tricks.has('swapped-key') ? {} : { spki }) };
    const certificates = tricks.has('forged-extension')
      ? forged(batch, claims, attested)
      : androidLeaf(batch, claims, { key: attested }).certificates;
    return { kind: 'android-key', certificates };
  };
};
