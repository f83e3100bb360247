import type { Attack } from './attack.ts';
import { bindByPasskey, bindBySms, boundGround, boundPhone, loggedIn, passkeyOf, signWith } from './bound-actor.ts';
import type { World } from './world.ts';

/** Whoever held the bound phone for a while left a passkey of their own; then the customer may bind anew by SMS. */
const comeBack = async (world: World, isBoundAnew: boolean): Promise<string> => {
  const ground = await boundGround(world);
  const held = await boundPhone(ground);
  const passkey = await passkeyOf(held, ground);
  if (isBoundAnew) await bindBySms(ground, await loggedIn(ground, held.customer));
  const { said } = await bindByPasskey(ground, await loggedIn(ground, held.customer), (challenge) =>
    signWith(passkey, challenge),
  );
  return said;
};

/** A way back in that outlives the binding it was made with. */
export const attack: Attack = {
  id: 'bind-passkey-outlives',
  title: 'a passkey that an earlier bound phone vouched for binds again, after the customer bound anew',
  expected: 'unproven: passkeys live as long as the bindings that they and their phones led to',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await comeBack(world, true);
    return { observed, held: observed === 'declined binding.unproven' };
  },
  control: async (world) => (await comeBack(world, false)) === 'bound',
};
