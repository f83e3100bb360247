import type { Attack } from './attack.ts';
import { appOn, phoneGround, tryApp, tryTrick } from './phones.ts';

/** No phone at all: an emulator whose key store is software says so itself, or says nothing. */
export const attack: Attack = {
  id: 'emulator',
  title: 'an emulator enrols',
  expected: 'refused: its key store is software, and software is no evidence here',
  needs: 'own-gateway',
  run: async (world) => {
    const ground = await phoneGround(world);
    const stated = await tryTrick(ground, 'android', ['emulator']);
    const silent = await tryApp(appOn(ground.target, undefined));
    const held = stated === 'enrolment-refused' && silent === 'enrolment-refused';
    return { observed: `with evidence ${stated}, without ${silent}`, held };
  },
  // Where the app takes keys of software.
  control: async (world) => {
    const { target } = await phoneGround(world, { app: { software: 'allowed' } });
    return (await tryApp(appOn(target, undefined))) === 'tier 0';
  },
};
