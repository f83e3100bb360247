import type { Attack } from './attack.ts';
import { withHeader } from './tamper.ts';
import { craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

/** Ticket, body and signature of two sessions are mixed. */
export const attack: Attack = {
  id: 'splice-sessions',
  title: 'ticket, body and signature of two sessions are mixed',
  expected: 'every mixture is refused unbound; each whole request passes',
  run: async (world) => {
    const alice = await newVictim(world.target());
    const mallory = await newVictim(world.target());
    const reference = nextReference();
    const hers = await craftTransfer(alice, reference);
    const his = await craftTransfer(mallory, nextReference());
    const mixtures = [
      withHeader(hers, 'hauberk-ticket', String(his.headers['hauberk-ticket'])),
      { ...hers, body: his.body ?? new Uint8Array(0) },
      withHeader(hers, 'signature', String(his.headers['signature'])),
      withHeader(
        withHeader(hers, 'signature', String(his.headers['signature'])),
        'signature-input',
        String(his.headers['signature-input']),
      ),
      withHeader(hers, 'authorization', mallory.authorization),
    ];
    const answers = [];
    for (const mixed of mixtures) answers.push(await deliver(alice.target, alice.session, mixed));
    const whole = await deliver(alice.target, alice.session, hers);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${answers.map(({ status }) => status).join(' ')}, whole ${whole.status}, booked ${booked} times`,
      held: answers.every(({ status, bound }) => status >= 400 && !bound) && whole.status < 300 && booked === 1,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const answer = await deliver(victim.target, victim.session, await craftTransfer(victim, nextReference()));
    return answer.bound && answer.status < 300;
  },
};
