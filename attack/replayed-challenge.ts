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
} from './phones.ts';

/** One genuine enrolment, captured: its words, its key and its phone. */
const capture = async ({ makers, target }: PhoneGround) => {
  const phone = simulatedPhone('android', { world: makers });
  const challenge = await fetchChallenge(target);
  const key = await keyIn(phone, evidenceChallenge(target, challenge));
  const { publicKey, evidence } = key;
  return { phone, key, words: { challenge, publicKey, evidence } };
};

/** Evidence of an earlier enrolment is shown again: under its own challenge, and under a fresh one. */
export const attack: Attack = {
  id: 'replayed-challenge',
  title: 'evidence of an earlier enrolment is shown again',
  expected: 'refused: a challenge is used once, and evidence is worth nothing under another',
  needs: 'own-gateway',
  run: async (world) => {
    const ground = await phoneGround(world);
    const { phone, key, words } = await capture(ground);
    const { target } = ground;
    const first = await sendEnrolment(target, words, signerIn(phone, key));
    const again = await sendEnrolment(target, words, signerIn(phone, key));
    const fresh = { ...words, challenge: await fetchChallenge(target) };
    const moved = await sendEnrolment(target, fresh, signerIn(phone, key));
    const held = isDevice(first) && again === 'refused' && moved === 'refused';
    return { observed: `again ${again}, under a fresh challenge ${moved}`, held };
  },
  // The same bytes in their own time.
  control: async (world) => {
    const ground = await phoneGround(world);
    const { phone, key, words } = await capture(ground);
    return isDevice(await sendEnrolment(ground.target, words, signerIn(phone, key)));
  },
};
