import { memoryStorage } from '@hauberk/sdk/node';
import { simulatedPhone } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import { appOn, phoneGround, tryApp } from './phones.ts';
import type { OwnGateway } from './world.ts';

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

/** The note is kept behind the answer: a moment's patience. */
const isInHistory = async (gateway: OwnGateway, device: string): Promise<boolean> => {
  for (let look = 0; look < 100; look += 1) {
    const shown = await gateway.running().deviceAdministration.show(device);
    if (shown.ok && shown.value.history.some(({ kind }) => kind === 'refused')) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
};

/** The app's storage is copied from one phone to another genuine one, or to a machine that makes a key of the same name. */
export const attack: Attack = {
  id: 'cloned-phone',
  title: "a phone's app storage is copied to another phone",
  expected: 'no session: the key stayed in the first phone, which goes on; the try is in its history',
  needs: 'own-gateway',
  run: async (world) => {
    const { makers, target, gateway } = await phoneGround(world);
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
    const identity = await storage.read('identity');
    const isCaught = await isInHistory(gateway, identity?.deviceId ?? '');
    const isOut = isCaught && !asIs.startsWith('tier') && !renamed.startsWith('tier');
    return {
      observed: `copied ${asIs}, with a key of that name ${renamed}, owner ${kept}, ${isCaught ? 'in' : 'not in'} the history`,
      held: isOut && kept < 500,
    };
  },
  // A key of software is in the storage, and whoever copies it is the device.
  control: async (world) => {
    const { target } = await phoneGround(world, { app: { software: 'allowed' } });
    const storage = memoryStorage();
    await appOn(target, undefined, storage).connect();
    return (await tryApp(appOn(target, undefined, await copyOf(storage)))) === 'tier 0';
  },
};
