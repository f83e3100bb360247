import type { Attack } from './attack.ts';
import { type Call, send } from './http-call.ts';
import {
  attestationCall,
  cavageCall,
  dpopCall,
  migratedPath,
  onMigratedGateway,
  sigv4Call,
} from './migrated-client.ts';
import type { OwnGateway, World } from './world.ts';

const copies = 16;

const timesReached = async (world: World, gateway: OwnGateway, call: Call): Promise<number> => {
  const before = world.received.length;
  const { gateway: url } = gateway.target();
  await Promise.all(Array.from({ length: copies }, () => send(url, call)));
  return world.received.length - before;
};

/** A captured request of each migration scheme is sent again within its skew, over many connections to all worker threads. */
export const attack: Attack = {
  id: 'migration-replay',
  title: 'captured requests of migration schemes are sent again within their skew',
  expected: 'each reaches the bank once',
  needs: 'own-gateway',
  run: (world) =>
    onMigratedGateway(world, async (gateway) => {
      const calls = { cavage: cavageCall(), sigv4: sigv4Call(), dpop: dpopCall(), attestation: attestationCall() };
      const times: string[] = [];
      for (const [name, call] of Object.entries(calls))
        times.push(`${name} ${await timesReached(world, gateway, call)}`);
      return { observed: times.join(', '), held: times.every((each) => each.endsWith(' 1')) };
    }),
  control: (world) =>
    onMigratedGateway(world, async (gateway) => {
      // The same signature where the route lets requests repeat: what Kong, APISIX and AWS do.
      const call = cavageCall({ path: migratedPath.repeatable });
      return (await timesReached(world, gateway, call)) === copies;
    }),
};
