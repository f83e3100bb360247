import type { Attack } from './attack.ts';
import { logInOn } from './binding-ground.ts';
import { boundGround, boundPhone, firstStep, saidOf, startOf, tell } from './bound-actor.ts';
import type { World } from './world.ts';

/** Nobody says how risky the number is, so one more factor is asked for (B18). */
const bindAgain = async (world: World, isSpared: boolean): Promise<string> => {
  const ground = await boundGround(world);
  const { app, customer, name } = await boundPhone(ground);
  const authorization = isSpared ? await firstStep(app, customer) : await logInOn(app, customer);
  if (isSpared) await tell(app, authorization, { do: 'log-in', sim: 'present', subscriptions: ['sim-1'] });
  return saidOf(await tell(app, authorization, startOf(ground, customer, name)));
};

/** Whoever has the unlocked phone and the password has no third thing. */
export const attack: Attack = {
  id: 'bind-spared-step',
  title: 'a login that was spared its second step passes for one that took it',
  expected: 'declined: a step that was spared is one more factor of nobody',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await bindAgain(world, true);
    return { observed, held: observed === 'declined binding.number-risk' };
  },
  control: async (world) => (await bindAgain(world, false)) === 'issued',
};
