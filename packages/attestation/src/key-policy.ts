/** Which protocols a key may carry, by where it lives, how its user proves himself, and its algorithm: a table, and the lookup in it. */
import type { SignatureAlgorithm } from '@hauberk/primitives';
import { isAtLeastTier, type TrustTier, type Verdict } from './verdict.ts';

/** How the user stands behind each signature, weakest first. */
export const keyUserAuthentications = ['none', 'recent', 'each-use'] as const;
/** One of them; `recent`: unlocking the device within some time is enough. */
export type KeyUserAuthentication = (typeof keyUserAuthentications)[number];

/** What keys are for. */
export const keyProtocols = ['channel', 'step-up', 'login', 'payment', 'mobile-u-key'] as const;
/** One of them. */
export type KeyProtocol = (typeof keyProtocols)[number];

/** What a protocol asks of a key. */
export interface KeyRequirement {
  readonly protocol: KeyProtocol;
  readonly leastTier: TrustTier;
  readonly userAuthentication: KeyUserAuthentication;
  readonly algorithms: readonly SignatureAlgorithm[];
  /** A lower tier that will do when only the device's trusted screen can make the key sign. */
  readonly tierWithTrustedScreen?: TrustTier;
  readonly reason: string;
}

const classical: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'ES512', 'RS256', 'Ed25519'];

/** The table. */
export const keyRequirements: readonly KeyRequirement[] = [
  {
    protocol: 'channel',
    leastTier: 'software',
    userAuthentication: 'none',
    algorithms: ['ES256'],
    reason: 'HB/1 signs hellos with P-256 alone; a route asks for the tier it needs',
  },
  {
    protocol: 'step-up',
    leastTier: 'tee',
    userAuthentication: 'recent',
    algorithms: ['ES256'],
    reason: 'a second look at the device of a session',
  },
  {
    protocol: 'login',
    leastTier: 'tee',
    userAuthentication: 'each-use',
    algorithms: [...classical, 'Ed448'],
    reason: 'the key stands for the person: the platform checks finger, face or code at each use',
  },
  {
    protocol: 'payment',
    leastTier: 'tee',
    userAuthentication: 'each-use',
    algorithms: [...classical, 'ML-DSA-65'],
    reason: 'one signature, one payment',
  },
  {
    protocol: 'mobile-u-key',
    leastTier: 'secure-element',
    userAuthentication: 'each-use',
    algorithms: ['ES256', 'ES384', 'RS256', 'Ed25519', 'ML-DSA-65'],
    tierWithTrustedScreen: 'tee',
    reason:
      'stands in for a hardware token: what is signed is shown where no app can paint over it, or the key never leaves its own chip',
  },
];

/** What is known of a key. */
export interface KeyCapability {
  readonly tier: TrustTier;
  readonly userAuthentication: KeyUserAuthentication;
  readonly algorithm: SignatureAlgorithm;
  readonly trustedScreen: boolean;
}

const isAtLeast = (given: KeyUserAuthentication, least: KeyUserAuthentication): boolean =>
  keyUserAuthentications.indexOf(given) >= keyUserAuthentications.indexOf(least);

const meets = (key: KeyCapability, requirement: KeyRequirement): boolean => {
  const { leastTier, tierWithTrustedScreen, userAuthentication, algorithms } = requirement;
  const least = key.trustedScreen ? (tierWithTrustedScreen ?? leastTier) : leastTier;
  const isUser = isAtLeast(key.userAuthentication, userAuthentication);
  return isAtLeastTier(key.tier, least) && isUser && algorithms.includes(key.algorithm);
};

/** The protocols that a key may carry. */
export const protocolsOf = (key: KeyCapability): readonly KeyProtocol[] =>
  keyRequirements.filter((requirement) => meets(key, requirement)).map(({ protocol }) => protocol);

/**
 * What a verdict says of its device key; undefined when it does not name the algorithm. A key that the evidence was only made for counts as
 * software: what hardware enforces is known of attested keys alone.
 */
export const capabilityOf = ({ tier, keyBinding, facts }: Verdict): KeyCapability | undefined => {
  const { algorithm, userAuthentication, validSeconds, trustedConfirmation } = facts.key ?? {};
  if (algorithm === undefined) return undefined;
  const isAttested = keyBinding === 'attested';
  const isUser = isAttested && userAuthentication === 'required';
  return {
    tier: isAttested ? tier : 'software',
    userAuthentication: !isUser ? 'none' : validSeconds === undefined ? 'each-use' : 'recent',
    algorithm,
    trustedScreen: isAttested && trustedConfirmation === true,
  };
};
