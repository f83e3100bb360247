import { context, readDocument } from '@hauberk/channel';
import type { Attack } from './attack.ts';
import {
  askFor,
  documentsOf,
  openDirectiveVictim,
  openHostileOrigin,
  publishDirective,
  stopping,
} from './directive-victim.ts';
import type { World } from './world.ts';

const isOf = (document: string, chain: string): boolean => {
  const read = readDocument(context.directive, document);
  return read.ok && JSON.stringify(read.value.payload).includes(chain);
};

/** A directive that was genuine, and that a newer one has replaced. */
const replaced = async (world: World): Promise<string> => {
  await publishDirective(world.gateway, 'privacy.stop', stopping('harmless'));
  const older = (await documentsOf(world.target())).find((document) => isOf(document, 'harmless'));
  await publishDirective(world.gateway, 'privacy.stop', stopping('spying'));
  if (older === undefined) throw new Error('it was not given out');
  return older;
};

/** Keeps an app from stopping a chain by giving it what was published before; also over a restart without a network. */
export const attack: Attack = {
  id: 'directive-rollback',
  title: 'an older directive is given out again, also to an app that was started anew',
  expected: 'no app goes below a version that was in force there',
  needs: 'own-gateway',
  run: async (world) => {
    const older = await replaced(world);
    const origin = await openHostileOrigin(world.target());
    const victim = openDirectiveVictim(world.target(), origin.url);
    await victim.ask();
    const before = victim.chains();
    origin.documents = [older];
    await victim.ask();
    const after = victim.chains();
    const anew = openDirectiveVictim(world.target(), origin.url, { storage: victim.storage });
    await anew.ask();
    await origin.close();
    const seen = [before, after, anew.chains()].map(([chain = 'nothing']) => chain);
    return { observed: seen.join(', '), held: seen.every((chain) => chain === 'spying') };
  },
  control: async (world) => {
    // An app that never saw the newer one has nothing to go by but its time.
    const victim = await askFor(world.target(), [await replaced(world)]);
    return victim.chains()[0] === 'harmless';
  },
};
