import type { Attack } from './attack.ts';
import { bindByPasskey, boundGround, boundPhone, loggedIn, passkeyOf, signWith } from './bound-actor.ts';
import type { World } from './world.ts';

/** The victim binds a tablet by passkey; what it showed is shown again for a device of the attacker. */
const twice = async (world: World, isReplayed: boolean): Promise<readonly [string, string]> => {
  const ground = await boundGround(world);
  const phone = await boundPhone(ground);
  const passkey = await passkeyOf(phone, ground);
  const first = await bindByPasskey(ground, await loggedIn(ground, phone.customer), (challenge) =>
    signWith(passkey, challenge),
  );
  const second = await bindByPasskey(ground, await loggedIn(ground, phone.customer), (challenge) =>
    isReplayed ? first.shown : signWith(passkey, challenge),
  );
  return [first.said, second.said];
};

/** The attacker knows the password and has recorded the victim's assertion. */
export const attack: Attack = {
  id: 'bind-passkey-replayed',
  title: 'the assertion of a passkey is shown again for another device',
  expected: 'unproven: each attempt has a challenge of its own',
  needs: 'own-gateway',
  run: async (world) => {
    const [first, second] = await twice(world, true);
    return { observed: `${first}, then ${second}`, held: first === 'bound' && second === 'declined binding.unproven' };
  },
  control: async (world) => (await twice(world, false))[1] === 'bound',
};
