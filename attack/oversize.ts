import type { Attack } from './attack.ts';
import { problemOf, send, sendRaw } from './http-call.ts';
import { newVictim, victimCall } from './victim.ts';

/** Heads and bodies beyond their caps, declared and undeclared. */
export const attack: Attack = {
  id: 'oversize',
  title: 'head and body over their caps',
  expected: 'refused before they are read, the gateway goes on',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const { gateway } = victim.target;
    const { host } = new URL(gateway);
    const bigHead = await sendRaw(
      gateway,
      [`GET /api/public/rates HTTP/1.1\r\nhost: ${host}\r\nx-big: ${'a'.repeat(200_000)}\r\n\r\n`],
      2000,
    );
    const declared = await sendRaw(
      gateway,
      [`POST /api/login HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 99999999999\r\n\r\n`],
      2000,
    );
    const big = await send(gateway, {
      method: 'POST',
      path: '/.well-known/hauberk/hello',
      headers: { 'content-type': 'text/plain' },
      body: Buffer.alloc(4_000_000, 65),
    }).then(problemOf, () => 'closed');
    const after = await victimCall(victim, 'GET', '/api/accounts');
    const statuses = [bigHead.slice(9, 12), declared.slice(9, 12), big];
    return {
      observed: `${statuses.join(' ')}, afterwards ${after.status}`,
      held: Number(statuses[0]) >= 400 && Number(statuses[1]) >= 400 && big !== '200' && after.status === 200,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    return (
      (await victimCall(victim, 'GET', '/api/accounts', { headers: { 'x-small': 'a'.repeat(2000) } })).status === 200
    );
  },
};
