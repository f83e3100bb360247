import { memoryStorage } from '@hauberk/sdk/node';
import { simulatedPhone } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import { appOn, phoneGround, tryApp } from './phones.ts';

/** Everything that the app stored, copied: device id, resume ticket, and the names of keys. */
const copyOf = async (storage: ReturnType<typeof memoryStorage>) => {
  const [identity, resume, trust] = await Promise.all([
    storage.read('identity'),
    storage.read('resume'),
    storage.read('trust'),
  ]);
  if (identity === undefined || resume === undefined || trust === undefined) throw new Error('the app stored nothing');
  return memoryStorage({ identity, resume, trust });
};

/** The app's storage is copied from one phone to another genuine one, or to a machine that makes a key of the same name. */
export const attack: Attack = {
  id: 'cloned-phone',
  title: "a phone's app storage is copied to another phone",
  expected: 'no session: the key stayed in the first phone, which goes on',
  needs: 'own-gateway',
  run: async (world) => {
    const { makers, target } = await phoneGround(world);
    const storage = memoryStorage();
    const owner = appOn(target, simulatedPhone('android', { world: makers }), storage);
    await owner.connect();
    const other = simulatedPhone('android', { world: makers });
    const asIs = await tryApp(appOn(target, other, await copyOf(storage)));
    // A key under the copied name, made in the thief's own phone.
    const handle = (await storage.read('identity'))?.keyPair.privateKey.handle as { readonly trustedAlias: string };
    await other.backend.createKey({
      alias: handle.trustedAlias,
      use: 'sign',
      userVerification: 'none',
      level: 'hardware',
    });
    const renamed = await tryApp(appOn(target, other, await copyOf(storage)));
    const kept = (await owner.fetch('/api/accounts')).status;
    const isOut = !asIs.startsWith('tier') && !renamed.startsWith('tier');
    return { observed: `copied ${asIs}, with a key of that name ${renamed}, owner ${kept}`, held: isOut && kept < 500 };
  },
  // A key of software is in the storage, and whoever copies it is the device.
  control: async (world) => {
    const { target } = await phoneGround(world, { app: { software: 'allowed' } });
    const storage = memoryStorage();
    await appOn(target, undefined, storage).connect();
    return (await tryApp(appOn(target, undefined, await copyOf(storage)))) === 'tier 0';
  },
};
