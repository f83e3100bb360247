import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { memoryStorage } from '@hauberk/sdk/node';
import type { Attack } from './attack.ts';
import { sdkFor, sdkLogIn, sdkTransfer } from './sdk-customer.ts';
import { nextReference, timesBooked } from './victim.ts';
import { type Device, makeHello, openSession, sendHello } from './wire-client.ts';
import type { World } from './world.ts';

/** An app has worked for a while; the attacker copies everything that its storage holds. */
const copyStorage = async (world: World) => {
  const storage = memoryStorage();
  const customer = await sdkLogIn(sdkFor(world.target(), world.target().gateway, { storage }));
  await sdkTransfer(customer, nextReference());
  const identity = await storage.read('identity');
  const resume = await storage.read('resume');
  if (identity?.deviceId === undefined || identity.deviceId === null || resume === undefined)
    throw new Error('the app stored no device');
  return {
    storage,
    customer,
    identity: { key: identity.keyPair, deviceId: identity.deviceId } satisfies Device,
    resumeTicket: resume.ticket,
  };
};

/** Storage copied to another machine: a platform that holds the key gives the thief everything but its use. */
export const attack: Attack = {
  id: 'cloned-storage',
  title: "the app's storage is copied to another machine",
  expected: 'no keys or counters of a session are in it, no session opens without the key, the owner goes on',
  run: async (world) => {
    const { storage, customer, identity, resumeTicket } = await copyStorage(world);
    // Everything but the use of the key, which does not leave the platform that holds it.
    const thief: Device = {
      ...identity,
      key: { publicKey: identity.key.publicKey, privateKey: (await crypto.generateKeyPair('p256', 'sign')).privateKey },
    };
    const opened = (await sendHello(world.target(), (await makeHello(world.target(), thief, { resumeTicket })).text))
      .status;
    const entries = await Promise.all((['trust', 'resume', 'identity'] as const).map((name) => storage.read(name)));
    const leaks = /requestMac|requestAead|sequence/.test(JSON.stringify(entries));
    const reference = nextReference();
    const owner = await sdkTransfer(customer, reference);
    return {
      observed: `hello of the copy ${opened}, session secrets ${leaks ? 'stored' : 'not stored'}, owner ${owner.status}`,
      held: opened >= 400 && !leaks && owner.status < 300 && (await timesBooked(world.bank, reference)) === 1,
    };
  },
  // In Node the key is a file: whoever copies it is the device, as SECURITY.md says.
  control: async (world) => {
    const { identity, resumeTicket } = await copyStorage(world);
    return (await openSession(world.target(), identity, resumeTicket)).ticket.length > 0;
  },
};
