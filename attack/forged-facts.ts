import type { Attack } from './attack.ts';
import { send } from './http-call.ts';
import { bareCall, bareLogin, craftTransfer, newVictim, nextCustomer, nextReference } from './victim.ts';
import { deliver } from './wire-client.ts';

const spellings = [
  'hauberk-verified-customer',
  'Hauberk-Verified-Customer',
  'HAUBERK-VERIFIED-CUSTOMER',
  'hauberk_verified_customer',
  'Hauberk_Verified_Customer',
  'hauberk.verified.customer',
  'hauberk-verified_customer',
  'hauberk-verified-signature',
  'hauberk-verified-anything',
];
const forged = 'forged-customer';

/** The client brings verified facts itself, in every spelling that a server may fold to one name. */
export const attack: Attack = {
  id: 'forged-facts',
  title: 'forged fact headers in every spelling, and facts struck out through Connection',
  expected: 'no forged value reaches the bank, and the real facts do',
  run: async (world) => {
    const victim = await newVictim(world.target());
    const leaks: string[] = [];
    for (const name of [...spellings, 'connection']) {
      const crafted = await craftTransfer(victim, nextReference());
      const value = name === 'connection' ? 'close, hauberk-verified-customer, hauberk-verified-signature' : forged;
      const before = world.received.length;
      await deliver(victim.target, victim.session, { ...crafted, headers: { ...crafted.headers, [name]: value } });
      const seen = world.received.slice(before).map(({ rawHeaders }) => rawHeaders.join('\n').toLowerCase());
      if (seen.some((headers) => headers.includes(forged))) leaks.push(`${name} leaked`);
      if (
        seen.some(
          (headers) => !headers.includes(`hauberk-verified-customer\n${victim.customer.customerId.toLowerCase()}`),
        )
      )
        leaks.push(`${name} hid the facts`);
    }
    const open = await send(victim.target.gateway, {
      method: 'GET',
      path: '/api/public/rates',
      headers: Object.fromEntries(spellings.map((name) => [name, forged])),
    });
    const last = world.received.at(-1)?.rawHeaders.join('\n') ?? '';
    if (last.includes(forged)) leaks.push('an unprotected route leaked');
    return {
      observed:
        leaks.length === 0 ? `${spellings.length + 1} spellings stripped, open route ${open.status}` : leaks.join('; '),
      held: leaks.length === 0,
    };
  },
  control: async (world) => {
    // A bank that trusts headers on a network where no gateway strips them takes the forged name as it comes.
    const authorization = await bareLogin(world.bareBank, nextCustomer());
    const reply = await bareCall(world.bareBank, 'GET', '/api/accounts', {
      authorization,
      'hauberk-verified-customer': forged,
    });
    return reply.status === 200;
  },
};
