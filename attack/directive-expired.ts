import type { Attack } from './attack.ts';
import {
  askFor,
  type DirectiveVictim,
  documentsOf,
  publishDirective,
  refusedFor,
  stopping,
} from './directive-victim.ts';
import type { World } from './world.ts';

const lifeMs = 3_600_000;

/** A copy that a network for delivery still gives out, so long after it was taken. */
const serve = async (world: World, laterMs: number): Promise<DirectiveVictim> => {
  await publishDirective(world.gateway, 'privacy.stop', stopping('of-yesterday'), { lifeMs });
  const target = world.target();
  return askFor(target, await documentsOf(target), { laterMs });
};

/** Withholding what is new works for as long as what is old holds, and no longer. */
export const attack: Attack = {
  id: 'directive-expired',
  title: 'a network for delivery goes on giving out a directive whose time is over',
  expected: 'its end is signed: nothing is in force',
  needs: 'own-gateway',
  run: async (world) => refusedFor(await serve(world, 2 * lifeMs), 'document.expired'),
  control: async (world) => (await serve(world, 0)).chains()[0] === 'of-yesterday',
};
