import {
  administratorOf,
  codeOf,
  firstAppOf,
  type Operator,
  proposeUnsuspend,
  stateOf,
  suspend,
} from './admin-people.ts';
import type { Attack } from './attack.ts';
import { newVictim } from './victim.ts';
import type { World } from './world.ts';

const begin = async (world: World) => {
  const root = await administratorOf(world.gateway.running());
  const [alice, bob] = [await root.issueTo('alice'), await root.issueTo('bob')];
  const app = await firstAppOf(root);
  const { device } = await newVictim(world.target());
  await suspend(alice, app, device.deviceId);
  return { alice, bob, app, device: device.deviceId };
};

const approveAs = (
  who: Operator,
  app: string,
  { id, changeHash }: { readonly id: string; readonly changeHash: string },
) => codeOf(who.api.approve({ app, approval: id, body: { changeHash } }));

/** Whoever may issue tokens issues one in another name, and is two people. */
export const attack: Attack = {
  id: 'admin-second-self',
  title: 'one person issues a second token and approves their own change',
  expected: 'refused as their own, the device stays suspended',
  needs: 'own-gateway',
  run: async (world) => {
    const { alice, bob, app, device } = await begin(world);
    const second = await alice.issueTo('somebody-else');
    const third = await second.issueTo('yet-another');
    const own = await proposeUnsuspend(alice, app, device);
    const theirs = await proposeUnsuspend(second, app, device);
    const codes = [
      await approveAs(alice, app, own),
      await approveAs(second, app, own),
      await approveAs(third, app, own),
      await approveAs(alice, app, theirs),
      await approveAs(third, app, theirs),
    ];
    const state = await stateOf(bob, app, device);
    return {
      observed: `${codes.join(', ')}, device ${state}`,
      held: codes.every((code) => code === 'approval-own') && state === 'suspended',
    };
  },
  control: async (world) => {
    const { alice, bob, app, device } = await begin(world);
    await approveAs(bob, app, await proposeUnsuspend(alice, app, device));
    return (await stateOf(bob, app, device)) !== 'suspended';
  },
};
