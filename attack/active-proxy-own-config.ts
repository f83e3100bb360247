import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, gatewayConfigPayload, signDocumentAsync } from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import type { Attack } from './attack.ts';
import { fetchConfig, type Target } from './wire-client.ts';
import type { World } from './world.ts';

/** A proxy that the phone's TLS trusts serves a config with the attacker's own keys in it. */
const startEvilGateway = async (world: World) => {
  const signing = await crypto.generateKeyPair('p256', 'sign');
  const agreement = await crypto.generateKeyPair('p256', 'agree');
  const { config } = await fetchConfig(world.target());
  const forged = {
    ...config,
    version: config.version + 1,
    keys: config.keys
      .filter(({ suite }) => suite === 'HB1-P256')
      .map((key) => ({ ...key, publicKey: agreement.publicKey })),
  };
  const document = await signDocumentAsync(crypto, signing.privateKey, context.config, gatewayConfigPayload(forged));
  const server = createServer((_request, response) => response.end(document));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { gateway, kid: config.signedBy, publicKey: signing.publicKey, close: () => server.close() };
};

const believes = (target: Target): Promise<boolean> =>
  fetchConfig(target).then(
    () => true,
    () => false,
  );

/** An active TLS proxy with its own signed config. */
export const attack: Attack = {
  id: 'active-proxy-own-config',
  title: 'an active TLS proxy serves its own signed config',
  expected: 'the config does not verify against the pinned keys',
  run: async (world) => {
    const evil = await startEvilGateway(world);
    const believed = await believes({ ...world.target(), gateway: evil.gateway });
    evil.close();
    return { observed: believed ? 'the client believes the proxy' : 'the client refuses the config', held: !believed };
  },
  control: async (world) => {
    const evil = await startEvilGateway(world);
    const believed = await believes({
      ...world.target(),
      gateway: evil.gateway,
      configKeys: [{ kid: evil.kid, publicKey: evil.publicKey }],
    });
    evil.close();
    return believed;
  },
};
