import { administratorOf, codeOf, firstAppOf, proposeUnsuspend, stateOf, suspend } from './admin-people.ts';
import type { Attack } from './attack.ts';
import { newVictim } from './victim.ts';
import type { World } from './world.ts';

const begin = async (world: World) => {
  const root = await administratorOf(world.gateway.running());
  const [alice, bob] = [await root.issueTo('alice'), await root.issueTo('bob')];
  const app = await firstAppOf(root);
  const [shown, hidden] = [await newVictim(world.target()), await newVictim(world.target())];
  for (const { device } of [shown, hidden]) await suspend(alice, app, device.deviceId);
  const proposal = await proposeUnsuspend(alice, app, shown.device.deviceId);
  return { alice, bob, app, hidden: hidden.device.deviceId, shown: shown.device.deviceId, proposal };
};

/** The approver reads of one device; before the approval arrives the proposer puts another in its place. */
export const attack: Attack = {
  id: 'admin-edited-change',
  title: 'the change is swapped after the approver has looked at it',
  expected: 'the approval of the old hash is refused, the other device stays suspended',
  needs: 'own-gateway',
  run: async (world) => {
    const { alice, bob, app, hidden, proposal } = await begin(world);
    const { generation } = (await alice.api.findDevice({ app, device: hidden })).value;
    if (proposal.change.kind !== 'device.change') throw new Error('a change of a device was proposed');
    const content = { ...proposal.change.content, devices: [{ id: hidden, generation }] };
    const at = { app, approval: proposal.id };
    await alice.api.editApproval({ ...at, ifMatch: '"1"', body: { kind: 'device.change', content } });
    const approved = await codeOf(bob.api.approve({ ...at, body: { changeHash: proposal.changeHash } }));
    const executed = await codeOf(alice.api.execute(at));
    const state = await stateOf(bob, app, hidden);
    return {
      observed: `approve: ${approved}, execute: ${executed}, device ${state}`,
      held: approved === 'approval-changed' && executed === 'approval-pending' && state === 'suspended',
    };
  },
  control: async (world) => {
    const { bob, app, shown, proposal } = await begin(world);
    await bob.api.approve({ app, approval: proposal.id, body: { changeHash: proposal.changeHash } });
    return (await stateOf(bob, app, shown)) !== 'suspended';
  },
};
