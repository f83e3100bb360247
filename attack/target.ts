/**
 * A foreign gateway as a world to attack: what is known of it stands in a file (docs/attack-target.md). Nothing of it may be restarted or
 * reconfigured, and what was booked is read as its customers read it.
 */
import { readFileSync } from 'node:fs';
import type { DemoCustomer } from '@hauberk/example-bank';
import { fromBase64Url } from '@hauberk/primitives';
import { parse } from 'yaml';
import { z } from 'zod';
import { NotApplicable } from './not-applicable.ts';
import type { ObservedBank } from './observed-bank.ts';
import { observeBare, observeThroughGateway } from './observed-target.ts';
import { useCustomers } from './victim.ts';
import type { Target } from './wire-client.ts';
import type { World } from './world.ts';

/** What the file of a target says. */
export interface TargetFile {
  /** What the apps of this gateway pin. */
  readonly trust: {
    readonly organisation: string;
    readonly app: string;
    readonly service: string;
    readonly configKeys: readonly { readonly kid: string; readonly publicKey: string }[];
  };
  /** An unprotected system with the same API, for the controls. */
  readonly control?: string | undefined;
  readonly customers: readonly TargetCustomer[];
  /** What the gateway offers, as `METHOD /path/{parameter}`; absent for everything that the demo bank has. */
  readonly routes?: readonly string[] | undefined;
}

/** A customer whose credentials the attacker holds. */
export interface TargetCustomer {
  readonly customerId: string;
  readonly username: string;
  readonly password: string;
  /** The printed number, where there is one, is looked for in captured traffic. */
  readonly accounts: readonly {
    readonly accountId: string;
    readonly currency: string;
    readonly number?: string | undefined;
  }[];
}

const text = z.string().min(1);

const customerSchema = z.strictObject({
  customerId: text,
  username: text,
  password: text,
  accounts: z.array(z.strictObject({ accountId: text, currency: text, number: text.optional() })).min(1),
});

const haveOneCurrency = ({ customers: [first, ...others] }: Pick<TargetFile, 'customers'>): boolean =>
  others.some(({ accounts }) => accounts[0]?.currency === first?.accounts[0]?.currency);

const targetFile: z.ZodType<TargetFile> = z
  .strictObject({
    trust: z.strictObject({
      organisation: text,
      app: text,
      service: text,
      configKeys: z.array(z.strictObject({ kid: text, publicKey: text })).min(1),
    }),
    control: z.url({ protocol: /^http$/ }).optional(),
    customers: z.array(customerSchema).min(2),
    routes: z.array(z.string().regex(/^[A-Z]+ \/\S*$/, 'is METHOD /path')).optional(),
  })
  .refine(haveOneCurrency, { path: ['customers'], message: 'the first accounts of two have one currency' });

/** The file of a target, or what is wrong with it. */
export const readTargetFile = (
  file: string,
): { readonly ok: true; readonly value: TargetFile } | { readonly ok: false; readonly message: string } => {
  try {
    const parsed = targetFile.safeParse(parse(readFileSync(file, 'utf8')));
    if (parsed.success) return { ok: true, value: parsed.data };
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
    return { ok: false, message: issues.join('; ') };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
};

const demoCustomer = (one: TargetCustomer): DemoCustomer => ({
  ...one,
  name: one.username,
  accounts: one.accounts.map(
    (held) =>
      ({
        ...held,
        number: held.number ?? '',
        name: held.accountId,
        kind: 'current',
      }) as DemoCustomer['accounts'][number],
  ),
});

const keysOf = ({ trust }: TargetFile): Target['configKeys'] =>
  trust.configKeys.map(({ kid, publicKey }) => ({ kid, publicKey: fromBase64Url(publicKey) ?? new Uint8Array(0) }));

const targetOf = (gateway: string, file: TargetFile): Target => {
  const { organisation, app, service } = file.trust;
  const target = { gateway, organisation, app, service, configKeys: keysOf(file) };
  return file.routes === undefined ? target : { ...target, routes: file.routes };
};

const missing = (what: string): never => {
  throw new NotApplicable(`needs ${what}`);
};

/** The world around a foreign gateway. */
export const foreignWorld = (gateway: string, file: TargetFile): World => {
  const customers = file.customers.map(demoCustomer);
  useCustomers(customers);
  const target = targetOf(gateway, file);
  const bank: ObservedBank = observeThroughGateway(target, customers);
  const { control } = file;
  const bareBank = control === undefined ? undefined : observeBare(control, customers);
  return {
    isOwn: false,
    target: () => target,
    get bareBank(): ObservedBank {
      return bareBank ?? missing('an unprotected control system');
    },
    bank,
    get received() {
      return missing('sight of what the system behind the gateway received');
    },
    get gateway() {
      return missing('a gateway of its own');
    },
    gatewayWith: () => missing('a gateway of its own'),
    close: () => Promise.resolve(),
  };
};
