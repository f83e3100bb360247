/** Operators of the demo: four tokens in files that only their owner may read, so that the commands work without ceremony. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAdminClient, type Grant } from '@hauberk/admin-client';
import { issueStartupSecret, type RunningGateway } from '@hauberk/server';

/** Where the tokens lie. */
export interface OperatorFiles {
  readonly administrator: string;
  /** May change devices. */
  readonly alice: string;
  /** May approve what alice proposes. */
  readonly bob: string;
  /** May ask why something was decided. */
  readonly carol: string;
}

const people: Readonly<Record<'alice' | 'bob' | 'carol', readonly Grant[]>> = {
  alice: [{ app: '*', role: 'operator' }],
  bob: [{ app: '*', role: 'approver' }],
  carol: [{ app: '*', role: 'risk-analyst' }],
};

/** Goes the way of a first start: secret, administrator, a token for each person. */
export const provisionOperators = async (
  { administration, adminUrl }: RunningGateway,
  folder: string,
): Promise<OperatorFiles> => {
  const place = join(folder, 'operators');
  mkdirSync(place, { mode: 0o700 });
  const keep = (name: string, secret: string): string => {
    const file = join(place, `${name}.token`);
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return file;
  };
  const issued = await issueStartupSecret(administration, true);
  if (!issued.ok) throw new Error(issued.code);
  const { secret } = (await createAdminClient({ url: adminUrl }).login({ body: { secret: issued.value.text } })).value;
  const api = createAdminClient({ url: adminUrl, token: secret });
  const tokenOf = async (subject: keyof typeof people): Promise<string> => {
    const { value } = await api.createToken({ body: { subject, label: 'demo', grants: people[subject], days: 1 } });
    return keep(subject, value.secret);
  };
  return {
    administrator: keep('administrator', secret),
    alice: await tokenOf('alice'),
    bob: await tokenOf('bob'),
    carol: await tokenOf('carol'),
  };
};

/** How to use them. */
export const operatorsText = (
  adminUrl: string,
  { browser, phones }: { readonly browser: string; readonly phones: string },
  { administrator, alice, bob, carol }: OperatorFiles,
): string =>
  [
    'operators, in another terminal:',
    `  export HAUBERK_URL=${adminUrl} HAUBERK_TOKEN_FILE=${alice}`,
    `  bin/hauberk device list --app ${phones}`,
    `  bin/hauberk device list --app ${browser}`,
    `  bin/hauberk binding list --app ${phones}, then binding why ATTEMPT, binding timeline ATTEMPT, binding vmn`,
    `  bin/hauberk device suspend ID --app ${browser} --reason "reported by phone"`,
    `  HAUBERK_TOKEN_FILE=${carol} bin/hauberk why DECISION --app ${browser} : the id is on the screen`,
    `  unsuspend takes two: bob approves with ${bob}; the administrator has ${administrator}`,
    '',
  ].join('\n');
