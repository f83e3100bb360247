import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { bareCall, bareLogin, newVictim, nextCustomer } from './victim.ts';
import { craft, openBound } from './wire-client.ts';

/** The genuine reply of another request of the same session is delivered instead. */
export const attack: Attack = {
  id: 'reply-swapped',
  title: 'the genuine reply of another request is delivered',
  expected: 'a reply opens for its own request only',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const options = { headers: { authorization: victim.authorization } };
    const first = await craft(victim.target, victim.session, 'GET', '/api/accounts', options);
    const second = await craft(victim.target, victim.session, 'GET', '/api/accounts', options);
    const firstReply = await send(victim.target.gateway, first);
    const secondReply = await send(victim.target.gateway, second);
    const swapped = [
      await openBound(victim.session, first.sent, secondReply),
      await openBound(victim.session, second.sent, firstReply),
    ];
    const straight = [
      await openBound(victim.session, first.sent, firstReply),
      await openBound(victim.session, second.sent, secondReply),
    ];
    const believed = swapped.filter((plain) => plain !== undefined).length;
    return {
      observed: `${believed} of 2 swapped replies believed`,
      held: believed === 0 && straight.every((plain) => plain !== undefined),
    };
  },
  control: async (world) => {
    const authorization = await bareLogin(world.bareBank, nextCustomer());
    const old = await bareCall(world.bareBank, 'GET', '/api/accounts', { authorization });
    const fresh = await bareCall(world.bareBank, 'GET', '/api/accounts', { authorization });
    // Nothing in a plain reply says which request it answers.
    return old.status === fresh.status && old.headers['signature'] === undefined;
  },
};
