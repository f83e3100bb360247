import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import type { Attack } from './attack.ts';
import { problemOf } from './http-call.ts';
import { craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver, makeHello, openSession, sendHello } from './wire-client.ts';

/** The attacker has ticket and resume ticket, but neither the session keys nor the device key. */
export const attack: Attack = {
  id: 'stolen-ticket',
  title: 'ticket and resume ticket stolen, without the device key',
  expected: 'requests and handshakes are refused; with the keys they pass',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const other = await openSession(victim.target, victim.device);
    // The thief's own session keys under the victim's ticket.
    const guessed = {
      ...victim.session,
      keys: { ...other.keys, keyId: victim.session.keys.keyId },
      sequence: victim.session.sequence,
    };
    const request = await deliver(
      victim.target,
      guessed,
      await craftTransfer({ ...victim, session: guessed }, reference),
    );
    const thief = {
      ...victim.device,
      key: {
        privateKey: (await crypto.generateKeyPair('p256', 'sign')).privateKey,
        publicKey: victim.device.key.publicKey,
      },
    };
    const resumed = await sendHello(
      victim.target,
      (await makeHello(victim.target, thief, { resumeTicket: victim.session.resumeTicket })).text,
    );
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `request ${request.status}, resume ${resumed.status} ${problemOf(resumed)}, booked ${booked} times`,
      held: request.status >= 400 && !request.bound && resumed.status === 403 && booked === 0,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const session = await openSession(victim.target, victim.device, victim.session.resumeTicket);
    const answer = await deliver(victim.target, session, await craftTransfer({ ...victim, session }, nextReference()));
    return answer.bound && answer.status < 300;
  },
};
