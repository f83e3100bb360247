/** What the schema cannot tell of section `binding`: the pool, the policy, and what they name. */
import { policyFault, readMsisdn, readVmnPool } from '@hauberk/binding';
import { bindingPolicyOf } from '../binding/binding-policy.ts';
import { readCidr } from '../gateway/connection-trust.ts';
import type { BindingConfig } from './binding-config.ts';
import type { Config } from './config.ts';
import type { PathIssue } from './config-issue.ts';

const poolHint =
  'give at least ten numbers in E.164, none twice and none consecutive (B13), for example +919000000010, +919000000017';

const judgePool = ({ vmns, links }: BindingConfig): readonly PathIssue[] => {
  const pool = readVmnPool(vmns);
  const faults = pool.ok ? [] : [{ path: ['vmns'], message: pool.detail ?? 'breaks B13', hint: poolHint }];
  const known = new Set(vmns.map((text) => readMsisdn(text)).flatMap((read) => (read.ok ? [read.value] : [])));
  const foreign = links.flatMap((link, index) =>
    link.vmns.flatMap((text, place) => {
      const read = readMsisdn(text);
      const path = ['links', index, 'vmns', place];
      return read.ok && known.has(read.value)
        ? []
        : [{ path, message: `${text} is not in the pool`, hint: 'name numbers of binding.vmns' }];
    }),
  );
  const twice = links.flatMap(({ id }, index) =>
    links.findIndex((other) => other.id === id) < index
      ? [{ path: ['links', index, 'id'], message: `${id} is given twice`, hint: 'remove or rename one of them' }]
      : [],
  );
  return [...faults, ...foreign, ...twice];
};

/** A link of another name would be believed by nobody, and its customers would all be declined. */
const judgeSmsLinks = ({ links }: BindingConfig, { sms }: Config): readonly PathIssue[] => {
  if (sms === undefined) return [];
  const known = sms.links.map(({ id }) => id);
  return links.flatMap(({ id }, index) =>
    known.includes(id)
      ? []
      : [
          {
            path: ['links', index, 'id'],
            message: `no SMS link is called ${id}`,
            hint: `sms.links: ${known.join(', ')}`,
          },
        ],
  );
};

const judgeApps = ({ apps }: BindingConfig, config: Config): readonly PathIssue[] => {
  const named = Object.keys(apps);
  const known = config.apps.map(({ id }) => id);
  const hint = `apps: ${known.join(', ')}`;
  if (named.length === 0) return [{ path: ['apps'], message: 'no app binds', hint }];
  return named
    .filter((app) => !known.includes(app))
    .map((app) => ({ path: ['apps', app], message: `no app is called ${app}`, hint }));
};

const judgePolicy = (binding: BindingConfig): readonly PathIssue[] => {
  const fault = policyFault(bindingPolicyOf(binding, { android: 1, ios: 1 }));
  const never =
    binding.feeds.revoked === undefined && binding.policy.onStaleList === 'decline'
      ? [
          {
            path: ['feeds', 'revoked'],
            message: 'is missing, so every number would be declined',
            hint: 'name the list of revoked numbers, or say what its absence means in binding.policy.onStaleList',
          },
        ]
      : [];
  const policy =
    fault === undefined
      ? []
      : [{ path: ['policy'], message: fault, hint: 'a policy may be stricter than the rules only' }];
  const brand = /^[A-Za-z0-9 ]+$/.test(binding.brand)
    ? []
    : [{ path: ['brand'], message: 'takes letters, digits and spaces', hint: 'for example Demo Bank' }];
  return [...policy, ...never, ...brand];
};

const judgeNetworks = ({ mobileNetworks }: BindingConfig): readonly PathIssue[] =>
  mobileNetworks.flatMap((cidr, index) =>
    readCidr(cidr) === undefined
      ? [{ path: ['mobileNetworks', index], message: `${cidr} is no CIDR block`, hint: 'for example 10.0.0.0/8' }]
      : [],
  );

const stepsOf = ({ services }: Config): readonly string[] =>
  services.flatMap(({ routes }) => routes).flatMap(({ login }) => login?.passesStep ?? []);

/** A step that nobody else can pass would lock every unbound device out. */
const judgeRelief = ({ relief }: BindingConfig, config: Config): readonly PathIssue[] => {
  const steps = stepsOf(config);
  return relief === undefined || steps.includes(relief.step)
    ? []
    : [
        {
          path: ['relief', 'step'],
          message: `no route passes the step ${relief.step}`,
          hint: `declare login.passesStep on the route that passes it; passed are: ${steps.join(', ') || 'none'}`,
        },
      ];
};

const isSecure = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
};

/** A number must not cross a network in the clear. */
/** Who we are is shown in one way. */
const judgeOperator = ({ operator }: BindingConfig): readonly PathIssue[] => {
  if (operator === undefined) return [];
  const { secret, keyFile, keyId } = operator;
  if ((secret === undefined) === (keyFile === undefined))
    return [{ path: ['operator'], message: 'needs a secret or a key', hint: 'give secret_FILE or keyFile, not both' }];
  return keyId !== undefined && keyFile === undefined
    ? [{ path: ['operator', 'keyId'], message: 'names a key that is not there', hint: 'give keyFile' }]
    : [];
};

const judgePeers = ({ bank, operator }: BindingConfig): readonly PathIssue[] =>
  Object.entries({ bank, operator }).flatMap(([name, peer]) =>
    peer === undefined || isSecure(peer.url)
      ? []
      : [{ path: [name, 'url'], message: 'numbers would cross the network in the clear', hint: 'use https' }],
  );

const judgeCredential = ({ credential }: BindingConfig, config: Config): readonly PathIssue[] => {
  const opens = config.services
    .flatMap(({ routes }) => routes)
    .some(({ login }) => login?.opens !== undefined && JSON.stringify(login.credential) === JSON.stringify(credential));
  return opens
    ? []
    : [
        {
          path: ['credential'],
          message: 'no route opens a login by it',
          hint: 'declare login.opens with this credential on the route that logs in',
        },
      ];
};

/** Everything wrong with section `binding`. */
export const judgeBinding = (config: Config): readonly PathIssue[] => {
  const { binding } = config;
  if (binding === undefined) return [];
  return [
    ...judgePool(binding),
    ...judgeSmsLinks(binding, config),
    ...judgeApps(binding, config),
    ...judgePolicy(binding),
    ...judgeNetworks(binding),
    ...judgeOperator(binding),
    ...judgePeers(binding),
    ...judgeRelief(binding, config),
    ...judgeCredential(binding, config),
  ].map((issue) => ({ ...issue, path: ['binding', ...issue.path] }));
};
