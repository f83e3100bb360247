/** `hauberk demo`: demo bank, gateway, honest customers and an attacker on this machine, in a temporary folder, until Ctrl-C. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildApp, createBank, type HauberkTrust, type RunningBank } from '@hauberk/example-bank';
import { type Config, createLog, loadConfig, openStorage, type RunningGateway, startGateway } from '@hauberk/server';
import { type SimulatedWorld, simulatedWorld } from '@hauberk/simulator';
import { type WorldFiles, writeWorldTrust } from '../attack/world-trust.ts';
import { startAttacker, targetOf } from './attacker.ts';
import { attackers } from './binding/attackers.ts';
import { BindingBoard } from './binding/binding-board.ts';
import { type BindingSetup, setUpBinding } from './binding/binding-setup.ts';
import { showBinding } from './binding/show-binding.ts';
import { latestBuild } from './binding/sim-phone.ts';
import { startCustomers } from './customers.ts';
import { DecisionBoard } from './decisions/decision-board.ts';
import { startFraudsters } from './decisions/fraudsters.ts';
import { type OperatorFiles, operatorsText, provisionOperators } from './operators.ts';
import { startPhones } from './phones.ts';
import { PrivacyBoard } from './privacy/privacy-board.ts';
import { buildPage, startVisitor } from './privacy/visitor.ts';
import { Tally } from './tally.ts';
import { startView } from './view.ts';

const usage = `usage: hauberk demo [--port N] [--bank-port N] [--customers N] [--pace MS] [--no-attacker]
  --port        the gateway's port; 8080 when it is free, otherwise any; 0 for any
  --bank-port   the bank's own port, behind the gateway; any by default
  --customers   honest customers at a time, 8 by default
  --pace        milliseconds between two phones that bind, 700 by default
`;

/** What the demo runs with. */
interface DemoOptions {
  readonly port: number | undefined;
  readonly bankPort: number;
  readonly customers: number;
  readonly pace: number;
  readonly attacker: boolean;
}

const configFile = fileURLToPath(new URL('../examples/bank/hauberk.yaml', import.meta.url));
const preferredPort = 8080;
/** State of a gateway that did not get the preferred port. */
const anyPortState = 'state-any-port';
/** The app of the demo that takes hardware or nothing. */
const mobileApp = 'mailbrook-mobile';
const browserApp = 'mailbrook-h5';

const readOptions = (args: readonly string[]): DemoOptions | undefined => {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        port: { type: 'string' },
        'bank-port': { type: 'string', default: '0' },
        customers: { type: 'string', default: '8' },
        pace: { type: 'string', default: '700' },
        attacker: { type: 'boolean', default: true },
      },
    });
    const options = {
      port: values.port === undefined ? undefined : Number(values.port),
      bankPort: Number(values['bank-port']),
      customers: Number(values.customers),
      pace: Number(values.pace),
      attacker: values.attacker,
    };
    const numbers = [options.port ?? 0, options.bankPort, options.customers, options.pace];
    return numbers.every((number) => Number.isInteger(number) && number >= 0 && number <= 65_535) ? options : undefined;
  } catch {
    return undefined;
  }
};

/** The files of the simulated makers, as environment variables over the example's configuration. */
const trustEnvironment = (trust: WorldFiles): Readonly<Record<string, string>> => {
  const { roots, approvedBuilds, androidRevocations } = trust.attestation;
  return {
    ...Object.fromEntries(
      Object.entries(roots).map(([name, file]) => [`HAUBERK__attestation__roots__${name}`, String(file)]),
    ),
    HAUBERK__attestation__approvedBuilds: approvedBuilds,
    HAUBERK__attestation__androidRevocations: androidRevocations,
  };
};

