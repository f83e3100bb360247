import type { Attack } from './attack.ts';
import {
  boundGround,
  boundPhone,
  type CustomersPhone,
  firstStep,
  genuineApp,
  saidOf,
  seesAccounts,
  tell,
} from './bound-actor.ts';
import type { World } from './world.ts';

const sim = { sim: 'present', subscriptions: ['sim-1'] };

/** The password alone, and the claim to be the phone that is bound. */
const logInOn = async ({ app, customer }: Pick<CustomersPhone, 'app' | 'customer'>) => {
  const authorization = await firstStep(app, customer);
  const told = await tell(app, authorization, { do: 'log-in', ...sim });
  return { said: saidOf(told), sees: await seesAccounts(app, authorization) };
};

const onOther = async (world: World) => {
  const ground = await boundGround(world);
  const { customer } = await boundPhone(ground);
  return logInOn({ ...genuineApp(ground), customer });
};

/** The attacker knows the password and which SIM the victim has. */
export const attack: Attack = {
  id: 'bind-relief-elsewhere',
  title: 'a login on another phone asks to be spared the second step, as the bound one is',
  expected: 'stepped up: the key that speaks is not the bound one, and the bank shows nothing',
  needs: 'own-gateway',
  run: async (world) => {
    const { said, sees } = await onOther(world);
    return {
      observed: `${said}, accounts ${sees ? 'shown' : 'refused'}`,
      held: said.endsWith('foreign-device') && !sees,
    };
  },
  control: async (world) => {
    const { said, sees } = await logInOn(await boundPhone(await boundGround(world)));
    return said === 'relieved' && sees;
  },
};
