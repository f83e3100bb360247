import type { Attack } from './attack.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { bareLogin, craftTransfer, newVictim, nextCustomer, nextReference } from './victim.ts';
import { deliver } from './wire-client.ts';

/** A capture of a whole visit is searched for everything that must not be in it. */
export const attack: Attack = {
  id: 'capture-reads-nothing',
  title: 'a capture of a whole visit is searched for secrets and bodies',
  expected: 'neither password nor one-time code, credential, account or amount in replies and bodies',
  run: async (world) => {
    const proxy = await startTcpProxy(world.target().gateway);
    const victim = await newVictim({ ...world.target(), gateway: proxy.url });
    const reference = nextReference();
    const answer = await deliver(victim.target, victim.session, await craftTransfer(victim, reference));
    const text = proxy.captured();
    await proxy.close();
    const { customer } = victim;
    const secrets = {
      password: customer.password,
      username: `"${customer.username}"`,
      name: customer.name,
      accountNumber: customer.accounts[0]?.number ?? '',
      body: '"amountMinor"',
      transferId: String(answer.json['transferId']),
    };
    const found = Object.entries(secrets)
      .filter(([, secret]) => secret !== '' && text.includes(secret))
      .map(([name]) => name);
    return {
      observed: found.length === 0 ? `nothing in ${text.length} captured bytes` : `found ${found.join(', ')}`,
      held: answer.status < 300 && found.length === 0,
    };
  },
  control: async (world) => {
    const proxy = await startTcpProxy(world.bareBank.url);
    const customer = nextCustomer();
    await bareLogin({ ...world.bareBank, url: proxy.url }, customer);
    const text = proxy.captured();
    await proxy.close();
    return text.includes(customer.password);
  },
};
