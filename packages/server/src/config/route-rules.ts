/** What one member of a route cannot tell: combinations that would promise protection and not give it. */
import { compilePattern } from '@hauberk/channel';
import { routeIdOf } from './compile.ts';
import type { Config } from './config.ts';
import type { ConfigPath, PathIssue } from './config-issue.ts';
import { judgeRouteDecision } from './decision-rules.ts';
import type { RouteConfig } from './route-config.ts';

type Rule = (route: RouteConfig, config: Config) => readonly PathIssue[];

const issue = (path: ConfigPath, message: string, hint: string): readonly PathIssue[] => [{ path, message, hint }];
const none: readonly PathIssue[] = [];

/** A decoy that does not exist would be no decoy: on a money route a trapped customer would see an error, or worse, be paid. */
const trapHasDecoy: Rule = (route) => {
  if (route.outcome !== 'trap' || route.decoy !== undefined) return none;
  const message = route.class === 'money' ? 'a trap on a money route needs a decoy' : 'a trap needs a decoy';
  return issue(['outcome'], message, 'declare decoy: { status, contentType, body } beside it, or choose deny');
};

/** Members that mean nothing unless the request is verified. */
const verifiedOnly: readonly (readonly [keyof RouteConfig, (route: RouteConfig) => boolean])[] = [
  ['stepUp', (route) => route.stepUp],
  ['minTier', (route) => route.minTier > 0],
  ['tier', (route) => route.tier !== undefined],
  ['requiresLogin', (route) => route.requiresLogin !== undefined],
  ['requiresSteps', (route) => route.requiresSteps.length > 0],
  ['login', (route) => route.login !== undefined],
  ['objects', (route) => route.objects.length > 0],
  ['bound', (route) => route.bound !== undefined],
  ['idempotency', (route) => route.idempotency.demand !== 'none'],
  ['outcome', (route) => route.outcome === 'challenge'],
];

const needsVerification: Rule = (route) =>
  route.protection === 'required'
    ? none
    : verifiedOnly
        .filter(([, isUsed]) => isUsed(route))
        .map(([member]) => ({
          path: [member],
          message: `cannot be kept with protection: ${route.protection}`,
          hint: 'set protection: required, or remove it',
        }));

const needsLogin: Rule = (route) => {
  if (route.requiresLogin !== undefined) return none;
  const members = (['objects', 'requiresSteps'] as const).filter((member) => route[member].length > 0);
  return members.map((member) => ({
    path: [member],
    message: 'needs requiresLogin: without a login nothing was granted',
    hint: 'declare requiresLogin: { kind: authorization }',
  }));
};

/** Whose device must be bound is told by the login; an amount must be whole before anything is sent. */
const boundFits: Rule = (route, config) => {
  if (route.bound === undefined) return none;
  if (config.binding === undefined)
    return issue(['bound'], 'nothing binds here', 'declare the section binding, or remove it');
  if (route.requiresLogin === undefined)
    return issue(['bound'], 'needs requiresLogin: whose device it is, a login says', 'declare requiresLogin');
  return route.stream ? issue(['bound'], 'cannot be kept on a stream', 'remove stream') : none;
};

/** Traps and refusals let nothing through; everything else would move money on anybody's word. */
const moneyIsProtected: Rule = (route) =>
  route.class === 'money' && route.protection === 'none' && route.outcome !== 'trap' && route.outcome !== 'deny'
    ? issue(
        ['protection'],
        'a money route without protection would be served to anybody',
        'set protection: required, or class: read if nothing is at stake',
      )
    : none;

const failsClosed: Rule = (route) =>
  route.failMode === 'open' && route.class !== 'read'
    ? issue(
        ['failMode'],
        `a ${route.class} route fails closed`,
        'remove failMode, or class: read if nothing is at stake',
      )
    : none;

