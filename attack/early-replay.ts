import { earlyClientKeys, header, sealRequest, signRequest, targetOf } from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import type { Attack } from './attack.ts';
import { type Reply, send } from './http-call.ts';
import { newVictim, type Victim } from './victim.ts';
import { makeHello } from './wire-client.ts';

const craftEarly = async (victim: Victim) => {
  const { target, device, session } = victim;
  const pending = await makeHello(target, device, { resumeTicket: session.resumeTicket, early: true });
  const keys = await earlyClientKeys(crypto, pending);
  const outgoing = {
    target: targetOf('GET', '/api/accounts'),
    headers: { [header.hello]: pending.text, authorization: victim.authorization },
    service: target.service,
    route: { coveredHeaders: [] },
  };
  return sealRequest(crypto, keys, outgoing, new Uint8Array(0), {
    sequence: 0,
    created: Math.floor(Date.now() / 1000),
  });
};

const sendEarly = (victim: Victim, headers: Readonly<Record<string, string>>): Promise<Reply> =>
  send(victim.target.gateway, { method: 'GET', path: '/api/accounts', headers });

/** Early data is sent twice, and right after a restart, when nothing of the run before is remembered. */
export const attack: Attack = {
  id: 'early-replay',
  title: 'early data is sent again, and after a restart',
  expected: 'a copy reaches nothing; after a start early data is refused for a while',
  needs: 'own-gateway',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const early = await craftEarly(victim);
    const before = world.received.length;
    const replies = [];
    for (let copy = 0; copy < 3; copy += 1) replies.push((await sendEarly(victim, early.headers)).status);
    await world.gateway.restart();
    replies.push(
      (await send(world.target().gateway, { method: 'GET', path: '/api/accounts', headers: early.headers })).status,
    );
    const reached = world.received.length - before;
    return { observed: `${replies.join(' ')}, reached the bank ${reached} times`, held: reached <= 1 };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const { keys, ticket } = victim.session;
    const outgoing = {
      target: targetOf('GET', '/api/accounts'),
      headers: { [header.ticket]: ticket, authorization: victim.authorization },
      service: victim.target.service,
      route: { coveredHeaders: [] },
    };
    const made = await signRequest(crypto, keys, outgoing, new Uint8Array(0), {
      sequence: 50,
      created: Math.floor(Date.now() / 1000),
    });
    return (await sendEarly(victim, made.headers)).status === 200;
  },
};
