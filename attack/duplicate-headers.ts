import type { Attack } from './attack.ts';
import { sendRaw } from './http-call.ts';
import { craftTransfer, newVictim, nextReference, timesBooked, type Victim } from './victim.ts';
import type { Crafted } from './wire-client.ts';

const doubled = [
  'signature',
  'signature-input',
  'hauberk-ticket',
  'hauberk-service',
  'host',
  'content-length',
  'content-type',
  'authorization',
  'idempotency-key',
];

const rawText = (crafted: Crafted, host: string, extra: string): Buffer => {
  const body = Buffer.from(crafted.body ?? []);
  const lines = Object.entries({ host, 'content-length': String(body.length), ...crafted.headers }).map(
    ([name, value]) => `${name}: ${String(value)}\r\n`,
  );
  return Buffer.concat([
    Buffer.from(
      `${crafted.method} ${crafted.path} HTTP/1.1\r\n${lines.join('')}${extra}connection: close\r\n\r\n`,
      'latin1',
    ),
    body,
  ]);
};

const sendDoubled = async (victim: Victim, reference: string, name: string | undefined): Promise<string> => {
  const crafted = await craftTransfer(victim, reference);
  const { host } = new URL(victim.target.gateway);
  const values: Record<string, string> = {
    host,
    'content-length': String(crafted.body?.length ?? 0),
    ...(crafted.headers as Record<string, string>),
  };
  const extra = name === undefined ? '' : `${name}: ${name === 'content-length' ? '1' : values[name]}\r\n`;
  return (await sendRaw(victim.target.gateway, [rawText(crafted, host, extra)])).slice(9, 12);
};

/** Every single-valued header is sent twice: two readers could take different ones. */
export const attack: Attack = {
  id: 'duplicate-headers',
  title: 'single-valued headers are sent twice',
  expected: 'every doubled header is refused, one of each passes',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const failed: string[] = [];
    for (const name of doubled) {
      const reference = nextReference();
      const status = await sendDoubled(victim, reference, name);
      if (Number(status) < 400 || (await timesBooked(world.bank, reference)) > 0) failed.push(`${name}: ${status}`);
    }
    const reference = nextReference();
    const honest = await sendDoubled(victim, reference, undefined);
    return {
      observed: failed.length === 0 ? `${doubled.length} refused, single ${honest}` : failed.join('; '),
      held: failed.length === 0 && (await timesBooked(world.bank, reference)) === 1,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const reference = nextReference();
    await sendDoubled(victim, reference, undefined);
    return (await timesBooked(world.bank, reference)) === 1;
  },
};
