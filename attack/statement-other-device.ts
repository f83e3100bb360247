import type { Attack } from './attack.ts';
import { order, statingGround, words } from './stating-people.ts';
import type { World } from './world.ts';

const approve = async (world: World) => {
  const stating = await statingGround(world);
  const [victim, thief] = [await stating.customer(), await stating.customer()];
  const challenge = await stating.challenge();
  const { statement } = await thief.services.verifyUser(order, {
    challenge,
    mediaType: 'application/json',
    prompt: words,
  });
  return { ...stating, victim, thief, asked: { statement, challenge, kind: 'verify-user' as const } };
};

/** Genuine phone, genuine user, genuine approval, for somebody else's account. */
export const attack: Attack = {
  id: 'statement-other-device',
  title: 'a thief approves on a phone of their own what only the victim’s may',
  expected: 'refused: another key than the one that the victim’s device registered',
  needs: 'own-gateway',
  run: async (world) => {
    const { verify, victim, asked } = await approve(world);
    const observed = await verify({ ...asked, by: { device: victim.device } });
    return { observed, held: observed === 'trusted.key' };
  },
  // Where the thief's device is the one that must approve, it holds.
  control: async (world) => {
    const { verify, thief, asked } = await approve(world);
    return (await verify({ ...asked, by: { device: thief.device } })) === 'holds';
  },
};
