import type { Attack } from './attack.ts';
import { newSignalPhone, shown } from './signal-reporter.ts';

/** The probes are cut out, and the answer to the gateway's question is left empty or guessed. */
export const attack: Attack = {
  id: 'signal-canary-forged',
  title: 'a client without probes guesses the canary, or leaves it out',
  expected: 'client.canaryForged, client.canaryMissing',
  needs: 'own-gateway',
  run: async ({ gateway }) => {
    const [guessing, mute] = [await newSignalPhone(gateway), await newSignalPhone(gateway)];
    await guessing.report([], { lie: 'wrong-canary' });
    await mute.report(['hook.frida'], { lie: 'no-canary' });
    const [guessed, left] = [guessing.codes(), mute.codes()];
    return {
      observed: `guessed: ${shown(guessed)}; left out: ${shown(left)}`,
      held: guessed.includes('client.canaryForged') && left.includes('client.canaryMissing'),
    };
  },
  control: async ({ gateway }) => {
    const [guessing, honest] = [await newSignalPhone(gateway), await newSignalPhone(gateway)];
    await guessing.reportBlind([], { lie: 'wrong-canary' });
    await honest.report([], { ran: ['hook.frida'] });
    return guessing.codes().length === 0 && honest.codes().length === 0;
  },
};
