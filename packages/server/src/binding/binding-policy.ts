/** From section `binding` to the policy of an app. */
import { type BindingPolicy, defaultBindingPolicy } from '@hauberk/binding';
import { days, parseAmountMinor, seconds } from '@hauberk/primitives';
import type { BindingConfig } from '../config/binding-config.ts';

/** The policy of an app whose builds must be these. */
export const bindingPolicyOf = (
  { policy }: Pick<BindingConfig, 'policy'>,
  latestApp: BindingPolicy['latestApp'],
): BindingPolicy => {
  const { timerSeconds, swapDays, coolingLimitMinor, ...same } = policy;
  const coolingLimit = parseAmountMinor(coolingLimitMinor);
  return {
    ...defaultBindingPolicy,
    ...same,
    latestApp,
    timer: seconds(timerSeconds),
    swapSpan: days(swapDays),
    coolingLimit: coolingLimit.ok ? coolingLimit.value : defaultBindingPolicy.coolingLimit,
  };
};
