import { nodeCrypto } from '@hauberk/crypto/node';
import { simulatedPhone } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import {
  evidenceChallenge,
  fetchChallenge,
  isDevice,
  keyIn,
  type PhoneGround,
  phoneGround,
  sendEnrolment,
  signerIn,
  softwareSigner,
  tryTrick,
} from './phones.ts';

/** A phone attests its own key; the enrolment names a key of software that the attacker can copy. */
const swap = async ({ makers, target }: PhoneGround, kind: 'android' | 'iphone'): Promise<string> => {
  const challenge = await fetchChallenge(target);
  const { evidence } = await keyIn(simulatedPhone(kind, { world: makers }), evidenceChallenge(target, challenge));
  const own = nodeCrypto.generateKeyPair('p256', 'sign');
  return sendEnrolment(target, { challenge, publicKey: own.publicKey, evidence }, softwareSigner(own));
};

/** The key is swapped after the attestation: on Android, and on an iPhone, whose attested key is another one anyway. */
export const attack: Attack = {
  id: 'swapped-key',
  title: 'the key is swapped after its attestation',
  expected: 'refused: evidence counts for the key that it was made for',
  needs: 'own-gateway',
  run: async (world) => {
    const ground = await phoneGround(world);
    const [android, iphone] = [await swap(ground, 'android'), await swap(ground, 'iphone')];
    const inside = await tryTrick(ground, 'android', ['swapped-key']);
    const held = android === 'refused' && iphone === 'refused' && inside === 'enrolment-refused';
    return { observed: `android ${android}, iphone ${iphone}, inside the phone ${inside}`, held };
  },
  // The same evidence with the key that it is about.
  control: async (world) => {
    const { makers, target } = await phoneGround(world);
    const phone = simulatedPhone('iphone', { world: makers });
    const challenge = await fetchChallenge(target);
    const key = await keyIn(phone, evidenceChallenge(target, challenge));
    const { publicKey, evidence } = key;
    return isDevice(await sendEnrolment(target, { challenge, publicKey, evidence }, signerIn(phone, key)));
  },
};
