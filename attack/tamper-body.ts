import type { Attack } from './attack.ts';
import { tamperAttack } from './tamper.ts';

const positions = 24;

/** Bytes all over a sealed body are flipped, cut and added. */
export const attack: Attack = tamperAttack('tamper-body', 'bytes of the body are flipped, cut and added', [
  ...Array.from({ length: positions }, (_, index) => ({
    name: `byte ${index} of ${positions}`,
    apply: (crafted: import('./wire-client.ts').Crafted) => {
      const body = Uint8Array.from(crafted.body ?? []);
      const at = Math.floor((index * body.length) / positions);
      body[at] = (body[at] ?? 0) ^ 1;
      return { ...crafted, body };
    },
  })),
  { name: 'cut', apply: (crafted) => ({ ...crafted, body: (crafted.body ?? new Uint8Array(1)).slice(0, -1) }) },
  { name: 'added', apply: (crafted) => ({ ...crafted, body: Uint8Array.from([...(crafted.body ?? []), 0]) }) },
  { name: 'emptied', apply: (crafted) => ({ ...crafted, body: new Uint8Array(0) }) },
]);
