import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { bareReplay, craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

/** The reply is lost; the client sends the same payment again with the same key under a new sequence number. */
export const attack: Attack = {
  id: 'lost-reply-retry',
  title: 'the reply is lost and the client retries with its key',
  expected: 'the stored outcome, bound to the retry; one booking; another body under that key is refused',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    await send(victim.target.gateway, await craftTransfer(victim, reference));
    const retry = await deliver(victim.target, victim.session, await craftTransfer(victim, reference));
    const other = await craftTransfer(victim, nextReference(), { headers: { 'idempotency-key': `key-${reference}` } });
    const mismatch = await deliver(victim.target, victim.session, other);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `retry ${retry.status} ${retry.bound ? 'bound' : 'unbound'}, other body ${mismatch.code}, booked ${booked} times`,
      held: retry.bound && retry.status < 300 && mismatch.code === 'mismatch' && booked === 1,
    };
  },
  control: async (world) => (await bareReplay(world.bareBank, 2)) === 2,
};
