import type { Attack } from './attack.ts';
import { newSignalPhone, shown } from './signal-reporter.ts';

/** The clean report of an earlier day is shown again, so that what the phone is today is not seen; also across a restart. */
export const attack: Attack = {
  id: 'signal-replayed',
  title: 'a clean report of an earlier day is shown again as a new one, over a restart of the gateway',
  expected: 'client.counterStale, and what was found stays in force',
  needs: 'own-gateway',
  run: async (world) => {
    const gateway = await world.gatewayWith((config) => config);
    const phone = await newSignalPhone(gateway);
    await phone.report([], { ran: ['hook.frida'] });
    await phone.report(['hook.frida']);
    await phone.report([], { lie: 'replayed' });
    const before = phone.codes();
    await gateway.restart();
    const after = phone.codes();
    await gateway.close();
    const holds = (codes: readonly string[]): boolean =>
      codes.includes('hook.frida') && codes.includes('client.counterStale');
    return { observed: `${shown(before)}; after the restart ${shown(after)}`, held: holds(before) && holds(after) };
  },
  // To a gateway that never saw the first, the same report is as good as new.
  control: async ({ gateway }) => {
    const phone = await newSignalPhone(gateway);
    await phone.reportBlind([], { ran: ['hook.frida'], lie: 'replayed' });
    return phone.codes().length === 0;
  },
};
