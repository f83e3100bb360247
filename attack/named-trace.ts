import type { Attack, AttackOutcome } from './attack.ts';
import { craftTransfer, newVictim, nextReference } from './victim.ts';
import { deliver, type Target } from './wire-client.ts';
import type { World } from './world.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const named = {
  traceparent: `00-${traceId}-b7ad6b7169203331-01`,
  tracestate: 'vendor=chosen-by-a-client',
  baggage: 'customer=chosen-by-a-client',
};

/** What of the client's trace a transfer took along to the bank. */
const takenAlong = async (world: World, target: Target): Promise<readonly string[]> => {
  const victim = await newVictim(target);
  const crafted = await craftTransfer(victim, nextReference());
  const before = world.received.length;
  await deliver(victim.target, victim.session, { ...crafted, headers: { ...crafted.headers, ...named } });
  const arrived = world.received.slice(before).map(({ rawHeaders }) => rawHeaders.join('\n').toLowerCase());
  if (arrived.length === 0) throw new Error('the transfer did not arrive');
  const all = arrived.join('\n');
  return [traceId, 'chosen-by-a-client'].filter((value) => all.includes(value));
};

const run = async (world: World): Promise<AttackOutcome> => {
  const taken = await takenAlong(world, world.target());
  const own = /traceparent\n00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/i.test(
    world.received.at(-1)?.rawHeaders.join('\n') ?? '',
  );
  return {
    observed: taken.length === 0 ? `nothing of it arrived, a trace of the gateway's own: ${own}` : taken.join(', '),
    held: taken.length === 0 && own,
  };
};

/** The client names the trace of its request, asks for it to be sampled, and writes into the baggage that services behind the gateway read. */
export const attack: Attack = {
  id: 'named-trace',
  title: 'a client names its own trace and its own baggage',
  expected: 'the bank sees a trace that the gateway named, and no baggage',
  needs: 'own-gateway',
  run,
  control: async (world) => {
    // Where the client's address is that of a trusted proxy, its word counts.
    const trusting = await world.gatewayWith((config) => ({
      ...config,
      listen: { ...config.listen, trustedProxies: ['127.0.0.1/32'] },
    }));
    return (await takenAlong(world, trusting.target())).length === 2;
  },
};
