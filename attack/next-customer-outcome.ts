import type { Attack } from './attack.ts';
import { craftTransfer, logIn, newVictim, nextCustomer, nextReference, transferBody, type Victim } from './victim.ts';
import { deliver } from './wire-client.ts';

/** On a shared device the next customer asks with the last one's key for the stored outcome. */
export const attack: Attack = {
  id: 'next-customer-outcome',
  title: "the next customer on a shared device asks for the last one's outcome",
  expected: 'never the stored reply of another customer',
  run: async (world) => {
    const first = await newVictim(world.target());
    const reference = nextReference();
    const done = await deliver(first.target, first.session, await craftTransfer(first, reference));
    const customer = nextCustomer();
    const second: Victim = { ...first, customer, authorization: await logIn(first.target, first.session, customer) };
    const same = await craftTransfer(second, reference, { body: transferBody(first.customer, reference) });
    const foreign = await deliver(second.target, second.session, same);
    const leaked = foreign.json['transferId'] === done.json['transferId'];
    return {
      observed: `${foreign.status} ${foreign.code}`,
      held: done.status < 300 && foreign.status >= 400 && !leaked,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const done = await deliver(victim.target, victim.session, await craftTransfer(victim, reference));
    const again = await deliver(victim.target, victim.session, await craftTransfer(victim, reference));
    return done.json['transferId'] !== undefined && again.json['transferId'] === done.json['transferId'];
  },
};
