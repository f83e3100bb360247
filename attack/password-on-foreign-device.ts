import type { Attack } from './attack.ts';
import { appOn, phoneGround } from './phones.ts';
import { nextCustomer } from './victim.ts';
import type { World } from './world.ts';

/** Logs in with a stolen password from a machine without hardware: the status, and the code of the problem. */
const logIn = async (world: World, loginTier: string | undefined): Promise<string> => {
  const loosened = { app: { software: 'allowed' as const }, ...(loginTier === undefined ? {} : { loginTier }) };
  const { target } = await phoneGround(world, loosened);
  const { username, password } = nextCustomer();
  const reply = await appOn(target, undefined).fetch('/api/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  const told = (await reply.json()) as { readonly code?: string };
  return `${reply.status} ${told.code ?? ''}`.trim();
};

/** The password is right, the device is a script: routes may ask for a phone. */
export const attack: Attack = {
  id: 'password-on-foreign-device',
  title: 'a stolen password is used on a device without hardware',
  expected: 'refused before the bank sees the password: the route asks for hardware',
  needs: 'own-gateway',
  run: async (world) => {
    const answer = await logIn(world, 'hardware');
    return { observed: answer, held: answer === '403 attestation-required' };
  },
  // Where the route asks for nothing.
  control: async (world) => (await logIn(world, undefined)).startsWith('200'),
};
