import type { Attack } from './attack.ts';
import { problemOf } from './http-call.ts';
import { enrol, makeHello, sendHello } from './wire-client.ts';

const monthMs = 30 * 86_400_000;

/** The attacker lets a device sign a hello for next month, and keeps one of last month. */
export const attack: Attack = {
  id: 'hello-next-month',
  title: 'a hello signed today is used next month',
  expected: 'a nonce is asked for, which the attacker cannot sign',
  run: async (world) => {
    const target = world.target();
    const device = await enrol(target);
    const codes: string[] = [];
    for (const offset of [monthMs, -monthMs, -150_000]) {
      const reply = await sendHello(target, (await makeHello(target, device, { createdMs: Date.now() + offset })).text);
      codes.push(problemOf(reply));
    }
    const forged = await sendHello(target, (await makeHello(target, device, { nonce: 'A'.repeat(32) })).text);
    codes.push(problemOf(forged));
    return { observed: codes.join(' '), held: codes.every((code) => code === 'nonce-required') };
  },
  control: async (world) => {
    const target = world.target();
    const device = await enrol(target);
    return (await sendHello(target, (await makeHello(target, device)).text)).status === 200;
  },
};
