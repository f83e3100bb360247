/**
 * What a service cannot promise when nginx or Envoy forwards and only asks (design, modes): nobody here sees the reply, nothing can be sealed,
 * kept, bound or faked, and a challenge would reach the client in a reply that it must not believe.
 */
import type { Config } from './config.ts';
import type { PathIssue } from './config-issue.ts';
import type { RouteConfig } from './route-config.ts';

/** A proxy may ask with a body that it does not show: what is declared in it would be missing, and a rule on it would not fire. */
const readsBody = ({ decision }: RouteConfig): boolean =>
  decision !== undefined &&
  (decision.amount !== undefined ||
    decision.honey.length > 0 ||
    [...Object.values(decision.entities), ...Object.values(decision.facts)].some((from) => typeof from === 'string'));

const needsTheGateway: readonly (readonly [keyof RouteConfig, (route: RouteConfig) => boolean, string])[] = [
  ['mode', (route) => route.mode === 'sealed', 'sealed bodies cannot be opened for the upstream'],
  ['stream', (route) => route.stream, 'sealed chunks cannot be opened for the upstream'],
  ['outcome', (route) => route.outcome === 'trap', 'a decoy cannot be answered'],
  ['outcome', (route) => route.outcome === 'challenge', 'a challenge would come in an unbound reply'],
  ['stepUp', (route) => route.stepUp, 'a challenge would come in an unbound reply'],
  ['coveredReplyHeaders', (route) => route.coveredReplyHeaders.length > 0, 'replies are not bound'],
  ['idempotency', (route) => route.idempotency.demand !== 'none', 'outcomes are not seen, so none can be kept'],
  ['login', (route) => route.login !== undefined, 'the reply that opens or ends a login is not seen'],
  ['requiresLogin', (route) => route.requiresLogin !== undefined, 'logins open on replies that are not seen'],
  ['decision', readsBody, 'the body may not be shown'],
  ['migration', (route) => route.migration.length > 0, 'migration schemes are judged by the gateway itself'],
];

const judgeRoute = (route: RouteConfig): readonly PathIssue[] =>
  needsTheGateway
    .filter(([, isUsed]) => isUsed(route))
    .map(([member, , why]) => ({
      path: [member],
      message: `cannot be kept with enforcement: proxy: ${why}`,
      hint: 'remove it, or let the gateway forward (enforcement: gateway)',
    }));

/** Judges the routes of every service that a proxy enforces. */
export const judgeProxyRoutes = (config: Config): readonly PathIssue[] =>
  config.services.flatMap(({ enforcement, routes }, service) =>
    enforcement === 'gateway'
      ? []
      : routes.flatMap((route, index) =>
          judgeRoute(route).map((found) => ({ ...found, path: ['services', service, 'routes', index, ...found.path] })),
        ),
  );
