import { utf8 } from '@hauberk/primitives';
import type { Attack } from './attack.ts';
import { problemOf, send } from './http-call.ts';
import { bareCall, bareLogin, newVictim, nextCustomer, nextReference, timesBooked, transferBody } from './victim.ts';

/** A script calls the API without any protection, with a stolen credential. */
export const attack: Attack = {
  id: 'unsigned-direct',
  title: 'a direct call without protection, with a stolen credential',
  expected: 'protection-required, nothing booked',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const headers = {
      authorization: victim.authorization,
      'content-type': 'application/json',
      'idempotency-key': `key-${reference}`,
      'hauberk-service': victim.target.service,
    };
    const reply = await send(victim.target.gateway, {
      method: 'POST',
      path: '/api/transfers',
      headers,
      body: utf8(transferBody(victim.customer, reference)),
    });
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${reply.status} ${problemOf(reply)}, booked ${booked} times`,
      held: problemOf(reply) === 'protection-required' && booked === 0,
    };
  },
  control: async (world) => {
    const customer = nextCustomer();
    const reference = nextReference();
    const authorization = await bareLogin(world.bareBank, customer);
    await bareCall(world.bareBank, 'POST', '/api/transfers', { authorization }, transferBody(customer, reference));
    return (await timesBooked(world.bareBank, reference)) === 1;
  },
};
