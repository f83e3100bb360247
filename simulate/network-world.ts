/** What phones on a bad network talk to: the demo bank without guards of its own, behind a real gateway. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BARE_GUARDS, createBank, type RunningBank } from '@hauberk/example-bank';
import type { HauberkOptions } from '@hauberk/sdk/node';
import { type Config, createLog, loadConfig, openStorage, startGateway } from '@hauberk/server';

/** The world. */
export interface NetworkWorld {
  readonly gatewayUrl: string;
  /** Everything that an app is built with, but its endpoints. */
  readonly app: Omit<HauberkOptions, 'endpoints'>;
  /** How often a payment of that name was booked. */
  readonly timesBooked: (reference: string) => number;
  readonly close: () => Promise<void>;
}

const bankConfig = fileURLToPath(new URL('../examples/bank/hauberk.yaml', import.meta.url));

const configFor = (bankUrl: string, state: string): Config => {
  const loaded = loadConfig(bankConfig, {
    HAUBERK__state: state,
    HAUBERK__workers: '2',
    HAUBERK__listen__port: '0',
    HAUBERK__admin__port: '0',
    HAUBERK__upstreams__bank__origin: bankUrl,
    // All phones have one address here.
    HAUBERK__limits__enrolmentsPerSecond: '10000',
    HAUBERK__limits__enrolmentBurst: '10000',
    HAUBERK__log__access: 'none',
    HAUBERK__log__level: 'error',
  });
  if (!loaded.ok) throw new Error(loaded.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  const { config } = loaded;
  // The limits by address would count them as one.
  const services = config.services.map((service) => ({
    ...service,
    routes: service.routes.map((route) => (route.id === 'login' ? { ...route, limits: {} } : route)),
  }));
  return { ...config, services };
};

const countBookings = (bank: RunningBank) => (reference: string) =>
  bank.ledger.log().filter(({ clientReference }) => clientReference === reference).length;

/** Starts bank and gateway. */
export const startNetworkWorld = async (): Promise<NetworkWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-network-'));
  const bank = await createBank({ guards: BARE_GUARDS });
  const config = configFor(bank.url, join(folder, 'state'));
  const storage = await openStorage({ folder: config.state });
  const gateway = await startGateway({ config, storage, version: 'simulation', log: createLog('error') });
  const { organisation, configKeys, services } = gateway.trust();
  return {
    gatewayUrl: gateway.url,
    app: {
      organisation,
      app: config.apps[0]?.id ?? '',
      service: services[0]?.id ?? '',
      trust: { configKeys, minConfigVersion: 1, buildTimeMs: 0 },
    },
    timesBooked: countBookings(bank),
    close: async () => {
      await gateway.stop();
      await bank.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
