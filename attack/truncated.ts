import type { Attack } from './attack.ts';
import { sendRaw } from './http-call.ts';
import { craftTransfer, newVictim, nextReference, timesBooked } from './victim.ts';
import { deliver } from './wire-client.ts';

/** A request is cut off at many places, in the head and in the body. */
export const attack: Attack = {
  id: 'truncated',
  title: 'heads and bodies cut short',
  expected: 'nothing booked, the whole request still passes afterwards',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const crafted = await craftTransfer(victim, reference);
    const body = Buffer.from(crafted.body ?? []);
    const lines = Object.entries(crafted.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const head = `POST ${crafted.path} HTTP/1.1\r\nhost: ${new URL(victim.target.gateway).host}\r\ncontent-length: ${body.length}\r\n${lines.join('')}\r\n`;
    const whole = Buffer.concat([Buffer.from(head, 'latin1'), body]);
    const cuts = [10, 100, head.length - 2, head.length, head.length + 1, whole.length - 1];
    await Promise.all(cuts.map((cut) => sendRaw(victim.target.gateway, [whole.subarray(0, cut)], 400)));
    const booked = await timesBooked(world.bank, reference);
    const answer = await deliver(victim.target, victim.session, crafted);
    return {
      observed: `booked ${booked} times while cut, whole ${answer.status}`,
      held: booked === 0 && answer.bound && answer.status < 300,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    await deliver(victim.target, victim.session, await craftTransfer(victim, reference));
    return (await timesBooked(world.bank, reference)) === 1;
  },
};
