import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Attack } from './attack.ts';
import {
  bareCall,
  bareLogin,
  craftTransfer,
  newVictim,
  nextCustomer,
  nextReference,
  timesBooked,
  victimCall,
} from './victim.ts';
import { deliver } from './wire-client.ts';

const inflated = Buffer.alloc(100_000_000, 0x20);

/** Small bodies that inflate to a hundred megabytes. */
export const attack: Attack = {
  id: 'decompression-bomb',
  title: 'small bodies that inflate to 100 MB',
  expected: 'refused, nothing booked, the gateway answers others',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const codes: string[] = [];
    for (const [coding, body] of [
      ['gzip', gzipSync(inflated)],
      ['br', brotliCompressSync(inflated)],
    ] as const) {
      const reference = nextReference();
      const crafted = await craftTransfer(victim, reference, { body, headers: { 'content-encoding': coding } });
      const answer = await deliver(victim.target, victim.session, crafted);
      codes.push(
        `${coding} ${answer.status} ${answer.code}${(await timesBooked(world.bank, reference)) > 0 ? ' BOOKED' : ''}`,
      );
    }
    const after = await victimCall(victim, 'GET', '/api/accounts');
    return {
      observed: `${codes.join(', ')}, afterwards ${after.status}`,
      held: codes.every((code) => / 4\d\d /.test(code)) && after.status === 200,
    };
  },
  control: async (world) => {
    const authorization = await bareLogin(world.bareBank, nextCustomer());
    return (await bareCall(world.bareBank, 'GET', '/api/accounts', { authorization })).status === 200;
  },
};
