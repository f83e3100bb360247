import type { Attack } from './attack.ts';
import { tamperAttack, withHeader } from './tamper.ts';

const covered = [
  'authorization',
  'idempotency-key',
  'content-type',
  'hauberk-service',
  'signature-input',
  'signature',
  'hauberk-ticket',
];

const flip = (value: string): string => {
  const index = Math.floor(value.length / 2);
  const code = value.charCodeAt(index);
  return value.slice(0, index) + (code === 0x61 ? 'b' : 'a') + value.slice(index + 1);
};

/** Each covered header is changed, removed, and one is added. */
export const attack: Attack = tamperAttack('tamper-header', 'each covered header is changed, added or removed', [
  ...covered.map((name) => ({
    name: `${name} changed`,
    apply: (crafted: Parameters<typeof withHeader>[0]) =>
      withHeader(crafted, name, flip(String(crafted.headers[name] ?? 'x'))),
  })),
  ...covered.map((name) => ({
    name: `${name} removed`,
    apply: (crafted: Parameters<typeof withHeader>[0]) => withHeader(crafted, name, undefined),
  })),
  { name: 'step-up added', apply: (crafted) => withHeader(crafted, 'hauberk-step-up', 'AAAA.AAAA.AAAA') },
  {
    name: 'created moved',
    apply: (crafted) =>
      withHeader(
        crafted,
        'signature-input',
        String(crafted.headers['signature-input']).replace(/created=\d/, 'created=9'),
      ),
  },
]);
