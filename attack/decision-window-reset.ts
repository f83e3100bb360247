import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Attack } from './attack.ts';
import { nextCustomer, passwordStep } from './victim.ts';
import { enrol, openSession } from './wire-client.ts';
import type { World } from './world.ts';

/** One customer more than the demo bank's policy lets one device know in an hour. */
const customers = 7;

/** One device logs customers in until it is denied, waits for a restart, and goes on; answers both codes. */
const tryOver = async (world: World, forgets: boolean): Promise<readonly [before: string, after: string]> => {
  let state = '';
  const gateway = await world.gatewayWith((config) => {
    state = config.state;
    return config;
  });
  try {
    const device = await enrol(gateway.target());
    const login = async (count: number): Promise<string> => {
      const target = gateway.target();
      const session = await openSession(target, device);
      let code = '';
      for (let turn = 0; turn < count; turn += 1) ({ code } = await passwordStep(target, session, nextCustomer()));
      return code;
    };
    const before = await login(customers);
    if (forgets) rmSync(join(state, 'profiles'), { recursive: true });
    await gateway.restart();
    return [before, await login(1)];
  } finally {
    await gateway.close();
  }
};

/** A bot that was denied tries again after every restart of the gateway, as if nobody had seen it before. */
export const attack: Attack = {
  id: 'decision-window-reset',
  title: 'a denied device goes on after a restart',
  expected: 'windows go on where they were: it is denied again',
  needs: 'own-gateway',
  run: async (world) => {
    const [before, after] = await tryOver(world, false);
    return { observed: `${before}, after the restart ${after}`, held: before === 'forbidden' && after === 'forbidden' };
  },
  control: async (world) => {
    const [before, after] = await tryOver(world, true);
    return before === 'forbidden' && after !== 'forbidden';
  },
};
