/** Our gateway under test: its configuration, how it is started, and sessions from real handshakes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBase64Url, type KeyPair, toBase64Url } from '@hauberk/primitives';
import { enrol, openSession, type Target } from '../../attack/wire-client.ts';
import { type Measured, type Ready, startHauberk } from './processes.ts';
import { benchService, type LoadSession } from './wire-load.ts';

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));
const ecdsaPreload = new URL('./ecdsa-preload.ts', import.meta.url).href;

/**
 * One worker thread, every route on one upstream, access log to a file: what a small installation runs. Nothing is shed: full load is the point
 * here, and what happens beyond it is what `bench -- overload` measures.
 */
const configuration = (upstreamPort: number): string => `organisation: bench
apps: [{ id: app }]
state: ./state
workers: 1
listen: { port: 0 }
services:
  - id: ${benchService}
    upstream: api
    routes:
      - { id: signed, methods: [POST], path: /api/signed, mode: signed }
      - { id: sealed, methods: [POST], path: /api/sealed, mode: sealed }
      - { id: idempotent, methods: [POST], path: /api/idempotent, mode: signed, idempotency: { demand: required } }
      - { id: plain, methods: [POST], path: /api/plain, protection: none }
upstreams:
  api: { origin: "http://127.0.0.1:${upstreamPort}", connections: 128, factsKey: "the-bench-facts-key-of-no-secrecy-at-all" }
sessions: { hellosPerSecond: 1000000 }
log: { level: error }
overload: { queueTargetMs: 0 }
`;

/** Starts the gateway; with a device key, the variant that verifies an ECDSA signature per request. */
export const startGatewayUnderTest = (
  scratch: string,
  core: number,
  upstreamPort: number,
  deviceKey?: KeyPair,
): Promise<Measured & { readonly ready: Ready }> => {
  const folder = join(scratch, deviceKey === undefined ? 'hauberk' : 'hauberk-ecdsa');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'hauberk.yaml');
  writeFileSync(file, configuration(upstreamPort));
  const preload = deviceKey && `${ecdsaPreload}?key=${toBase64Url(deviceKey.publicKey)}`;
  return startHauberk(main, file, core, preload);
};

const targetOf = ({ gateway, trust }: Ready): Target => ({
  gateway,
  organisation: 'bench',
  app: 'app',
  service: benchService,
  configKeys: trust.configKeys.map(({ kid, publicKey }) => ({
    kid,
    publicKey: fromBase64Url(publicKey) ?? new Uint8Array(0),
  })),
});

/** Fewer than a device may have, so that none is displaced. */
const sessionsOfOneDevice = 10;

/** Enrols devices and shakes hands until there are `count` sessions. */
export const openSessions = async (ready: Ready, count: number): Promise<readonly LoadSession[]> => {
  const target = targetOf(ready);
  const sessions: LoadSession[] = [];
  while (sessions.length < count) {
    const device = await enrol(target);
    for (let index = 0; index < sessionsOfOneDevice && sessions.length < count; index += 1) {
      const { ticket, keys } = await openSession(target, device);
      const { keyId, requestMac, requestAead, requestIv } = keys;
      sessions.push({ ticket, keyId, requestMac, requestAead, requestIv, sequence: 0 });
    }
  }
  return sessions;
};
