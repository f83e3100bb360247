import { earlyClientKeys, header, sealRequest, targetOf } from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import type { Attack } from './attack.ts';
import { type Reply, send } from './http-call.ts';
import { newVictim, type Victim, victimCall } from './victim.ts';
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

/** The fence after a start, for the shortest age limit that can be configured: 5 s and 30 s for the phone's clock, and a little. */
const maxAgeSeconds = 5;
const fenceMs = 36_500;

const earlyStatus = async (victim: Victim, headers: Readonly<Record<string, string>>): Promise<number> =>
  (await sendEarly(victim, headers)).status;

/** Early data is sent again at once and after a restart, on a gateway that has been up long enough to take it. */
export const attack: Attack = {
  id: 'early-replay',
  title: 'early data is sent again, and after a restart',
  expected: 'the first is served, a copy reaches nothing, and after a start early data is refused for a while',
  needs: 'own-gateway',
  run: async (world) => {
    const gateway = await world.gatewayWith((config) => ({
      ...config,
      sessions: { ...config.sessions, maxAgeSeconds },
    }));
    const tooSoon = await newVictim(gateway.target());
    const fenced = await earlyStatus(tooSoon, (await craftEarly(tooSoon)).headers);
    await new Promise((resolve) => setTimeout(resolve, fenceMs));
    const victim = await newVictim(gateway.target());
    const early = await craftEarly(victim);
    const before = world.received.length;
    const statuses = [await earlyStatus(victim, early.headers), await earlyStatus(victim, early.headers)];
    await gateway.restart();
    statuses.push(await earlyStatus({ ...victim, target: gateway.target() }, early.headers));
    const reached = world.received.length - before;
    await gateway.close();
    return {
      observed: `after the start ${fenced}, later ${statuses.join(' ')}, reached the bank ${reached} times`,
      held: fenced === 425 && statuses[0] === 200 && reached === 1,
    };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    const before = world.received.length;
    // Without a strike the same read is served as often as it is made anew.
    const read = async (): Promise<number> => (await victimCall(victim, 'GET', '/api/accounts')).status;
    return (await read()) === 200 && (await read()) === 200 && world.received.length - before === 2;
  },
};
