import type { Attack } from './attack.ts';
import { phoneGround, tryTrick } from './phones.ts';

/** App Attest's environment for developers attests any build, on any phone that a developer has. */
export const attack: Attack = {
  id: 'development-attest',
  title: 'an attestation of the development environment is shown in production',
  expected: 'refused: the environment is fixed by the deployment',
  needs: 'own-gateway',
  run: async (world) => {
    const answer = await tryTrick(await phoneGround(world), 'iphone', ['development-build']);
    return { observed: answer, held: answer === 'enrolment-refused' };
  },
  // Where the deployment is one for developers.
  control: async (world) =>
    (await tryTrick(await phoneGround(world, { app: { environment: 'development' } }), 'iphone', [
      'development-build',
    ])) === 'tier 1',
};
