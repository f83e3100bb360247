/**
 * Which of two identity keys is the device's. A key that hands over is kept beside its successor until the gateway has shown, in an authenticated
 * handshake, which of them it knows: a kill, or a lost answer, in between costs no device.
 */
import type { KeysHost } from '../core/keys-port.ts';

/** The successor is the identity from now on; the old key is deleted where the host can. */
export const retire = async ({ context, sessions }: KeysHost, deviceId: string): Promise<void> => {
  const { storage } = context.ports;
  const [successor, old] = [await storage.read('successor'), await storage.read('identity')];
  if (successor === undefined) return;
  const { keyPair } = successor;
  await storage.update('identity', () => ({ keyPair, deviceId }));
  await storage.remove('successor');
  await storage.remove('resume');
  await sessions.end();
  if (old !== undefined) await context.options.device?.forget?.(old.keyPair).catch(() => undefined);
};

/** Whether the gateway refused a key. The client's own class of errors is not this entry's. */
export const isRefused = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'enrolment-refused' || error.code === 'handshake-refused');

/** Swaps the two keys. */
const swap = async ({ context }: KeysHost, deviceId: string): Promise<void> => {
  const { storage } = context.ports;
  const [one, other] = [await storage.read('identity'), await storage.read('successor')];
  if (one === undefined || other === undefined) return;
  await storage.update('identity', () => ({ keyPair: other.keyPair, deviceId }));
  await storage.update('successor', () => ({ keyPair: one.keyPair, deviceId }));
  await storage.remove('resume');
};

/** Whether the gateway knows the identity key as this device's. One that enrols it as a new device does not. */
const isKnown = async ({ hello }: KeysHost, deviceId: string): Promise<boolean> => {
  try {
    return (await hello()) === deviceId;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
};

/** Which of the two the gateway knows becomes the identity; false when it is neither, and both stay. */
const choose = async (host: KeysHost, deviceId: string): Promise<boolean> => {
  if (await isKnown(host, deviceId)) return true;
  await swap(host, deviceId);
  if (await isKnown(host, deviceId)) return true;
  await swap(host, deviceId);
  return false;
};

/**
 * Finds out which key is the device's where two are kept, and forgets the other one. Throws what an unreachable gateway throws. It may run inside the opening of a
 * session, so it makes handshakes of its own.
 */
export const settleSuccessor = async (host: KeysHost): Promise<void> => {
  const { context, device, sessions } = host;
  const { storage } = context.ports;
  const { ready } = device;
  const [successor, identity] = [await storage.read('successor'), await storage.read('identity')];
  const deviceId = identity?.deviceId;
  if (successor === undefined || deviceId === undefined || deviceId === null) return;
  // The handshakes below ask for the identity key themselves.
  device.ready = undefined;
  try {
    if (!(await choose(host, deviceId))) return;
    const spare = await storage.read('successor');
    await storage.remove('successor');
    sessions.discard(sessions.usable);
    if (spare !== undefined) await context.options.device?.forget?.(spare.keyPair).catch(() => undefined);
  } finally {
    device.ready = ready;
  }
};
