import { endpoint } from '@hauberk/channel/client';
import type { Attack } from './attack.ts';
import { boundGround, boundPhone, type CustomersPhone, loggedIn, saidOf, startOf, tell } from './bound-actor.ts';
import type { World } from './world.ts';

const approve = ({ app, authorization }: CustomersPhone, words: string) =>
  tell(app, authorization, { do: 'approve', words }, endpoint.bindApprove);

/** A device of the attacker, in the victim's login, waits for the bound phone; somebody approves. */
const takeOver = async (world: World, by: 'bound phone' | 'second phone' | 'guesses'): Promise<string> => {
  const ground = await boundGround(world);
  const bound = await boundPhone(ground);
  const { customer } = bound;
  const [device, accomplice] = [await loggedIn(ground, customer), await loggedIn(ground, customer)];
  const { attempt, words = '' } = await tell(
    device.app,
    device.authorization,
    startOf(ground, customer, device.name, 'bound-device'),
  );
  let said = '';
  if (by === 'second phone') said = saidOf(await approve(accomplice, words));
  // Malware that confirms on the bound phone, and does not see the other screen.
  if (by === 'guesses')
    for (let guess = 0; guess < 4; guess += 1) said = saidOf(await approve(bound, `AAAA-AAA${guess}`));
  if (by === 'bound phone') said = saidOf(await approve(bound, words.toLowerCase().replace('-', ' ')));
  const last = saidOf(await tell(device.app, device.authorization, { do: 'confirm', attempt }));
  return `${said}, then ${last}`;
};

/** The attacker knows the password, and has genuine phones. */
export const attack: Attack = {
  id: 'bind-self-approved',
  title: 'a device is let in by a phone that is not bound, or by words that were guessed on the one that is',
  expected: 'unproven: only the bound phone approves, and only the words on the other screen',
  needs: 'own-gateway',
  run: async (world) => {
    const [other, guessed] = [await takeOver(world, 'second phone'), await takeOver(world, 'guesses')];
    const held =
      other === 'declined binding.foreign-device, then issued binding.unproven' &&
      guessed === 'declined binding.no-possession, then issued binding.unproven';
    return { observed: `${other}; ${guessed}`, held };
  },
  control: async (world) => (await takeOver(world, 'bound phone')) === 'proven, then bound',
};
