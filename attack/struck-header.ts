import type { Attack } from './attack.ts';
import { withHeader } from './tamper.ts';
import { craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

const struck = ['idempotency-key', 'content-type', 'authorization', 'hauberk-service'];

/** Somebody on the way names covered headers in `Connection`, so that a proxy would strike them out behind the signature. */
export const attack: Attack = {
  id: 'struck-header',
  title: 'covered headers are struck out through Connection',
  expected: 'refused, nothing booked; without the name it passes',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const failed: string[] = [];
    for (const name of struck) {
      const reference = nextReference();
      const named = withHeader(await craftTransfer(victim, reference), 'connection', `close, ${name}`);
      const answer = await deliver(victim.target, victim.session, named);
      if (answer.status < 400 || (await timesBooked(world.bank, reference)) > 0)
        failed.push(`${name}: ${answer.status}`);
    }
    return {
      observed: failed.length === 0 ? `${struck.length} names refused` : failed.join('; '),
      held: failed.length === 0,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const plain = withHeader(await craftTransfer(victim, reference), 'connection', 'close');
    await deliver(victim.target, victim.session, plain);
    return (await timesBooked(world.bank, reference)) === 1;
  },
};
