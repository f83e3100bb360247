import type { Attack } from './attack.ts';
import { sendRaw } from './http-call.ts';
import { craftTransfer, newVictim, nextReference, timesBooked, victimCall } from './victim.ts';

/** A body that drips, one byte a second. */
export const attack: Attack = {
  id: 'slow-body',
  title: 'a body that drips',
  expected: 'given up long before it is complete, nothing booked',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    const crafted = await craftTransfer(victim, reference);
    const body = Buffer.from(crafted.body ?? []);
    const lines = Object.entries(crafted.headers)
      .map(([name, value]) => `${name}: ${String(value)}\r\n`)
      .join('');
    const head = `POST ${crafted.path} HTTP/1.1\r\nhost: ${new URL(victim.target.gateway).host}\r\ncontent-length: ${body.length}\r\n${lines}\r\n`;
    const drops = Array.from(body, (byte) => Uint8Array.of(byte));
    const dripping = sendRaw(victim.target.gateway, [head, ...drops], 25_000, 1000);
    const during = await victimCall(victim, 'GET', '/api/accounts');
    const status = (await dripping).slice(9, 12);
    const booked = await timesBooked(world.bank, reference);
    return {
      observed: `${status === '' ? 'closed' : status}, others ${during.status}, booked ${booked} times`,
      held: (status === '' || Number(status) >= 400) && during.status === 200 && booked === 0,
    };
  },
  control: async (world) => {
    const { host } = new URL(world.bareBank.url);
    const head = `POST /api/login HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: 30\r\n\r\n`;
    // The bare bank waits patiently: no reply after several seconds of dripping.
    return (await sendRaw(world.bareBank.url, [head, '{', '"', 'u', '"'], 4500, 1000)) === '';
  },
};
