import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { bareCall, bareJson, bareLogin, newVictim, nextCustomer } from './victim.ts';
import { craft, openBound } from './wire-client.ts';

/** Status, headers and body of a reply are changed on the way, in both modes. */
export const attack: Attack = {
  id: 'reply-tampered',
  title: 'the reply is changed on the way',
  expected: 'no changed reply is believed, the unchanged one is',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const failed: string[] = [];
    for (const mode of ['sealed', 'signed'] as const) {
      const crafted = await craft(victim.target, victim.session, 'GET', '/api/accounts', {
        mode,
        headers: { authorization: victim.authorization },
      });
      const reply = await send(victim.target.gateway, crafted);
      const flipped = Uint8Array.from(reply.body);
      flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
      const changes = [
        { ...reply, status: 500 },
        { ...reply, body: flipped },
        { ...reply, body: reply.body.slice(0, -1) },
        { ...reply, headers: { ...reply.headers, 'content-type': 'text/html' } },
        { ...reply, headers: { ...reply.headers, signature: undefined } },
        {
          ...reply,
          headers: {
            ...reply.headers,
            'signature-input': (reply.headers['signature-input'] ?? '').replace(/created=\d/, 'created=9'),
          },
        },
      ];
      for (const [index, changed] of changes.entries()) {
        if ((await openBound(victim.session, crafted.sent, changed)) !== undefined)
          failed.push(`${mode} change ${index} believed`);
      }
      if ((await openBound(victim.session, crafted.sent, reply)) === undefined)
        failed.push(`${mode} unchanged refused: ${reply.status}`);
    }
    return { observed: failed.length === 0 ? 'all changes refused' : failed.join('; '), held: failed.length === 0 };
  },
  control: async (world) => {
    const authorization = await bareLogin(world.bareBank, nextCustomer());
    const reply = await bareCall(world.bareBank, 'GET', '/api/accounts', { authorization });
    const changed = Buffer.from(reply.body)
      .toString('utf8')
      .replace(/"balanceMinor":-?\d+/, '"balanceMinor":1');
    // A plain client shows whatever JSON arrives.
    return /"balanceMinor":1[,}]/.test(JSON.stringify(bareJson({ ...reply, body: Buffer.from(changed) })));
  },
};
