import { endpoint, trustConfig } from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { epochMs } from '@hauberk/primitives';
import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import type { World } from './world.ts';

const believed = async (world: World, minConfigVersion: number, timeFloor: number): Promise<string> => {
  const { gateway, organisation, service, configKeys } = world.target();
  const reply = await send(gateway, {
    method: 'GET',
    path: `${endpoint.config}?organisation=${organisation}&service=${service}`,
    headers: {},
  });
  const trust = { organisation, service, configKeys, minConfigVersion, timeFloor: epochMs(timeFloor) };
  const trusted = await trustConfig(crypto, trust, Buffer.from(reply.body).toString('utf8'));
  return trusted.ok ? 'believed' : trusted.code;
};

const yearsAhead = 10 * 365 * 86_400_000;

/** A once valid config is served again to a client that has seen a newer one, or a later time. */
export const attack: Attack = {
  id: 'config-rollback',
  title: 'an old, once valid config is served again',
  expected: 'refused as a rollback, and as expired at the time floor',
  run: async (world) => {
    const older = await believed(world, 1_000_000, 0);
    const expired = await believed(world, 0, Date.now() + yearsAhead);
    return { observed: `${older}, ${expired}`, held: older === 'document.rollback' && expired === 'document.expired' };
  },
  control: async (world) => (await believed(world, 0, 0)) === 'believed',
};