/** A stream is forwarded before its end is known, so nothing that looks at the whole body can hold. */
const streamsAreUnseen: Rule = (route) => {
  if (!route.stream) return none;
  const seen: readonly (readonly [string, boolean])[] = [
    ['idempotency', route.idempotency.demand !== 'none'],
    ['stepUp', route.stepUp],
    ['objects', route.objects.some(({ from }) => from.in === 'body')],
    ['login', route.login !== undefined],
  ];
  return seen
    .filter(([, isUsed]) => isUsed)
    .map(([member]) => ({
      path: [member],
      message: 'needs the whole body, which a stream never shows',
      hint: 'remove stream: true',
    }));
};

const objectsAreOnThePath: Rule = (route) => {
  const parameters = (compilePattern(route.path)?.segments ?? []).flatMap((segment) =>
    segment.kind === 'literal' ? [] : [segment.name],
  );
  return route.objects.flatMap(({ from }, index) =>
    from.in !== 'path' || parameters.includes(from.parameter)
      ? []
      : [
          {
            path: ['objects', index, 'from', 'parameter'],
            message: `the path has no parameter ${from.parameter}`,
            hint: `it has: ${parameters.join(', ') || 'none'}`,
          },
        ],
  );
};

const reservedHeaders =
  /^(?:hauberk-.*|signature|signature-input|connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-length|host|cookie)$/;

/** Hop-by-hop headers change on the way, and browsers do not let scripts see `Host` or `Cookie`: covering them breaks every signature. */
const coverableHeaders: Rule = (route) =>
  route.coveredHeaders.flatMap((name, index) =>
    reservedHeaders.test(name)
      ? [{ path: ['coveredHeaders', index], message: `${name} cannot be covered`, hint: 'remove it' }]
      : [],
  );

const ownPaths: Rule = (route) =>
  route.path.startsWith('/.well-known/hauberk')
    ? issue(['path'], 'the gateway itself answers below /.well-known/hauberk', 'choose another path')
    : none;

const withinSessions: Rule = (route, config) => [
  ...((route.maxAgeSeconds ?? 0) > config.sessions.maxAgeSeconds
    ? issue(['maxAgeSeconds'], 'is above sessions.maxAgeSeconds', `at most ${config.sessions.maxAgeSeconds}`)
    : none),
  ...(route.minTier >= config.sessions.tiers.length
    ? issue(['minTier'], 'no such tier', `sessions.tiers has ${config.sessions.tiers.length}, counted from 0`)
    : none),
  ...(route.tier !== undefined && config.sessions.tiers.every(({ name }) => name !== route.tier)
    ? issue(['tier'], 'no such tier', `sessions.tiers: ${config.sessions.tiers.map(({ name }) => name).join(', ')}`)
    : none),
];

const rules: readonly Rule[] = [
  trapHasDecoy,
  needsVerification,
  needsLogin,
  boundFits,
  moneyIsProtected,
  failsClosed,
  streamsAreUnseen,
  objectsAreOnThePath,
  coverableHeaders,
  ownPaths,
  withinSessions,
  judgeRouteDecision,
];

/** Whether every request that `later` takes is taken by `earlier` already. */
const hides = (earlier: RouteConfig, later: RouteConfig): boolean =>
  earlier.path === later.path &&
  (earlier.methods.length === 0 ||
    (later.methods.length > 0 && later.methods.every((method) => earlier.methods.includes(method))));

const relations = (routes: readonly RouteConfig[], index: number, route: RouteConfig): readonly PathIssue[] => {
  const before = routes.slice(0, index);
  if (before.some((earlier) => hides(earlier, route)))
    return issue(['path'], 'is never reached: an earlier route takes the same requests', 'reorder or merge the two');
  return before.some((earlier) => routeIdOf(earlier) === routeIdOf(route))
    ? issue(
        ['id'],
        `the id ${routeIdOf(route)} is taken`,
        'ids name routes in logs and idempotency keys; choose another',
      )
    : none;
};

/** Judges the routes of one service; paths are relative to `routes`. */
export const judgeRoutes = (config: Config, routes: readonly RouteConfig[]): readonly PathIssue[] =>
  routes.flatMap((route, index) =>
    [...rules.flatMap((rule) => rule(route, config)), ...relations(routes, index, route)].map((found) => ({
      ...found,
      path: [index, ...found.path],
    })),
  );
