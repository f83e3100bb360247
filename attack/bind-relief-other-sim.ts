import type { Attack } from './attack.ts';
import { boundGround, boundPhone, firstStep, saidOf, seesAccounts, tell } from './bound-actor.ts';
import type { World } from './world.ts';

const logInWith = async (world: World, subscription: string) => {
  const { app, customer } = await boundPhone(await boundGround(world));
  const authorization = await firstStep(app, customer);
  const told = await tell(app, authorization, { do: 'log-in', sim: 'present', subscriptions: [subscription] });
  const sees = await seesAccounts(app, authorization);
  const again = await tell(app, await firstStep(app, customer), {
    do: 'log-in',
    sim: 'present',
    subscriptions: ['sim-1'],
  });
  return { said: saidOf(told), sees, again: saidOf(again) };
};

/** A phone that was sold or stolen, or whose number was moved away. */
export const attack: Attack = {
  id: 'bind-relief-other-sim',
  title: 'the bound phone logs in with another SIM in it',
  expected: 'stepped up, and the binding ends: the old SIM does not bring it back',
  needs: 'own-gateway',
  run: async (world) => {
    const { said, sees, again } = await logInWith(world, 'sim-2');
    const held = said === 'step-up binding.sim-changed' && !sees && again === 'step-up binding.sim-changed';
    return { observed: `${said}, accounts ${sees ? 'shown' : 'refused'}, then ${again}`, held };
  },
  control: async (world) => {
    const { said, sees } = await logInWith(world, 'sim-1');
    return said === 'relieved' && sees;
  },
};
