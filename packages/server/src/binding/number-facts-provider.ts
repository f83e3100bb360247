/** The facts of a number out of feeds and an operator. What is missing or late is `silent`; policy says what silence means. */
import type { BindingPolicy, Msisdn, NumberFacts, NumberFeed, RiskBand } from '@hauberk/binding';
import type { EpochMs } from '@hauberk/primitives';
import type { NumberFactsPort } from './binding-ports.ts';
import type { CamaraOperator } from './camara-operator.ts';

/** Where the facts come from; each may be absent. */
export interface NumberFactsSources {
  /** The newest list, however old it is. */
  readonly revoked: () => NumberFeed<true> | undefined;
  readonly risk: () => NumberFeed<RiskBand> | undefined;
  readonly operator: CamaraOperator | undefined;
  readonly now: () => EpochMs;
}

const dayMs = 86_400_000;

/** The port over these sources. A number that a risk feed does not have is of low risk: such feeds list what was noticed. */
export const numberFactsFrom = (sources: NumberFactsSources, policy: BindingPolicy): NumberFactsPort => ({
  facts: async (number: Msisdn): Promise<NumberFacts> => {
    const swapped = await sources.operator?.swapDate(number, Math.ceil(policy.swapSpan / dayMs));
    const [revoked, risk] = [sources.revoked(), sources.risk()];
    // An old list of revoked numbers is judged by policy; old bands say nothing, for a number's risk changes by the day.
    const isFresh = risk !== undefined && sources.now() - risk.asOfMs <= policy.listMaxAge;
    return {
      revocation: revoked === undefined ? 'silent' : { isListed: revoked.entries.has(number), asOfMs: revoked.asOfMs },
      risk: isFresh ? (risk.entries.get(number) ?? 'low') : 'silent',
      swappedAtMs: swapped?.ok === true ? swapped.value : 'silent',
    };
  },
});
