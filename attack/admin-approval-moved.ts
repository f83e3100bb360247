import { administratorOf, codeOf, firstAppOf, proposeUnsuspend, stateOf, suspend } from './admin-people.ts';
import type { Attack } from './attack.ts';
import { newVictim } from './victim.ts';
import type { World } from './world.ts';

const begin = async (world: World) => {
  const root = await administratorOf(world.gateway.running());
  const [alice, bob] = [await root.issueTo('alice'), await root.issueTo('bob')];
  const app = await firstAppOf(root);
  const { device } = await newVictim(world.target());
  await suspend(alice, app, device.deviceId);
  const proposal = await proposeUnsuspend(alice, app, device.deviceId);
  return { alice, bob, app, device: device.deviceId, proposal, at: { app, approval: proposal.id } };
};

/** An approval that was given once is used again: on its own proposal, and on the next one for the same device. */
export const attack: Attack = {
  id: 'admin-approval-moved',
  title: 'an approval is played back, and carried to another proposal',
  expected: 'the device stays suspended',
  needs: 'own-gateway',
  run: async (world) => {
    const { alice, bob, app, device, proposal, at } = await begin(world);
    const body = { changeHash: proposal.changeHash };
    await bob.api.approve({ ...at, body });
    await suspend(alice, app, device);
    const again = await codeOf(bob.api.approve({ ...at, body }));
    await codeOf(alice.api.execute(at));
    const next = await proposeUnsuspend(alice, app, device);
    const moved = await codeOf(bob.api.approve({ app, approval: next.id, body }));
    const state = await stateOf(bob, app, device);
    return { observed: `again: ${again}, moved: ${moved}, device ${state}`, held: state === 'suspended' };
  },
  control: async (world) => {
    const { bob, app, device, proposal, at } = await begin(world);
    await bob.api.approve({ ...at, body: { changeHash: proposal.changeHash } });
    return (await stateOf(bob, app, device)) !== 'suspended';
  },
};
