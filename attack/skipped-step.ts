import type { Attack } from './attack.ts';
import { bareCall, bareLogin, logIn, nextCustomer, passwordStep } from './victim.ts';
import { call, enrol, openSession } from './wire-client.ts';

/** The one-time code is skipped: the credential of the first step is used as if the login were complete. */
export const attack: Attack = {
  id: 'skipped-step',
  title: 'the second step of a login is skipped',
  expected: 'forbidden after the password alone, served after both steps',
  run: async (world) => {
    const target = world.target();
    const session = await openSession(target, await enrol(target));
    const customer = nextCustomer();
    const first = await passwordStep(target, session, customer);
    const headers = { authorization: String(first.json['authorization']) };
    const skipped = await call(target, session, 'GET', '/api/accounts', { headers });
    const authorization = await logIn(target, session, customer);
    const complete = await call(target, session, 'GET', '/api/accounts', { headers: { authorization } });
    return {
      observed: `skipped ${skipped.status} ${skipped.code}, complete ${complete.status}`,
      held: skipped.status >= 400 && complete.status === 200,
    };
  },
  control: async (world) => {
    const authorization = await bareLogin(world.bareBank, nextCustomer(), 1);
    return (await bareCall(world.bareBank, 'GET', '/api/accounts', { authorization })).status === 200;
  },
};
