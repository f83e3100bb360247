import type { Attack } from './attack.ts';
import { newSignalPhone, shown } from './signal-reporter.ts';

/** A hook swallows what probes find before it is reported; the phone looks clean. */
export const attack: Attack = {
  id: 'signal-silenced',
  title: 'a hook takes every signal out between the probes and the report',
  expected: 'the canary does not fit what was told: client.canaryForged',
  needs: 'own-gateway',
  run: async ({ gateway }) => {
    const phone = await newSignalPhone(gateway);
    await phone.report(['hook.frida', 'automation.webdriver'], { lie: 'silenced' });
    const codes = phone.codes();
    return { observed: shown(codes), held: codes.includes('client.canaryForged') };
  },
  // Without a question nothing is answered: the same hook goes unseen.
  control: async ({ gateway }) => {
    const phone = await newSignalPhone(gateway);
    await phone.reportBlind(['hook.frida', 'automation.webdriver'], { lie: 'silenced' });
    return phone.codes().length === 0;
  },
};
