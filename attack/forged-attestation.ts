import { simulatedPhone } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import { carelessLevel, evidenceChallenge, fetchChallenge, keyIn, phoneGround, strongBox, tryTrick } from './phones.ts';

/** A genuine phone's own attested key signs a certificate with an attestation extension that claims StrongBox for a key of software. */
export const attack: Attack = {
  id: 'forged-attestation',
  title: 'a forged attestation under a genuine chain',
  expected: 'refused: the extension counts in the last certificate only, and nothing may stand below it',
  needs: 'own-gateway',
  run: async (world) => {
    const answer = await tryTrick(await phoneGround(world), 'android', ['forged-extension']);
    return { observed: answer, held: answer === 'enrolment-refused' };
  },
  // Whoever checks signatures alone and reads the first extension believes it.
  control: async (world) => {
    const { makers, target } = await phoneGround(world);
    const phone = simulatedPhone('android', { world: makers, tricks: ['forged-extension'] });
    const { evidence } = await keyIn(phone, evidenceChallenge(target, await fetchChallenge(target)));
    return carelessLevel(evidence, makers) === strongBox;
  },
};
