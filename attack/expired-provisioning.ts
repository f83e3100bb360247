import { type AndroidChainTrust, verifyAndroidKey } from '@hauberk/attestation';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { days, durationMs, epochMs } from '@hauberk/primitives';
import { simulatedPhone } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import { certificatesOf, evidenceChallenge, fetchChallenge, keyIn, phoneGround, tryTrick } from './phones.ts';

/** A provisioned certificate lives for weeks, so that a stolen one ends by itself. This one is over. */
export const attack: Attack = {
  id: 'expired-provisioning',
  title: 'a provisioned chain that is over is shown',
  expected: 'refused: dates count in provisioned chains',
  needs: 'own-gateway',
  run: async (world) => {
    const answer = await tryTrick(await phoneGround(world), 'android', ['expired-provisioning']);
    return { observed: answer, held: answer === 'enrolment-refused' };
  },
  // In its own time it was good.
  control: async (world) => {
    const { makers, target } = await phoneGround(world);
    const phone = simulatedPhone('android', { world: makers, tricks: ['expired-provisioning'] });
    const challenge = evidenceChallenge(target, await fetchChallenge(target));
    const { evidence } = await keyIn(phone, challenge);
    const then = epochMs(makers.now() - durationMs(45 * days(1)));
    const trust: AndroidChainTrust = {
      anchorKeys: [makers.android.anchorKey],
      revocation: { takenAt: then, statuses: new Map() },
      now: then,
    };
    return verifyAndroidKey(certificatesOf(evidence), trust, { challenge }, nodeEvidenceCrypto).ok;
  },
};
