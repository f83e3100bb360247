/**
 * Policies to begin with (docs/starter-policies.md). Each is a whole policy in the policy language, and a document that a deployment may copy and
 * change. One policy decides for a scene, so what a deployment wants of them is joined into one.
 */
import type { JsonValue } from '@hauberk/primitives';
import accountOpening from './policies/account-opening.json' with { type: 'json' };
import base from './policies/base.json' with { type: 'json' };
import coupon from './policies/coupon.json' with { type: 'json' };
import farm from './policies/farm.json' with { type: 'json' };
import genuineApp from './policies/genuine-app.json' with { type: 'json' };
import loan from './policies/loan.json' with { type: 'json' };
import login from './policies/login.json' with { type: 'json' };
import protocol from './policies/protocol.json' with { type: 'json' };
import sale from './policies/sale.json' with { type: 'json' };
import scraping from './policies/scraping.json' with { type: 'json' };
import sensitiveData from './policies/sensitive-data.json' with { type: 'json' };
import takeover from './policies/takeover.json' with { type: 'json' };
import transfer from './policies/transfer.json' with { type: 'json' };

/** A rule as a document. */
export interface RuleDocument {
  readonly [member: string]: JsonValue;
  readonly id: string;
  readonly when: string;
  readonly outcome: string;
  readonly reason: string;
}

/** A policy as a document. */
export interface PolicyDocument {
  readonly [member: string]: JsonValue;
  readonly id: string;
  readonly title: string;
  readonly rules: readonly RuleDocument[];
}

/** The policies, in the order in which their rules are asked. */
export const starterPolicies: readonly PolicyDocument[] = [
  base,
  protocol,
  genuineApp,
  farm,
  login,
  coupon,
  sale,
  scraping,
  accountOpening,
  sensitiveData,
  transfer,
  loan,
  takeover,
] as unknown as readonly PolicyDocument[];

/** Lists that the policies ask: pseudonyms of entities. They may be empty, and must be declared. */
export const starterLists: readonly string[] = [
  'black-devices',
  'black-accounts',
  'black-phones',
  'mule-payees',
  'watched-addresses',
];

/** The policies of the given ids; all when left out. Throws RangeError for an id that none has. */
const chosen = (ids: readonly string[] | undefined): readonly PolicyDocument[] =>
  ids === undefined
    ? starterPolicies
    : ids.map((id) => {
        const found = starterPolicies.find((policy) => policy.id === id);
        if (found === undefined) throw new RangeError(`no starter policy ${id}`);
        return found;
      });

/**
 * Joins starter policies into one: rules one after the other, ids `POLICY.RULE`, thresholds and obligations of `base`, which every joined policy has.
 * Throws RangeError for an id that no starter policy has.
 */
export const joinStarterPolicies = (id: string, ids?: readonly string[]): PolicyDocument => {
  const [first, ...rest] = chosen(ids === undefined ? undefined : ['base', ...ids.filter((each) => each !== 'base')]);
  const policies = first === undefined ? [] : [first, ...rest];
  return {
    ...first,
    id,
    title: policies
      .map(({ title }) => title)
      .join('; ')
      .slice(0, 200),
    rules: policies.flatMap((policy) => policy.rules.map((rule) => ({ ...rule, id: `${policy.id}.${rule.id}` }))),
  };
};
