import type { Attack } from './attack.ts';
import { newVictim, victimCall } from './victim.ts';
import { openSession } from './wire-client.ts';

/** A revoked device goes on with its open session, and tries to open another. */
export const attack: Attack = {
  id: 'revoked-device',
  title: 'a revoked device goes on with its open session',
  expected: 'refused on every worker at once, no new session',
  needs: 'own-gateway',
  run: async (world) => {
    const victim = await newVictim(world.target());
    await world.gateway
      .running()
      .deviceAdministration.revoke(victim.device.deviceId, { actor: 'attack', reason: 'reported stolen' });
    const answers = await Promise.all(Array.from({ length: 16 }, () => victimCall(victim, 'GET', '/api/accounts')));
    const resumed = await openSession(victim.target, victim.device, victim.session.resumeTicket).then(
      () => 'a session',
      (error: unknown) => String(error),
    );
    const passed = answers.filter(({ status }) => status === 200).length;
    return { observed: `${passed} of 16 passed, resume: ${resumed}`, held: passed === 0 && resumed !== 'a session' };
  },
  control: async (world) => {
    const victim = await newVictim(world.target());
    return (await victimCall(victim, 'GET', '/api/accounts')).status === 200;
  },
};
