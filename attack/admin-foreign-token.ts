import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdminApi } from '@hauberk/admin-client';
import { createAdminClient } from '@hauberk/admin-client';
import { administratorOf, codeOf, firstAppOf } from './admin-people.ts';
import type { Attack } from './attack.ts';
import { newVictim } from './victim.ts';
import type { World } from './world.ts';

/** A record that served one organisation and now serves another, with a token of each. */
const withTwo = async <Answer>(
  world: World,
  use: (own: AdminApi, foreign: AdminApi, names: Names) => Promise<Answer>,
) => {
  const state = mkdtempSync(join(tmpdir(), 'hauberk-two-'));
  const before = await world.gatewayWith((config) => ({ ...config, state, workers: 1, organisation: 'former' }));
  const former = await administratorOf(before.running());
  const { secret } = (
    await former.api.createToken({
      body: { subject: 'eve', label: 'attack', grants: [{ app: '*', role: 'administrator' }] },
    })
  ).value;
  await before.close();
  const now = await world.gatewayWith((config) => ({ ...config, state, workers: 1 }));
  try {
    const own = await administratorOf(now.running());
    const app = await firstAppOf(own);
    const { device } = await newVictim(now.target());
    const { token } = (await own.api.self()).value;
    const foreign = createAdminClient({ url: now.running().adminUrl, token: secret });
    return await use(own.api, foreign, { app, device: device.deviceId, token });
  } finally {
    await now.close();
    rmSync(state, { recursive: true, force: true });
  }
};

interface Names {
  readonly app: string;
  readonly device: string;
  readonly token: string;
}

const tries = async (api: AdminApi, { app, device, token }: Names): Promise<readonly string[]> => [
  await codeOf(api.findDevice({ app, device })),
  await codeOf(api.listDevices({ app })),
  await codeOf(api.changeDevice({ app, device, body: { action: 'suspend', reason: 'attack' } })),
  await codeOf(api.listApprovals({ app })),
  await codeOf(api.listAudit({ app })),
  await codeOf(api.findToken({ token })),
  await codeOf(api.revokeToken({ token })),
];

/** A token of another organisation that lives in the same record, with every right there. */
export const attack: Attack = {
  id: 'admin-foreign-token',
  title: 'a token of another organisation in the same record asks for devices, proposals and tokens',
  expected: 'nothing of it exists to that token',
  needs: 'own-gateway',
  run: (world) =>
    withTwo(world, async (own, foreign, names) => {
      const codes = await tries(foreign, names);
      const { state } = (await own.findDevice(names)).value;
      const listed = (await foreign.listTokens()).value.items.some(({ id }) => id === names.token);
      return {
        observed: `${codes.join(', ')}; device ${state}, token ${listed ? 'listed' : 'not listed'}`,
        held: codes.every((code) => code === 'not-found') && state !== 'suspended' && !listed,
      };
    }),
  control: (world) =>
    withTwo(world, async (own, _foreign, names) => (await tries(own, names)).every((code) => code === 'done')),
};
