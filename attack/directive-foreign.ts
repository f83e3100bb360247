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

const other = 'another-app';

/** A genuine directive of one app, given out to an app: to which one, `asApp` says. */
const serve = async (world: World, asApp: string | undefined): Promise<DirectiveVictim> => {
  const gateway = await world.gatewayWith((config) => {
    const [app] = config.apps;
    return app === undefined ? config : { ...config, apps: [app, { ...app, id: other }] };
  });
  const target = gateway.target();
  await publishDirective(gateway, 'privacy.stop', stopping('of-another'), { app: other });
  const victim = await askFor({ ...target, app: asApp ?? target.app }, await documentsOf(target, other));
  await gateway.close();
  return victim;
};

/** What was signed for somebody else says nothing here. */
export const attack: Attack = {
  id: 'directive-foreign',
  title: "a genuine directive of another of the bank's apps is given out",
  expected: 'the scope is signed and is not this app: nothing is in force',
  needs: 'own-gateway',
  run: async (world) => refusedFor(await serve(world, undefined), 'document.scope'),
  control: async (world) => (await serve(world, other)).chains()[0] === 'of-another',
};
