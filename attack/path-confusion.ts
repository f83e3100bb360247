import type { Attack } from './attack.ts';
import { sendRaw } from './http-call.ts';
import { newVictim } from './victim.ts';
import { craft } from './wire-client.ts';

const paths = [
  '/api/public/../accounts',
  '/api/public/%2e%2e/accounts',
  '/api//accounts',
  '/api/accounts/',
  '/api/accounts%2f',
  '/api\\accounts',
  '/api/accounts;x=1',
  '/API/accounts',
  '/api/%61ccounts',
  '/api/accounts%00',
  '/api/public/rates/..%2f..%2faccounts',
  '//api/accounts',
];

/** Paths that the gateway and an upstream could read differently. */
export const attack: Attack = {
  id: 'path-confusion',
  title: 'dot segments, encoded and doubled slashes, case and escapes',
  expected: 'no such path reaches the bank as the protected resource',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const { host } = new URL(victim.target.gateway);
    const failed: string[] = [];
    for (const path of paths) {
      const before = world.received.length;
      const text = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nhauberk-service: ${victim.target.service}\r\nauthorization: ${victim.authorization}\r\nconnection: close\r\n\r\n`;
      const status = (await sendRaw(victim.target.gateway, [text], 1500)).slice(9, 12);
      if (Number(status) < 400 || world.received.length > before) failed.push(`${path}: ${status}`);
    }
    return {
      observed: failed.length === 0 ? `${paths.length} paths refused` : failed.join('; '),
      held: failed.length === 0,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const crafted = await craft(victim.target, victim.session, 'GET', '/api/accounts', {
      headers: { authorization: victim.authorization },
    });
    const lines = Object.entries(crafted.headers)
      .map(([name, value]) => `${name}: ${String(value)}\r\n`)
      .join('');
    const text = `GET /api/accounts HTTP/1.1\r\nhost: ${new URL(victim.target.gateway).host}\r\n${lines}connection: close\r\n\r\n`;
    return (await sendRaw(victim.target.gateway, [text], 3000)).startsWith('HTTP/1.1 200');
  },
};
