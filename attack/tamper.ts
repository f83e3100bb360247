/** What the tampering attacks share: a victim's payment, changed on the way in one place. */
import type { Attack } from './attack.ts';
import {
  bareCall,
  bareLogin,
  craftTransfer,
  newVictim,
  nextCustomer,
  nextReference,
  timesBooked,
  transferBody,
  type Victim,
} from './victim.ts';
import { type Crafted, deliver } from './wire-client.ts';
import type { World } from './world.ts';

/** One change of a captured request. */
export interface Change {
  readonly name: string;
  readonly apply: (crafted: Crafted) => Crafted;
}

/** Delivers every change of a fresh payment each; held when none is believed and none is booked. */
export const tamperAttack = (
  id: string,
  title: string,
  changes: readonly Change[],
  mode: 'signed' | 'sealed' = 'sealed',
): Attack => ({
  id,
  title,
  expected: 'every changed request is refused unbound, nothing booked; unchanged it passes',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const failed = await deliverChanges(world, victim, changes, mode);
    const reference = nextReference();
    const honest = await deliver(victim.target, victim.session, await craftTransfer(victim, reference));
    const passes = honest.bound && honest.status < 300;
    return {
      observed:
        failed.length === 0 ? `${changes.length} changes refused, unchanged ${honest.status}` : failed.join('; '),
      held: failed.length === 0 && passes,
    };
  },
  control: (world) => tamperedAtBareBank(world),
});

const deliverChanges = async (
  world: World,
  victim: Victim,
  changes: readonly Change[],
  mode: 'signed' | 'sealed',
): Promise<readonly string[]> => {
  const failed: string[] = [];
  for (const change of changes) {
    const reference = nextReference();
    const changed = change.apply(await craftTransfer(victim, reference, { mode }));
    const answer = await deliver(victim.target, victim.session, changed);
    const booked = await timesBooked(world.bank, reference);
    if (answer.bound || answer.status < 400 || booked > 0)
      failed.push(`${change.name}: ${answer.status} ${answer.code}, booked ${booked}`);
  }
  return failed;
};

/** At the bare bank the amount is changed on the way and nobody notices. */
const tamperedAtBareBank = async (world: World): Promise<boolean> => {
  const customer = nextCustomer();
  const reference = nextReference();
  const authorization = await bareLogin(world.bareBank, customer);
  const changed = transferBody(customer, reference, 100).replace('"amountMinor":100', '"amountMinor":101');
  await bareCall(world.bareBank, 'POST', '/api/transfers', { authorization }, changed);
  return (await world.bareBank.bookings()).some(
    ({ clientReference, amountMinor }) => clientReference === reference && amountMinor === 101,
  );
};

/** A request with one header set or, for undefined, removed. */
export const withHeader = (crafted: Crafted, name: string, value: string | undefined): Crafted => {
  const { [name]: _removed, ...rest } = crafted.headers;
  return { ...crafted, headers: value === undefined ? rest : { ...rest, [name]: value } };
};
