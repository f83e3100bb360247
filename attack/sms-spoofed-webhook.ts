import type { Attack } from './attack.ts';
import { lastWord } from './binding-actor.ts';
import { askOn, counted, post, smsGround, webhookLink } from './sms-ground.ts';
import type { World } from './world.ts';

/** The aggregator calls from here; the attacker cannot. */
const aggregator = '192.0.2.7';
const links = [webhookLink('guarded', [`${aggregator}/32`]), webhookLink('open', ['127.0.0.0/8'])];

const forge = async (world: World, link: string): Promise<{ readonly status: number; readonly end: string }> => {
  const ground = await smsGround(world, 'webhooks', links);
  const { actor, delivery } = await askOn(ground, { simTricks: ['unsent-sms', 'hooked-sent-items'] });
  const headers = { 'x-forwarded-for': aggregator, forwarded: `for=${aggregator}`, 'x-real-ip': aggregator };
  const status = await post(ground, link, delivery, headers);
  await counted(ground);
  return { status, end: await lastWord(actor) };
};

/** Who may call says which sender numbers are believed: a forged delivery would be the victim's SMS. */
export const attack: Attack = {
  id: 'sms-spoofed-webhook',
  title: 'a stranger calls the webhook in the place of the aggregator',
  expected: 'refused with 403; the attempt waits for its SMS',
  needs: 'own-gateway',
  run: async (world) => {
    const { status, end } = await forge(world, 'guarded');
    return { observed: `${status}, ${end}`, held: status === 403 && end.startsWith('issued') };
  },
  control: async (world) => (await forge(world, 'open')).end === 'bound',
};