const configFor = (
  bankUrl: string,
  state: string,
  port: number,
  more: Readonly<Record<string, string>> = {},
): Config => {
  const loaded = loadConfig(configFile, {
    HAUBERK__state: state,
    HAUBERK__listen__port: String(port),
    HAUBERK__admin__port: '0',
    HAUBERK__upstreams__bank__origin: bankUrl,
    HAUBERK__limits__enrolmentsPerSecond: '1000',
    HAUBERK__limits__enrolmentBurst: '1000',
    HAUBERK__log__level: 'error',
    ...more,
  });
  if (!loaded.ok) throw new Error(loaded.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  return loaded.config;
};

const startOn = async (
  bankUrl: string,
  state: string,
  port: number,
  more: Readonly<Record<string, string>>,
): Promise<RunningGateway> => {
  const config = configFor(bankUrl, state, port, more);
  return startGateway({
    config,
    storage: await openStorage({ folder: state }),
    version: 'demo',
    log: createLog('error'),
  });
};

const isPortTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

/** The preferred port, or any when somebody has it. A port that was asked for is taken or the demo does not start. */
const startDemoGateway = async (
  bankUrl: string,
  folder: string,
  port: number | undefined,
  more: Readonly<Record<string, string>>,
): Promise<RunningGateway> => {
  try {
    return await startOn(bankUrl, join(folder, 'state'), port ?? preferredPort, more);
  } catch (error) {
    if (port !== undefined || !isPortTaken(error)) throw error;
    return startOn(bankUrl, join(folder, anyPortState), 0, more);
  }
};

const trustOf = (gateway: RunningGateway): HauberkTrust => {
  const { organisation, apps, services, configKeys, minConfigVersion } = gateway.trust();
  return {
    organisation,
    app: apps[0] ?? '',
    service: services[0]?.id ?? '',
    endpoints: [],
    configKeys,
    minConfigVersion,
  };
};

interface RunningDemo {
  readonly bank: RunningBank;
  readonly gateway: RunningGateway;
  /** The makers of the simulated phones. */
  readonly makers: SimulatedWorld;
  readonly files: WorldFiles;
  readonly binding: BindingSetup;
  readonly operators: OperatorFiles;
  /** The bundle of the page that carries two SDKs. */
  readonly page: string;
  readonly accessLog: string;
  readonly stop: () => Promise<void>;
}

const start = async (options: DemoOptions): Promise<RunningDemo> => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-demo-'));
  const appFolder = join(folder, 'app');
  await buildApp(appFolder);
  const page = join(folder, 'page.mjs');
  await buildPage(page);
  let gateway: RunningGateway | undefined;
  const bank = await createBank({
    port: options.bankPort,
    appFolder,
    // The bank serves customers only over facts that the gateway signed: a direct call to its port gets nowhere.
    factsKey: configFor('http://127.0.0.1:1', folder, 0).upstreams['bank']?.factsKey ?? '',
    protectedBy: () => (gateway === undefined ? null : trustOf(gateway)),
  });
  const makers = simulatedWorld();
  const files = writeWorldTrust(folder, makers, mobileApp);
  // The build before the present one is approved too: genuine, and too old to bind.
  files.writeBuilds([latestBuild - 1, latestBuild], [makers.app.bundleVersion]);
  const binding = await setUpBinding(folder, [mobileApp, browserApp]);
  const more = { ...trustEnvironment(files), ...binding.environment };
  gateway = await startDemoGateway(bank.url, folder, options.port, more);
  const running = gateway;
  return {
    bank,
    gateway: running,
    makers,
    files,
    binding,
    operators: await provisionOperators(running, folder),
    page,
    accessLog: join(folder, existsSync(join(folder, anyPortState)) ? anyPortState : 'state', 'access.log'),
    stop: async () => {
      await running.stop();
      binding.close();
      await bank.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const untilAsked = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });

/** Runs `hauberk demo`. */
export const demo = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  if (options === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const stopped = untilAsked();
  const { bank, gateway, makers, files, binding, operators, page, accessLog, stop } = await start(options);
  const tally = new Tally();
  const board = new BindingBoard(options.attacker ? attackers.length : 0);
  const trust = trustOf(gateway);
  process.stdout.write(`ready ${JSON.stringify({ gateway: gateway.url, bank: bank.url, console: null })}\n`);
  process.stderr.write(operatorsText(gateway.adminUrl, { browser: trust.app, phones: mobileApp }, operators));
  const customers = startCustomers({ gateway: gateway.url, trust, count: options.customers, tally });
  const attacker = options.attacker ? startAttacker({ gateway: gateway.url, trust, tally }) : undefined;
  const fraudsters = options.attacker
    ? startFraudsters({ target: targetOf({ gateway: gateway.url, trust }), tally })
    : undefined;
  const phones = startPhones({
    gateway: gateway.url,
    trust,
    app: mobileApp,
    makers,
    writeRevocations: files.writeRevocations,
    tally,
  });
  const sims = showBinding({
    stage: { gateway: gateway.url, trust, mobileApp, browserApp, makers, ...binding },
    board,
    tally,
    withAttackers: options.attacker,
    pace: options.pace,
  });
  const visitors = Array.from({ length: 3 }, () => startVisitor({ bundle: page, gateway: gateway.url, trust }));
  const token = readFileSync(operators.administrator, 'utf8').trim();
  const privacy = new PrivacyBoard({ url: gateway.adminUrl, token }, trust.app);
  const decisions = new DecisionBoard(accessLog);
  const view = startView({ gateway: gateway.url, bank, tally, board, privacy, decisions });
  await stopped;
  view.stop();
  privacy.stop();
  decisions.stop();
  await Promise.all([
    ...visitors.map((visitor) => visitor.stop()),
    customers.stop(),
    phones.stop(),
    sims.stop(),
    attacker?.stop(),
    fraudsters?.stop(),
  ]);
  await stop();
  return 0;
};
