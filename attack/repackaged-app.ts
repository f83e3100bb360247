import { createHash } from 'node:crypto';
import type { Attack } from './attack.ts';
import { phoneGround, tryTrick } from './phones.ts';

const somebody = createHash('sha256').update('somebody else').digest('hex');

/** The bank's app was changed and signed by somebody else, on Android and on an iPhone. */
export const attack: Attack = {
  id: 'repackaged-app',
  title: "a changed copy of the bank's app enrols",
  expected: 'refused: the system attests who signed the app',
  needs: 'own-gateway',
  run: async (world) => {
    const ground = await phoneGround(world);
    const android = await tryTrick(ground, 'android', ['repackaged']);
    const iphone = await tryTrick(ground, 'iphone', ['repackaged']);
    const held = android === 'enrolment-refused' && iphone === 'enrolment-refused';
    return { observed: `android ${android}, iphone ${iphone}`, held };
  },
  // Were that signer approved, nothing else would be wrong with it.
  control: async (world) =>
    (await tryTrick(await phoneGround(world, { approved: { signers: [somebody] } }), 'android', ['repackaged'])) ===
    'tier 1',
};
