/** A gateway that believes a world of simulated makers, and clients on simulated phones before it. For tests, attacks and the demo. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientStorage, createHauberk, type Hauberk, type HauberkOptions, memoryStorage } from '@hauberk/sdk/node';
import { trustedDevice } from '@hauberk/sdk/trusted';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '@hauberk/server';
import { type SimulatedPhone, type SimulatedWorld, simulatedWorld } from '@hauberk/simulator';
import { writeWorldTrust } from '../../attack/world-trust.ts';

/** The running parts. */
export interface PhoneGateway {
  readonly world: SimulatedWorld;
  readonly running: () => RunningGateway;
  readonly seen: IncomingHttpHeaders[];
  readonly writeBuilds: (android: readonly number[], apple: readonly string[]) => string;
  readonly writeRevocations: () => string;
  /** A client on a phone, or without one. */
  readonly clientOn: (
    phone: SimulatedPhone | undefined,
    storage?: ClientStorage,
    more?: Pick<HauberkOptions, 'confirm' | 'keys'>,
  ) => Hauberk;
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const openUpstream = async (seen: IncomingHttpHeaders[]) => {
  const server = createServer((incoming, response) => {
    seen.push(incoming.headers);
    incoming.resume();
    incoming.on('end', () => response.setHeader('content-type', 'application/json').end('{"from":"upstream"}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const routes = [
  { id: 'open', path: '/any/{rest*}', mode: 'sealed' },
  { id: 'hard', path: '/hard/{rest*}', mode: 'sealed', tier: 'hardware' },
];

/** What a gateway may have beside phones: routes, an upstream of its own, sections of the configuration. */
export interface Beside {
  readonly routes: readonly object[];
  readonly upstream?: string;
  readonly section?: object;
  /** More apps, of the same build. */
  readonly apps?: readonly string[];
  /** Laid over the section of that name. */
  readonly attestation?: object;
  /** Puts something into the state folder before the start; gets the files of the makers' roots. */
  readonly prepare?: (state: string, roots: Readonly<Record<string, string>>) => void;
}

/** Starts a gateway with one app; `more` is laid over the app's configuration. */
export const startPhoneGateway = async (
  more: object = {},
  world: SimulatedWorld = simulatedWorld(),
  beside?: Beside,
): Promise<PhoneGateway> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-phones-'));
  const seen: IncomingHttpHeaders[] = [];
  const server = await openUpstream(seen);
  const trust = writeWorldTrust(folder, world, ['mobile', ...(beside?.apps ?? [])]);
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'mobile', ...more }, ...(beside?.apps ?? []).map((id) => ({ id }))],
      state: join(folder, 'state'),
      workers: 2,
      listen: { port: 0 },
      admin: { port: 0, requestsPerSecond: 1000 },
      services: [{ id: 'bank', upstream: 'core', routes: [...routes, ...(beside?.routes ?? [])] }],
      upstreams: {
        core: {
          origin: beside?.upstream ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          factsKey: 'k'.repeat(32),
        },
      },
      ...beside?.section,
      attestation: { ...trust.attestation, ...beside?.attestation },
      log: { access: 'none', level: 'error' },
    },
    join(folder, 'made.yaml'),
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const { config } = loaded;
  const start = async (): Promise<RunningGateway> =>
    startGateway({
      config,
      storage: await openStorage({ folder: config.state }),
      version: 'test',
      log: createLog('error'),
    });
  beside?.prepare?.(config.state, trust.attestation.roots);
  let running = await start();
  return {
    world,
    running: () => running,
    seen,
    writeBuilds: trust.writeBuilds,
    writeRevocations: trust.writeRevocations,
    clientOn: (phone, storage = memoryStorage(), more = {}) => {
      const { organisation, configKeys, minConfigVersion } = running.trust();
      const trustRoot = { configKeys, minConfigVersion, buildTimeMs: 0 };
      const app = { organisation, app: 'mobile', service: 'bank', endpoints: [running.url], trust: trustRoot, ...more };
      return createHauberk(phone === undefined ? app : { ...app, device: trustedDevice(phone.backend) }, { storage });
    },
    restart: async () => {
      await running.stop();
      running = await start();
    },
    close: async () => {
      await running.stop();
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
