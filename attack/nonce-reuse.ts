import { requestNonce } from '@hauberk/channel';
import { readReplyParameters, readSignatureInput } from '@hauberk/channel/client';
import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { newVictim } from './victim.ts';
import { craft, enrol, openSession } from './wire-client.ts';

const requests = 1000;

/** A thousand requests, each sent twice, over two sessions of one device: no (key, nonce) pair may come twice, on either direction. */
export const attack: Attack = {
  id: 'nonce-reuse',
  title: '1,000 requests and their replays look for a repeated (key, nonce) pair',
  expected: 'no pair repeats, in requests or replies',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const second = await openSession(victim.target, victim.device);
    const pairs = new Set<string>();
    let sealed = 0;
    for (let index = 0; index < requests; index += 1) {
      const session = index % 2 === 0 ? victim.session : second;
      const crafted = await craft(victim.target, session, 'GET', '/api/accounts', {
        headers: { authorization: victim.authorization },
      });
      const parameters = readSignatureInput(crafted.sent.signatureInput)?.parameters;
      pairs.add(
        `${session.keys.keyId} request ${Buffer.from(requestNonce(session.keys.requestIv, parameters?.sequence ?? -1)).toString('hex')}`,
      );
      for (const reply of [await send(victim.target.gateway, crafted), await send(victim.target.gateway, crafted)]) {
        const nonce = readReplyParameters(reply.headers['signature-input'] ?? '')?.nonce;
        if (nonce === undefined) continue;
        sealed += 1;
        pairs.add(`${session.keys.keyId} reply ${nonce}`);
      }
    }
    return {
      observed: `${pairs.size} pairs of ${requests + sealed}`,
      held: sealed === requests && pairs.size === requests + sealed,
    };
  },
  control: async (world) => {
    const session = await openSession(world.target(), await enrol(world.target()));
    // A reply nonce made from the sequence number, as TLS does it, would repeat with every replay that is answered.
    const nonceOf = (sequence: number): string =>
      Buffer.from(requestNonce(session.keys.requestIv, sequence)).toString('hex');
    return nonceOf(7) === nonceOf(7) && nonceOf(7) !== nonceOf(8);
  },
};
