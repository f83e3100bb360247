import { Agent } from 'node:http';
import { endpoint } from '@hauberk/channel';
import { utf8 } from '@hauberk/primitives';
import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { craftTransfer, newVictim, nextReference } from './victim.ts';
import { deliver, enrol, makeHello, openSession, sendHello } from './wire-client.ts';

const replays = 10_000;
const pageLoads = 200;

/** One captured hello is replayed 10,000 times while its owner loads 200 pages, each of which opens a session. */
export const attack: Attack = {
  id: 'hello-replayed',
  title: '10,000 replays of one hello and 200 page loads',
  expected: 'one hello opens one session, every page load works, the last session too',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const { target, device } = victim;
    const { text } = await makeHello(target, device);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    let opened = 0;
    const replay = async (): Promise<void> => {
      const reply = await send(
        target.gateway,
        { method: 'POST', path: endpoint.hello, headers: { 'content-type': 'text/plain' }, body: utf8(text) },
        agent,
      );
      if (reply.status === 200) opened += 1;
    };
    const storm = Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let count = 0; count < replays / 8; count += 1) await replay();
      }),
    );
    let loads = 0;
    let session = victim.session;
    for (let load = 0; load < pageLoads; load += 1) {
      session = await openSession(target, device);
      const answer = await deliver(target, session, await craftTransfer({ ...victim, session }, nextReference()));
      if (answer.bound) loads += 1;
    }
    await storm;
    agent.destroy();
    return {
      observed: `${opened} sessions from ${replays} replays, ${loads} of ${pageLoads} page loads served`,
      held: opened <= 1 && loads === pageLoads,
    };
  },
  control: async (world) => {
    const target = world.target();
    const device = await enrol(target);
    const first = await sendHello(target, (await makeHello(target, device)).text);
    const second = await sendHello(target, (await makeHello(target, device)).text);
    // Without the strike every copy would be as good as a fresh hello, and each fresh hello opens a session.
    return first.status === 200 && second.status === 200;
  },
};
