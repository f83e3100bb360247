/** From section `binding` to the policy of an app. */
import { type BindingPolicy, type BindingWay, defaultBindingPolicy, type ProofKind } from '@hauberk/binding';
import { days, parseAmountMinor, seconds } from '@hauberk/primitives';
import type { BindingConfig } from '../config/binding-config.ts';

/** What each way shows beside the attestation of the device. */
const shownBy: Readonly<Record<BindingWay, ProofKind>> = {
  sms: 'sms-mo',
  number: 'number-verification',
  'bound-device': 'bound-device',
  passkey: 'passkey',
};

const isOfWay = (set: readonly ProofKind[], ways: readonly BindingWay[]): boolean =>
  ways.some((way) => set.includes(shownBy[way]));

/** The policy of an app whose builds must be these. */
export const bindingPolicyOf = (
  { policy, ways }: Pick<BindingConfig, 'policy' | 'ways'>,
  latestApp: BindingPolicy['latestApp'],
): BindingPolicy => {
  const { timerSeconds, swapDays, reliefDays, coolingLimitMinor, ...same } = policy;
  const { sufficient } = defaultBindingPolicy;
  const coolingLimit = parseAmountMinor(coolingLimitMinor);
  return {
    ...defaultBindingPolicy,
    ...same,
    latestApp,
    timer: seconds(timerSeconds),
    swapSpan: days(swapDays),
    reliefSpan: days(reliefDays),
    sufficient: { ...sufficient, bind: sufficient.bind.filter((set) => isOfWay(set, ways)) },
    coolingLimit: coolingLimit.ok ? coolingLimit.value : defaultBindingPolicy.coolingLimit,
  };
};
