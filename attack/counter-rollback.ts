import { createHash } from 'node:crypto';
import { evidenceStatement, keyBoundChallenge } from '@hauberk/attestation';
import { nodeCrypto } from '@hauberk/crypto/node';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, concat, fromHex, type KeyPair, toBase64Url } from '@hauberk/primitives';
import { appAssertion, appAttestation, appAttestKeyId, type SigningKey, signingKey } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import {
  evidenceChallenge,
  fetchChallenge,
  isDevice,
  type PhoneGround,
  phoneGround,
  sendEnrolment,
  softwareSigner,
} from './phones.ts';

const head = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);
const sha256 = (bytes: Uint8Array): Bytes => Uint8Array.from(createHash('sha256').update(bytes).digest());

/** An iPhone in the attacker's hands, key by key: he copied it, App Attest key and all, as a broken system would let him. */
interface CopiedPhone {
  readonly device: KeyPair;
  readonly appKey: SigningKey;
  readonly deviceId: string;
}

const clientDataHash = ({ target }: PhoneGround, challenge: Bytes, device: KeyPair, isBound: boolean): Bytes => {
  const asked = evidenceChallenge(target, challenge, isBound ? device.publicKey : undefined);
  return sha256(keyBoundChallenge(asked, concat(head, device.publicKey), nodeEvidenceCrypto));
};

const enrolCopied = async (ground: PhoneGround): Promise<CopiedPhone> => {
  const { makers, target } = ground;
  const [device, appKey] = [nodeCrypto.generateKeyPair('p256', 'sign'), signingKey('p256')];
  const challenge = await fetchChallenge(target);
  const attestationObject = appAttestation(makers.apple, appKey, {
    appId: makers.app.appleAppId,
    clientDataHash: clientDataHash(ground, challenge, device, false),
    environment: 'production',
    validationCategory: 4,
    bundleVersion: makers.app.bundleVersion,
  });
  const stated = { kind: 'app-attest', keyId: appAttestKeyId(appKey), attestationObject } as const;
  const evidence = { kind: stated.kind, statement: evidenceStatement(stated) };
  const words = { challenge, publicKey: device.publicKey, evidence };
  return { device, appKey, deviceId: await sendEnrolment(target, words, softwareSigner(device)) };
};

/** New evidence of the phone: an assertion with this counter. */
const assert = async (
  ground: PhoneGround,
  { device, appKey, deviceId }: CopiedPhone,
  counter: number,
): Promise<string> => {
  const challenge = await fetchChallenge(ground.target);
  const assertion = appAssertion(appKey, {
    appId: ground.makers.app.appleAppId,
    clientDataHash: clientDataHash(ground, challenge, device, true),
    counter,
  });
  const evidence = { kind: 'app-attest-assertion', statement: toBase64Url(assertion) };
  const words = { challenge, publicKey: device.publicKey, evidence, deviceId };
  return sendEnrolment(ground.target, words, softwareSigner(device));
};

/** A copied phone brings new evidence with a counter that the original has passed already. */
export const attack: Attack = {
  id: 'counter-rollback',
  title: 'a copied iPhone asserts with a counter that is behind',
  expected: 'refused: the counter of an App Attest key only rises, and the try is in the history',
  needs: 'own-gateway',
  run: async (world) => {
    const ground = await phoneGround(world);
    const phone = await enrolCopied(ground);
    const original = await assert(ground, phone, 7);
    const behind = await assert(ground, phone, 3);
    const same = await assert(ground, phone, 7);
    const shown = await ground.gateway.running().deviceAdministration.show(phone.deviceId);
    const noted = shown.ok ? shown.value.history.filter(({ kind }) => kind === 'refused').length : 0;
    const held = isDevice(original) && behind === 'refused' && same === 'refused' && noted === 2;
    return { observed: `behind ${behind}, the same ${same}, ${noted} in the history`, held };
  },
  // A counter that rises.
  control: async (world) => {
    const ground = await phoneGround(world);
    const phone = await enrolCopied(ground);
    return isDevice(await assert(ground, phone, 1)) && isDevice(await assert(ground, phone, 2));
  },
};
