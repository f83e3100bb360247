/** What the demo's gateway is configured with so that phones can bind, and what has to run beside it. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_CUSTOMERS, type DemoCustomer } from '@hauberk/example-bank';
import { type SimulatedNetwork, simulatedNetwork } from '@hauberk/simulator';
import { startOperator } from '../../packages/server/test/fake-operator.ts';
import { numberOf, startNumberDesk } from './number-desk.ts';
import { disconnected, swapped } from './show-binding.ts';
import { latestBuild } from './sim-phone.ts';
import { SmsCenter } from './sms-center.ts';
import { passkeyParty } from './without-sim.ts';

/** The network and the bank's desk, running, and the variables that lay binding over the configuration. */
export interface BindingSetup {
  readonly center: SmsCenter;
  /** The operator of the phones' SIMs. */
  readonly network: SimulatedNetwork;
  readonly codeFor: (number: string) => string | undefined;
  readonly vmns: readonly string[];
  readonly links: { readonly operator: string; readonly bulk: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly close: () => void;
}

/** Keeps B13: none consecutive, none twice. */
const vmns: readonly string[] = Array.from({ length: 12 }, (_, index) => `+9190000000${String(index * 7 + 10)}`);
const links = { operator: 'operator', bulk: 'bulk' } as const;
/** Shorter than the 45 s of the rules, so that whoever watches sees attempts expire. */
const timerSeconds = 15;

const feedFile = (folder: string, name: string, rows: readonly string[]): string => {
  const file = join(folder, name);
  writeFileSync(file, [`as-of,${new Date().toISOString()},count,${rows.length}`, ...rows].join('\n'));
  return file;
};

const dayMs = 86_400_000;

const subscriberOf = (customer: DemoCustomer) => ({
  number: numberOf(customer),
  ...(customer === swapped ? { swapped: new Date(Date.now() - dayMs).toISOString() } : { monitoredDays: 30 }),
});

/** Starts what binding needs. */
export const setUpBinding = async (folder: string, apps: readonly string[]): Promise<BindingSetup> => {
  const [smscPassword, deskToken, secret] = [randomBytes(4), randomBytes(24), randomBytes(24)].map((bytes) =>
    bytes.toString('hex'),
  ) as [string, string, string];
  const center = new SmsCenter(Object.values(links), smscPassword);
  const port = await center.listen();
  const network = simulatedNetwork((sms) => center.carry(links.operator, sms));
  const desk = await startNumberDesk(deskToken, (number, text) => void network.deliver(number, text));
  const operator = await startOperator(DEMO_CUSTOMERS.map(subscriberOf));
  const build = { android: latestBuild, ios: latestBuild };
  const binding = {
    apps: Object.fromEntries(apps.map((app) => [app, build])),
    brand: 'Mailbrook',
    vmns,
    links: [{ id: links.operator }],
    secret,
    credential: { kind: 'authorization' },
    stepUpStep: 'otp',
    relief: { step: 'otp' },
    operator: { url: operator.url, clientId: 'bank', secret: 'secret' },
    passkeys: { rpId: passkeyParty.rpId, origins: [passkeyParty.origin] },
    bank: { url: desk.url, token: deskToken },
    feeds: {
      revoked: feedFile(folder, 'revoked.csv', disconnected === undefined ? [] : [numberOf(disconnected)]),
      risk: feedFile(
        folder,
        'risk.csv',
        DEMO_CUSTOMERS.map((customer) => `${numberOf(customer)},low`),
      ),
    },
    mobileNetworks: ['127.0.0.0/8', '::1/128'],
    policy: { timerSeconds },
  };
  const smpp = { host: '127.0.0.1', port, secret: smscPassword, defaultCoding: 'ascii' };
  const sms = { links: Object.values(links).map((id) => ({ id, smpp: { ...smpp, systemId: id } })) };
  return {
    center,
    network,
    codeFor: (number) => operator.codeFor(number),
    vmns,
    links,
    environment: { HAUBERK__binding: JSON.stringify(binding), HAUBERK__sms: JSON.stringify(sms) },
    close: () => {
      center.close();
      desk.close();
      void operator.close();
    },
  };
};
