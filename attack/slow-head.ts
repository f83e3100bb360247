import { connect } from 'node:net';
import type { Attack } from './attack.ts';
import { newVictim, victimCall } from './victim.ts';

const sockets = 64;

/** Opens sockets that send a head letter by letter; answers how many the server still holds after a while. */
export const heldSlowHeads = async (base: string, forMs: number): Promise<number> => {
  const url = new URL(base);
  const open = Array.from({ length: sockets }, () => connect({ host: url.hostname, port: Number(url.port) }));
  let held = sockets;
  for (const socket of open) {
    socket.on('error', () => undefined);
    // Without a reader the end of the connection would never be seen.
    socket.resume();
    socket.on('close', () => {
      held -= 1;
    });
    socket.write(`GET /api/public/rates HTTP/1.1\r\nhost: ${url.host}\r\nx-slow: `);
  }
  const drip = setInterval(() => {
    for (const socket of open) if (socket.writable) socket.write('a');
  }, 500);
  await new Promise((resolve) => setTimeout(resolve, forMs));
  clearInterval(drip);
  const answer = held;
  for (const socket of open) socket.destroy();
  return answer;
};

/** Heads that never end. */
export const attack: Attack = {
  id: 'slow-head',
  title: 'heads that never end',
  expected: 'every such socket is closed, others are served',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const holding = heldSlowHeads(victim.target.gateway, 14_000);
    const during = await victimCall(victim, 'GET', '/api/accounts');
    const held = await holding;
    return {
      observed: `${held} of ${sockets} still open, others ${during.status}`,
      held: held === 0 && during.status === 200,
    };
  },
  // Checked for a shorter while: the bare server keeps such sockets for a minute.
  control: async (world) => (await heldSlowHeads(world.bareBank.url, 3000)) === sockets,
};
