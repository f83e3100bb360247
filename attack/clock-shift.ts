/** What both clock attacks share: an honest app on a phone whose wall clock somebody moved by a day. */
import type { Attack } from './attack.ts';
import { sdkFor, sdkLogIn, sdkTransfer } from './sdk-customer.ts';
import { craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

const dayMs = 86_400_000;

/** An app must work whatever the phone's clock says, and a request must not become valid again by it. */
export const clockAttack = (id: string, title: string, direction: 1 | -1): Attack => ({
  id,
  title,
  expected: 'the app pays all the same, once; a request dated by that clock is refused',
  run: async (world) => {
    const shiftMs = direction * dayMs;
    const clock = { monotonic: () => performance.now(), wall: () => Date.now() + shiftMs };
    const customer = await sdkLogIn(sdkFor(world.target(), world.target().gateway, { clock }));
    const reference = nextReference();
    const reply = await sdkTransfer(customer, reference);
    const victim = await newVictim(world.target());
    const dated = nextReference();
    const created = Math.floor((Date.now() + shiftMs) / 1000);
    const refused = await deliver(victim.target, victim.session, await craftTransfer(victim, dated, { created }));
    const booked = await timesBooked(world.bank, reference);
    const bookedByClock = await timesBooked(world.bank, dated);
    return {
      observed: `app ${reply.status}, booked ${booked} times; dated by the phone ${refused.code}, booked ${bookedByClock} times`,
      held: reply.status < 300 && booked === 1 && refused.code === 'clock' && bookedByClock === 0,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    await deliver(victim.target, victim.session, await craftTransfer(victim, reference));
    return (await timesBooked(world.bank, reference)) === 1;
  },
});
