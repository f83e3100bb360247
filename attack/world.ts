/**
 * What attacks run against: the demo bank behind a gateway of our own, and beside it the bare bank, where every hole is open and the controls
 * succeed. With a target URL there is no own gateway, and attacks that need one do not apply.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BARE_GUARDS, type CreateBankOptions, createBank } from '@hauberk/example-bank';
import { fromBase64Url } from '@hauberk/primitives';
import { type Config, createLog, loadConfig, openStorage, type RunningGateway, startGateway } from '@hauberk/server';
import { type ObservedBank, observeOwn } from './observed-bank.ts';
import type { Target } from './wire-client.ts';

/** What attacks run against. */
export interface World {
  /** Whether this gateway may be restarted, killed and reconfigured. */
  readonly isOwn: boolean;
  /** The gateway as its clients see it; changes with a restart. */
  readonly target: () => Target;
  /** A bank without any guard and without a gateway. */
  readonly bareBank: ObservedBank;
  /** The bank behind the gateway. */
  readonly bank: ObservedBank;
  /** What the guarded bank received, newest last. */
  readonly received: readonly ReceivedAtBank[];
  readonly gateway: OwnGateway;
  /** A second gateway on the same bank with another configuration, for controls; the caller closes it. */
  readonly gatewayWith: (change: (config: Config) => Config) => Promise<OwnGateway>;
  readonly close: () => Promise<void>;
}

/** A request as the bank saw it. */
export type ReceivedAtBank = Parameters<NonNullable<CreateBankOptions['onRequest']>>[0];

/** A gateway of our own. */
export interface OwnGateway {
  readonly target: () => Target;
  readonly running: () => RunningGateway;
  /** Stops and starts on the same state folder. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const bankConfig = fileURLToPath(new URL('../examples/bank/hauberk.yaml', import.meta.url));

const loadBankConfig = (bankUrl: string, state: string, workers: number): Config => {
  const loaded = loadConfig(bankConfig, {
    HAUBERK__state: state,
    HAUBERK__workers: String(workers),
    HAUBERK__listen__port: '0',
    HAUBERK__admin__port: '0',
    HAUBERK__upstreams__bank__origin: bankUrl,
    // Every simulated phone of the attacks has one address.
    HAUBERK__limits__enrolmentsPerSecond: '10000',
    HAUBERK__limits__enrolmentBurst: '10000',
    HAUBERK__log__access: 'none',
    HAUBERK__log__level: 'error',
  });
  if (!loaded.ok) throw new Error(loaded.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  return loaded.config;
};

const targetOf = (running: RunningGateway, config: Config): Target => {
  const trust = running.trust();
  return {
    gateway: running.url,
    organisation: trust.organisation,
    app: config.apps[0]?.id ?? '',
    service: trust.services[0]?.id ?? '',
    configKeys: trust.configKeys.map(({ kid, publicKey }) => ({
      kid,
      publicKey: fromBase64Url(publicKey) ?? new Uint8Array(0),
    })),
  };
};

/** Starts a gateway on a state folder of its own. */
export const startOwnGateway = async (config: Config): Promise<OwnGateway> => {
  const start = async (): Promise<RunningGateway> =>
    startGateway({
      config,
      storage: await openStorage({ folder: config.state }),
      version: 'attack',
      log: createLog('error'),
    });
  let running = await start();
  return {
    running: () => running,
    target: () => targetOf(running, config),
    restart: async () => {
      await running.stop();
      running = await start();
    },
    close: () => running.stop(),
  };
};

/** Starts bare bank, guarded bank and gateway. */
export const startWorld = async (workers = 2): Promise<World> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-attack-'));
  const received: ReceivedAtBank[] = [];
  const bareBank = await createBank({ guards: BARE_GUARDS });
  const bank = await createBank({ guards: BARE_GUARDS, onRequest: (request) => received.push(request) });
  const config = loadBankConfig(bank.url, join(folder, 'state'), workers);
  const gateway = await startOwnGateway(config);
  const extras: OwnGateway[] = [];
  return {
    isOwn: true,
    target: gateway.target,
    bareBank: observeOwn(bareBank),
    bank: observeOwn(bank),
    received,
    gateway,
    gatewayWith: async (change) => {
      const extra = startOwnGateway(change({ ...config, state: mkdtempSync(join(folder, 'state-')) }));
      extras.push(await extra);
      return extra;
    },
    close: async () => {
      // Safe to call twice: most attacks have closed theirs.
      await Promise.all(extras.map((each) => each.close()));
      await gateway.close();
      await bank.close();
      await bareBank.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
