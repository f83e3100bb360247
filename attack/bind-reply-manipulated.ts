import type { BindOptions } from '@hauberk/sdk/bind';
import type { Hauberk } from '@hauberk/sdk/node';
import type { Attack } from './attack.ts';
import { bindingGround, bindOn, simPhone } from './binding-ground.ts';
import type { World } from './world.ts';

/** An app whose replies are rewritten before it reads them. */
const rewritten = (app: Hauberk): BindOptions['hauberk'] => ({
  connect: app.connect,
  fetch: async (input, init) => {
    const reply = await app.fetch(input, init);
    const told = (await reply.json()) as Record<string, unknown>;
    const forged = told['state'] === 'issued' ? told : { ...told, state: 'bound', next: 'done' };
    return new Response(JSON.stringify(forged), { status: 200 });
  },
});

/** What the app shows, and what the gateway has. */
const manipulate = async (world: World) => {
  const ground = await bindingGround(world);
  // The SMS never leaves the phone.
  const phone = await simPhone(ground, ground.freshCustomer(), 'android', [], { simTricks: ['unsent-sms'] });
  const outcome = await bindOn(ground, phone, { hauberk: rewritten(phone.app) });
  const service = ground.gateway.running().bindings?.of(ground.target.app);
  const key = 'of-nobody';
  const login = await service?.login({ profile: phone.customer.customerId, key });
  return {
    shown: outcome.state,
    kept: login?.ok === true && login.value.proof === 'step-up' ? login.value.code : 'bound',
  };
};

/** The client never holds the outcome. */
export const attack: Attack = {
  id: 'bind-reply-manipulated',
  title: 'every reply is rewritten to say bound',
  expected: 'the app shows it, the gateway has no binding',
  needs: 'own-gateway',
  run: async (world) => {
    const { shown, kept } = await manipulate(world);
    return { observed: `shown ${shown}, kept ${kept}`, held: kept === 'binding.unknown' };
  },
  // Whoever believes the client is deceived.
  control: async (world) => (await manipulate(world)).shown === 'bound',
};
