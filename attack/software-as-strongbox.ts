import { simulatedPhone } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import { carelessLevel, evidenceChallenge, fetchChallenge, keyIn, phoneGround, strongBox, tryTrick } from './phones.ts';

/** The attestation was made by StrongBox, the key it is about lives in software. */
export const attack: Attack = {
  id: 'software-as-strongbox',
  title: "a key of software is described as StrongBox's",
  expected: 'refused: the level of the attestation and that of the key are compared',
  needs: 'own-gateway',
  run: async (world) => {
    const answer = await tryTrick(await phoneGround(world), 'android-strongbox', ['level-mismatch']);
    return { observed: answer, held: answer === 'enrolment-refused' };
  },
  // The level of the attestation alone says StrongBox.
  control: async (world) => {
    const { makers, target } = await phoneGround(world);
    const phone = simulatedPhone('android-strongbox', { world: makers, tricks: ['level-mismatch'] });
    const { evidence } = await keyIn(phone, evidenceChallenge(target, await fetchChallenge(target)));
    return carelessLevel(evidence, makers) === strongBox;
  },
};
