/** From what `@hauberk/device` keeps of a device's evidence to what binding asks of it. */
import type { AttestedFacts } from '@hauberk/binding';
import { type AttestedFacts as DeviceFacts, isAtLeast } from '@hauberk/device';

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/**
 * The facts that count for binding. `key` is the thumbprint that the evidence vouches for. On Android the system counts as verified when it
 * is locked and booted verified; iOS has no other state, but a development build of the app is nobody's.
 */
export const attestedDevice = (facts: DeviceFacts, key: string): AttestedFacts => ({
  key,
  isHardware: isAtLeast(facts.level, 'tee'),
  isVerifiedSystem:
    facts.platform === 'ios' ? facts.environment !== 'development' : facts.boot === 'verified' && facts.locked === true,
  appVersion: wholeNumber(facts.appVersion),
  patchLevel: facts.patchLevel,
});
