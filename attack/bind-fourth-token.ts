import { endpoint } from '@hauberk/channel/client';
import type { Attack } from './attack.ts';
import { type Actor, bareStage, saidOf } from './binding-actor.ts';
import { type BindingGround, bindingGround, goodSim, logInOn, simPhone } from './binding-ground.ts';

const fourth = async (start: Actor['start']): Promise<string> => {
  for (const profile of ['one', 'two', 'three']) await start(profile);
  return saidOf(await start('four'));
};

/** Four tokens on one phone, each in a new login of another customer, so that only the device's own limit stands. */
const onGateway = async (ground: BindingGround): Promise<string> => {
  const { app, name } = await simPhone(ground, ground.freshCustomer());
  return fourth(async () => {
    const customer = ground.freshCustomer();
    const authorization = await logInOn(app, customer);
    const headers = { 'content-type': 'application/json', authorization };
    const body = JSON.stringify({
      do: 'start',
      number: ground.numberOf(customer),
      fingerprint: name,
      replaces: false,
      app: 51,
      system: { family: 'android', version: 16, patchLevel: 202_609 },
      evidence: goodSim,
    });
    const reply = await app.fetch(endpoint.bind, { method: 'POST', headers, body });
    const { state, code = '' } = (await reply.json()) as { readonly state: string; readonly code?: string };
    return { state, code, attempt: '', vmn: '', text: '' };
  });
};

/** A farm asks for tokens until one fits. */
export const attack: Attack = {
  id: 'bind-fourth-token',
  title: 'a device asks for a fourth token',
  expected: 'blocked for 24 h, whoever is logged in',
  needs: 'own-gateway',
  run: async (world) => {
    const observed = await onGateway(await bindingGround(world, { name: 'tokens' }));
    return { observed, held: observed === 'declined binding.device-blocked' };
  },
  control: async () => {
    const phone = await bareStage(['token-limit']).actor();
    return (await fourth(phone.start)) === 'issued';
  },
};
