import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { bareReplay, craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

/** The original is executed, its reply swallowed, and the same bytes are sent again: a refusal that looks bound would make the client retry. */
export const attack: Attack = {
  id: 'lost-reply-same-bytes',
  title: 'executed, reply swallowed, the same bytes sent again',
  expected: 'an unbound replay, so the client knows nothing and does not send a new request; one booking',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const captured = await craftTransfer(victim, reference);
    await send(victim.target.gateway, captured);
    const again = await deliver(victim.target, victim.session, captured);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${again.code} ${again.bound ? 'bound' : 'unbound'} execution ${String(again.json['execution'])}, booked ${booked} times`,
      held: again.code === 'replay' && !again.bound && again.json['execution'] === 'unknown' && booked === 1,
    };
  },
  control: async (world) => (await bareReplay(world.bareBank, 2)) === 2,
};
