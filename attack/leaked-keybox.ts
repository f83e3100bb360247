import { type PhoneTrick, simulatedPhone } from '@hauberk/simulator';
import type { Attack } from './attack.ts';
import { appOn, type PhoneGround, phoneGround, tryApp, tryTrick } from './phones.ts';

const tryListed = (ground: PhoneGround, trick: PhoneTrick): Promise<string> => tryTrick(ground, 'android', [trick]);

/**
 * A maker's attestation key leaked: whoever has it attests whatever he likes. It is on the list, under a serial number whose spelling (no leading
 * zero, odd length) is not the certificate's.
 */
export const attack: Attack = {
  id: 'leaked-keybox',
  title: 'a leaked attestation key vouches for software',
  expected: 'refused, however the list spells its serial number, and as suspended too',
  needs: 'own-gateway',
  run: async (world) => {
    const revoked = await tryListed(await phoneGround(world, {}, 'revoked'), 'leaked-keybox');
    const suspended = await tryListed(await phoneGround(world, {}, 'suspended'), 'suspended-keybox');
    const held = revoked === 'enrolment-refused' && suspended === 'enrolment-refused';
    return { observed: `revoked ${revoked}, suspended ${suspended}`, held };
  },
  // Before it is on the list.
  control: async (world) => {
    const { makers, target } = await phoneGround(world, {}, 'unlisted');
    const phone = simulatedPhone('android', { world: makers, tricks: ['leaked-keybox'] });
    return (await tryApp(appOn(target, phone))) === 'tier 1';
  },
};
