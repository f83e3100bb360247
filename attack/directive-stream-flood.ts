import { type ClientRequest, request } from 'node:http';
import { endpoint } from '@hauberk/channel';
import type { Attack } from './attack.ts';
import { documentsOf, publishDirective, stopping } from './directive-victim.ts';
import type { OwnGateway, World } from './world.ts';

const flood = 64;
const perAddress = 4;

interface OpenedStream {
  readonly status: number;
  readonly asked: ClientRequest;
  readonly text: () => string;
}

/** A stream from an address of this machine. */
const openStream = (gateway: OwnGateway, localAddress: string): Promise<OpenedStream> =>
  new Promise((resolve, reject) => {
    const { gateway: url, organisation, app, service } = gateway.target();
    const query = new URLSearchParams({ organisation, app, service }).toString();
    let held = '';
    const asked = request(`${url}${endpoint.directiveStream}?${query}`, { localAddress, agent: false }, (reply) => {
      reply.setEncoding('utf8');
      reply.on('data', (piece: string) => {
        held += piece;
      });
      reply.on('error', () => undefined);
      resolve({ status: reply.statusCode ?? 0, asked, text: () => held });
    });
    asked.on('error', reject);
    asked.end();
  });

const floodOf = async (gateway: OwnGateway): Promise<readonly OpenedStream[]> =>
  Promise.all(Array.from({ length: flood }, () => openStream(gateway, '127.0.0.1')));

const countOf = (streams: readonly OpenedStream[]): number => streams.filter(({ status }) => status === 200).length;

const gatewayOf = (world: World, bound: number): Promise<OwnGateway> =>
  world.gatewayWith((config) => ({
    ...config,
    limits: { ...config.limits, directiveStreams: 1024, directiveStreamsPerAddress: bound },
  }));

const until = async (isThere: () => boolean): Promise<boolean> => {
  for (let tries = 0; tries < 400 && !isThere(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 25));
  return isThere();
};

/** One address opens streams until nobody else finds a place. */
export const attack: Attack = {
  id: 'directive-stream-flood',
  title: 'one address opens streams of directives without end',
  expected: 'a bounded number of each address; others get theirs, and the file is for everybody',
  needs: 'own-gateway',
  run: async (world) => {
    const gateway = await gatewayOf(world, perAddress);
    const streams = await floodOf(gateway);
    const honest = await openStream(gateway, '127.0.0.2');
    await publishDirective(gateway, 'privacy.stop', stopping('of-an-sdk'));
    const hears = await until(() => honest.text().includes('event: directives'));
    const files = await documentsOf(gateway.target());
    const opened = countOf(streams);
    for (const { asked } of [...streams, honest]) asked.destroy();
    const workers = gateway.running().workers();
    await gateway.close();
    return {
      observed: `${opened} of ${flood} opened on ${workers} workers, another address ${hears ? 'hears' : 'is deaf'}, ${files.length} in the file`,
      held: opened <= perAddress * workers && opened < flood && hears && files.length === 1,
    };
  },
  control: async (world) => {
    const gateway = await gatewayOf(world, 1024);
    const streams = await floodOf(gateway);
    const opened = countOf(streams);
    for (const { asked } of streams) asked.destroy();
    await gateway.close();
    return opened === flood;
  },
};
