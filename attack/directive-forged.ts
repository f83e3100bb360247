import { context, readDocument, signDocument } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
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

/** What the attacker wants: the genuine directive with another chain, under the genuine key's name, signed by a key of its own. */
const forge = (genuine: string): string => {
  const read = readDocument(context.directive, genuine);
  if (!read.ok) throw new Error(read.code);
  const own = nodeCrypto.generateKeyPair('p256', 'sign');
  const payload = { ...read.value.payload, version: 1000, body: stopping('of-the-bank') };
  return signDocument(nodeCrypto, own.privateKey, context.directive, payload);
};

const serve = async (world: World, pick: (genuine: string) => string): Promise<DirectiveVictim> => {
  await publishDirective(world.gateway, 'privacy.stop', stopping('of-an-sdk'));
  const target = world.target();
  const [genuine = ''] = (await documentsOf(target)).slice(-1);
  return askFor(target, [pick(genuine)]);
};

/** Whoever can answer for the directives (a network for delivery, a proxy) cannot make one. */
export const attack: Attack = {
  id: 'directive-forged',
  title: 'a host on the way gives out a directive of its own',
  expected: 'the signature is not that of a directive key: nothing is in force',
  needs: 'own-gateway',
  run: async (world) => refusedFor(await serve(world, forge), 'document.signature'),
  control: async (world) => (await serve(world, (genuine) => genuine)).chains()[0] === 'of-an-sdk',
};
