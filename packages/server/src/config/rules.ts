/** What the schema cannot tell: names that refer to each other, and combinations that cannot work. */
import { builtInRoles } from '../admin/right.ts';
import { readCidr } from '../gateway/connection-trust.ts';
import { judgeBinding } from './binding-rules.ts';
import type { Config } from './config.ts';
import type { ConfigPath, PathIssue } from './config-issue.ts';
import { judgeDecisionSection } from './decision-rules.ts';
import { judgeLogins } from './login-rules.ts';
import { isLoopback } from './loopback.ts';
import { judgeMigration } from './migration-rules.ts';
import { judgeProxyRoutes } from './proxy-rules.ts';
import { judgeRoutes } from './route-rules.ts';
import { judgeSms } from './sms-rules.ts';

const repeated = (names: readonly string[], path: (index: number) => ConfigPath): readonly PathIssue[] =>
  names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [{ path: path(index), message: `${name} is given twice`, hint: 'remove or rename one of them' }]
      : [],
  );

const judgeNames = (config: Config): readonly PathIssue[] => [
  ...repeated(
    config.apps.map(({ id }) => id),
    (index) => ['apps', index, 'id'],
  ),
  ...repeated(
    config.services.map(({ id }) => id),
    (index) => ['services', index, 'id'],
  ),
  ...repeated(
    config.sessions.tiers.map(({ name }) => name),
    (index) => ['sessions', 'tiers', index, 'name'],
  ),
];

/** Packages and signers of an app come from its approved builds; without them no token could pass. */
const judgePlayIntegrity = ({ apps, attestation }: Config): readonly PathIssue[] =>
  attestation.approvedBuilds !== undefined
    ? []
    : apps.flatMap(({ playIntegrity }, index) =>
        playIntegrity === undefined
          ? []
          : [
              {
                path: ['apps', index, 'playIntegrity'],
                message: 'needs to know which packages and signers are the app',
                hint: 'name them in attestation.approvedBuilds',
              },
            ],
      );

const judgeUpstreams = (config: Config): readonly PathIssue[] =>
  config.services.flatMap(({ upstream }, index) =>
    Object.hasOwn(config.upstreams, upstream)
      ? []
      : [
          {
            path: ['services', index, 'upstream'],
            message: `no upstream is called ${upstream}`,
            hint: `upstreams: ${Object.keys(config.upstreams).join(', ') || 'none'}`,
          },
        ],
  );

/** Requests outside the channel tell their service by host name only. */
const judgeHosts = (config: Config): readonly PathIssue[] => {
  const named = config.services.flatMap(({ hosts }, service) =>
    hosts.map((host, index) => ({ host: host.toLowerCase(), path: ['services', service, 'hosts', index] })),
  );
  const twice = named.flatMap(({ host, path }, index) =>
    named.findIndex((other) => other.host === host) < index
      ? [{ path, message: `${host} belongs to two services`, hint: 'a host name leads to one service' }]
      : [],
  );
  const nameless = config.services.flatMap(({ hosts }, index) => (hosts.length === 0 ? [index] : []));
  const needed = config.services.length > 1 ? nameless : [];
  return [
    ...twice,
    ...needed.map((index) => ({
      path: ['services', index, 'hosts'],
      message: 'beside another service it needs a host name',
      hint: 'for example hosts: [api.bank.example]',
    })),
  ];
};

const judgeProxies = (config: Config): readonly PathIssue[] =>
  config.listen.trustedProxies.flatMap((cidr, index) =>
    readCidr(cidr) === undefined
      ? [
          {
            path: ['listen', 'trustedProxies', index],
            message: `${cidr} is no CIDR block`,
            hint: 'for example 10.0.0.0/8 or 192.0.2.7',
          },
        ]
      : [],
  );

/** Whoever can reach the authz listener is believed about everything it says of a request. */
const judgeAuthz = ({ authz, services }: Config): readonly PathIssue[] => {
  const hint = 'declare authz: { socket: /run/hauberk/authz.sock }';
  if (authz !== undefined && authz.socket === undefined && authz.tls === undefined)
    return [{ path: ['authz'], message: 'listens nowhere', hint }];
  const asks = services.findIndex(({ enforcement }) => enforcement === 'proxy');
  return authz === undefined && asks >= 0
    ? [{ path: ['services', asks, 'enforcement'], message: 'nobody could ask: authz is missing', hint }]
    : [];
};

/** Tokens must not cross a network in the clear. Probes and metrics may. */
const judgeAdmin = ({ admin }: Config): readonly PathIssue[] => {
  const { host, tls, api, roles } = admin;
  const isExposed = !isLoopback(host) && tls === undefined && api;
  const hint = 'add admin.tls, or switch the API off (admin.api: false) where only probes and metrics are asked';
  const taken = Object.keys(roles).filter((name) => Object.hasOwn(builtInRoles, name));
  return [
    ...(isExposed ? [{ path: ['admin', 'host'], message: 'tokens would cross the network in the clear', hint }] : []),
    ...taken.map((name) => ({
      path: ['admin', 'roles', name],
      message: `${name} is a built-in role`,
      hint: 'give yours another name',
    })),
  ];
};

/** Everything wrong with a configuration that the schema accepted. */
export const judgeConfig = (config: Config): readonly PathIssue[] => [
  ...judgeNames(config),
  ...judgeUpstreams(config),
  ...judgePlayIntegrity(config),
  ...judgeHosts(config),
  ...judgeAuthz(config),
  ...judgeAdmin(config),
  ...judgeDecisionSection(config),
  ...judgeBinding(config),
  ...judgeSms(config),
  ...judgeProxyRoutes(config),
  ...judgeLogins(config),
  ...judgeProxies(config),
  ...config.services.flatMap(({ routes }, service) =>
    [...judgeRoutes(config, routes), ...judgeMigration(config, routes)].map((found) => ({
      ...found,
      path: ['services', service, 'routes', ...found.path],
    })),
  ),
];
