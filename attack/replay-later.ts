import type { Attack } from './attack.ts';
import { bareReplay, craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

const tooOldSeconds = 700;

/** A captured request is sent again later: within the age limit and beyond it. */
export const attack: Attack = {
  id: 'replay-later',
  title: 'a captured request is sent again later',
  expected: 'both copies are refused unbound; one booking',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const captured = await craftTransfer(victim, reference);
    await deliver(victim.target, victim.session, captured);
    for (let other = 0; other < 8; other += 1) {
      await deliver(victim.target, victim.session, await craftTransfer(victim, nextReference()));
    }
    const later = await deliver(victim.target, victim.session, captured);
    // What waits beyond the age limit carries an old `created`; it was claimed before, so it must stay a replay, not a clock problem.
    const old = await craftTransfer(victim, reference, { created: Math.floor(Date.now() / 1000) - tooOldSeconds });
    const first = await deliver(victim.target, victim.session, old);
    const second = await deliver(victim.target, victim.session, old);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${later.code}, ${first.code} ${first.bound ? 'bound' : 'unbound'}, ${second.code} ${second.bound ? 'bound' : 'unbound'}, booked ${booked} times`,
      held:
        later.code === 'replay' &&
        !later.bound &&
        first.code === 'clock' &&
        second.code === 'replay' &&
        !second.bound &&
        booked === 1,
    };
  },
  control: async (world) => (await bareReplay(world.bareBank, 2)) === 2,
};
