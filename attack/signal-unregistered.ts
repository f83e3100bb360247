import type { Attack } from './attack.ts';
import { newSignalPhone, shown } from './signal-reporter.ts';

/** An app collects what nobody registered, or asks for more than its scene may, under the cover of fraud prevention. */
export const attack: Attack = {
  id: 'signal-unregistered',
  title: 'an app tells of what no rule names, and of more than its scene may ask for',
  expected: 'it is dropped by code and not kept; that it came is a signal',
  needs: 'own-gateway',
  run: async ({ gateway }) => {
    const phone = await newSignalPhone(gateway);
    const { status } = await phone.report([{ code: 'contacts.names', source: 'web' }, 'farm.still'], {
      scene: 'launch',
    });
    const { kept, refused } = await phone.kept();
    const isDropped = refused.includes('contacts.names: signal.unregistered');
    const isBeyond = refused.includes('farm.still: signal.beyond-scene');
    const isKept = kept.includes('contacts.names') || kept.includes('farm.still');
    return {
      observed: `${status}; refused ${shown(refused)}; kept ${shown(kept)}`,
      held: isDropped && isBeyond && !isKept && phone.codes().includes('client.unregistered'),
    };
  },
  // A registered one in a scene that may ask for it takes the same way and is kept.
  control: async ({ gateway }) => {
    const phone = await newSignalPhone(gateway);
    await phone.report(['farm.still'], { scene: 'pay' });
    return (await phone.kept()).kept.includes('farm.still') && phone.codes().includes('farm.still');
  },
};
