import { header } from '@hauberk/channel';
import type { Attack } from './attack.ts';
import { cavageCall, honestPass, leaks, onMigratedGateway } from './migrated-client.ts';
import { craftTransfer, newVictim, nextReference } from './victim.ts';

/** HB/1 headers of any kind beside a weaker credential: failing the strong one must not lead to the weak one. */
export const attack: Attack = {
  id: 'migration-downgrade',
  title: 'a weaker credential beside HB/1 headers that fail',
  expected: 'none reaches the bank',
  needs: 'own-gateway',
  run: (world) =>
    onMigratedGateway(world, async (gateway) => {
      const victim = await newVictim(world.target());
      const crafted = await craftTransfer(victim, nextReference());
      const ticket = victim.session.ticket;
      const input = String(crafted.headers[header.signatureInput] ?? '');
      const beside = (extra: Readonly<Record<string, string>>) => {
        const call = cavageCall();
        return { ...call, headers: { ...call.headers, ...extra } };
      };
      const leaked = await leaks(world, gateway, {
        'a ticket': beside({ [header.ticket]: ticket }),
        'a signature input': beside({ [header.signatureInput]: input }),
        both: beside({ [header.ticket]: ticket, [header.signatureInput]: input }),
        'a hello': beside({ [header.hello]: 'x' }),
      });
      const observed = leaked.length === 0 ? '4 ways down refused' : `passed beside ${leaked.join(', ')}`;
      return { observed, held: leaked.length === 0 };
    }),
  control: (world) => honestPass(world, () => [cavageCall()]),
};
