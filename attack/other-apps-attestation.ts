import type { Attack } from './attack.ts';
import { phoneGround, tryTrick } from './phones.ts';

/** Another app on a genuine phone has its key attested for the bank's challenge, and enrols in the bank's name. */
export const attack: Attack = {
  id: 'other-apps-attestation',
  title: "another app's attestation is shown as the bank's",
  expected: 'refused: package and signer come from the approved builds',
  needs: 'own-gateway',
  run: async (world) => {
    const answer = await tryTrick(await phoneGround(world), 'android', ['other-app']);
    return { observed: answer, held: answer === 'enrolment-refused' };
  },
  // Were that app approved, nothing else would be wrong with it.
  control: async (world) =>
    (await tryTrick(await phoneGround(world, { approved: { packages: ['com.example.game'] } }), 'android', [
      'other-app',
    ])) === 'tier 1',
};
