import { context, readDocument, signDocument } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import type { Attack } from './attack.ts';
import {
  type DirectiveVictim,
  documentsOf,
  openDirectiveVictim,
  openHostileOrigin,
  publishDirective,
  stopping,
} from './directive-victim.ts';
import type { World } from './world.ts';

const many = 600;
/** What an app looks at, at most, of one file. */
const looked = 256;

/** The genuine directive behind forged ones. */
const serve = async (world: World, forged: number): Promise<DirectiveVictim> => {
  await publishDirective(world.gateway, 'privacy.stop', stopping('of-an-sdk'));
  const target = world.target();
  const genuine = await documentsOf(target);
  const origin = await openHostileOrigin(target);
  const victim = openDirectiveVictim(target, origin.url);
  await victim.ask();
  const own = nodeCrypto.generateKeyPair('p256', 'sign');
  const read = readDocument(context.directive, genuine.at(-1) ?? '');
  if (!read.ok) throw new Error(read.code);
  const { payload } = read.value;
  origin.documents = Array.from({ length: forged }, (_, index) =>
    signDocument(nodeCrypto, own.privateKey, context.directive, { ...payload, version: 1000 + index, body: {} }),
  );
  await victim.ask().catch(() => undefined);
  await origin.close();
  return victim;
};

/** A file without end is to keep an app busy, and to push out what it holds. */
export const attack: Attack = {
  id: 'directive-flood',
  title: 'a host gives out hundreds of forged directives at a time',
  expected: 'a bounded number is looked at, what is in force stays',
  needs: 'own-gateway',
  run: async (world) => {
    const victim = await serve(world, many);
    const refused = Object.values(victim.refused()).reduce((sum, count) => sum + count, 0);
    return {
      observed: `${refused} of ${many} looked at, ${victim.chains()[0] ?? 'nothing'} in force`,
      held: refused <= looked && victim.chains()[0] === 'of-an-sdk',
    };
  },
  control: async (world) => (await serve(world, looked)).refused()['document.signature'] === looked,
};
