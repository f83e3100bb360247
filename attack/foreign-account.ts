import type { Attack } from './attack.ts';
import {
  bareCall,
  bareLogin,
  craftTransfer,
  knownCustomers,
  newVictim,
  nextReference,
  timesBooked,
  transferBody,
  type Victim,
  victimCall,
} from './victim.ts';
import { deliver } from './wire-client.ts';

const otherThan = (victim: Victim) => {
  const other = knownCustomers().find(({ customerId }) => customerId !== victim.customer.customerId);
  if (other === undefined) throw new Error('the bank has several customers');
  return other;
};

/** A customer names somebody else's account, in the path and in the body. */
export const attack: Attack = {
  id: 'foreign-account',
  title: "another customer's account id in path and body",
  expected: 'forbidden both times, own account served',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const other = otherThan(victim);
    const path = await victimCall(victim, 'GET', `/api/accounts/${other.accounts[0]?.accountId}`);
    const reference = nextReference();
    const body = await deliver(
      victim.target,
      victim.session,
      await craftTransfer(victim, reference, { body: transferBody(other, reference) }),
    );
    const own = await victimCall(victim, 'GET', `/api/accounts/${victim.customer.accounts[0]?.accountId}`);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `path ${path.status} ${path.code}, body ${body.status} ${body.code}, own ${own.status}, booked ${booked} times`,
      held: path.code === 'forbidden' && body.code === 'forbidden' && own.status === 200 && booked === 0,
    };
  },
  control: async (world) => {
    const [first, second] = knownCustomers();
    if (first === undefined || second === undefined) return false;
    const authorization = await bareLogin(world.bareBank, first);
    return (
      (await bareCall(world.bareBank, 'GET', `/api/accounts/${second.accounts[0]?.accountId}`, { authorization }))
        .status === 200
    );
  },
};
