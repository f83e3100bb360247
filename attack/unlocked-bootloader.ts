import type { Attack } from './attack.ts';
import { phoneGround, tryTrick } from './phones.ts';

/** The boot loader is open, or a system of the owner's own was booted: the genuine app runs under somebody else's eyes. */
export const attack: Attack = {
  id: 'unlocked-bootloader',
  title: 'a phone with an open boot loader enrols as hardware',
  expected: 'refused: the root of trust is attested',
  needs: 'own-gateway',
  run: async (world) => {
    const ground = await phoneGround(world);
    const unlocked = await tryTrick(ground, 'android', ['unlocked']);
    const rebuilt = await tryTrick(ground, 'android', ['self-signed-boot']);
    const held = unlocked === 'enrolment-refused' && rebuilt === 'enrolment-refused';
    return { observed: `unlocked ${unlocked}, own system ${rebuilt}`, held };
  },
  // Where the operator allows such phones.
  control: async (world) =>
    (await tryTrick(await phoneGround(world, { attestation: { unlocked: 'allowed' } }), 'android', ['unlocked'])) ===
    'tier 1',
};
