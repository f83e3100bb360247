/** From configured routes to the routes that the data plane runs on: nothing is left to look up or parse per request. */
import { compilePattern } from '@hauberk/channel';
import { durationMs, seconds, utf8 } from '@hauberk/primitives';
import type { DecisionRule, FactSource, NamedSource } from '../decision/decision-rule.ts';
import type { JsonPointer, LoginRule, ObjectRule, RateLimit, Route } from '../gateway/route.ts';
import { migrationVerifier } from '../migration/compile-migration.ts';
import { defaultPriority } from '../overload/priority.ts';
import type { Config, ServiceConfig } from './config.ts';
import type { DecisionSource } from './decision-config.ts';
import { decisionFailMode } from './decision-rules.ts';
import type { GrantsConfig, LoginConfig, ObjectConfig, RateConfig, RouteConfig } from './route-config.ts';

/** The reference tokens of an RFC 6901 pointer, unescaped. */
export const pointerTokens = (pointer: string): JsonPointer =>
  pointer
    .slice(1)
    .split('/')
    // Section 4: `~1` first, so that `~01` becomes `~1` and not `/`.
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

const grantPointers = (grants: GrantsConfig): Readonly<Record<string, JsonPointer>> =>
  Object.fromEntries(Object.entries(grants).map(([kind, pointer]) => [kind, pointerTokens(pointer)]));

const optionalPointer = (pointer: string | undefined): JsonPointer | undefined =>
  pointer === undefined ? undefined : pointerTokens(pointer);

const rateLimit = (rate: RateConfig | undefined): RateLimit | undefined =>
  rate === undefined ? undefined : { perSecond: rate.requests / rate.perSeconds, burst: rate.burst ?? rate.requests };

const loginRule = (login: LoginConfig): LoginRule => ({
  credential: login.credential,
  opens:
    login.opens === undefined
      ? undefined
      : {
          credentialPointer: pointerTokens(login.opens.credentialPointer),
          customerPointer: pointerTokens(login.opens.customerPointer),
          objects: grantPointers(login.opens.objects),
          life: seconds(login.opens.lifeSeconds),
        },
  grants: login.grants === undefined ? undefined : grantPointers(login.grants),
  refreshPointer: optionalPointer(login.refreshPointer),
  endsLogin: login.endsLogin,
  passesStep: login.passesStep,
  failures:
    login.failures === undefined
      ? undefined
      : {
          namePointer: optionalPointer(login.failures.namePointer),
          name: rateLimit(login.failures.name),
          device: rateLimit(login.failures.device),
          address: rateLimit(login.failures.address),
        },
});

const objectRule = ({ kind, from }: ObjectConfig): ObjectRule => ({
  kind,
  from: from.in === 'body' ? { in: 'body', pointer: pointerTokens(from.pointer) } : from,
});

const factSource = (source: DecisionSource): FactSource =>
  typeof source === 'string' ? { in: 'body', pointer: pointerTokens(source) } : source;

const namedSources = (sources: Readonly<Record<string, DecisionSource>>): readonly NamedSource[] =>
  Object.entries(sources).map(([name, source]) => ({ name, from: factSource(source) }));

const decisionRule = (config: Config, route: RouteConfig): DecisionRule | undefined => {
  const { decision } = route;
  if (decision === undefined || config.decision === undefined) return undefined;
  return {
    scene: decision.scene,
    entities: namedSources(decision.entities),
    facts: namedSources(decision.facts),
    amount: optionalPointer(decision.amount),
    deadline: durationMs(decision.deadlineMs ?? config.decision.deadlineMs),
    failMode: decisionFailMode(route, config.decision),
    honey: decision.honey.map(pointerTokens),
  };
};

/** The higher of number and name; a name that is not known was refused by the rules. */
export const leastTierOf = ({ sessions }: Config, { minTier, tier }: RouteConfig): number =>
  tier === undefined
    ? minTier
    : Math.max(
        minTier,
        sessions.tiers.findIndex(({ name }) => name === tier),
      );

/** The name of a route that has none: stable while its methods and pattern stay. */
export const routeIdOf = (route: RouteConfig): string => route.id ?? `${route.methods.join(',')} ${route.path}`.trim();

const accessOf = (config: Config, route: RouteConfig) => ({
  maxAgeSeconds: Math.min(route.maxAgeSeconds ?? config.sessions.maxAgeSeconds, config.sessions.maxAgeSeconds),
  bodyCapBytes: route.bodyCapBytes ?? config.limits.bodyCapBytes,
  replyCapBytes: route.replyCapBytes ?? config.limits.replyCapBytes,
  deadline: durationMs(route.deadlineMs),
  idempotency: {
    demand: route.idempotency.demand,
    upstreamIsIdempotent: route.idempotency.upstreamIsIdempotent,
    life: seconds(route.idempotency.lifeSeconds),
    outcomeCapBytes: route.idempotency.outcomeCapBytes,
  },
  limits: {
    device: rateLimit(route.limits.device),
    address: rateLimit(route.limits.address),
    route: rateLimit(route.limits.route),
  },
});

/** One route of a service. The schema has refused patterns that do not compile. */
const compileRoute = (config: Config, service: ServiceConfig, route: RouteConfig): Route => {
  const pattern = compilePattern(route.path);
  if (pattern === undefined) throw new RangeError(`no path pattern: ${route.path}`);
  return {
    id: routeIdOf(route),
    methods: route.methods,
    pattern,
    organisation: config.organisation,
    service: service.id,
    upstream: service.upstream,
    class: route.class,
    priority: route.priority ?? defaultPriority(route.class, route.protection),
    failsOpen: failModeOf(route) === 'open',
    protection: route.protection,
    enforcement: service.enforcement,
    migration: route.migration.map(migrationVerifier),
    mode: route.mode,
    stream: route.stream,
    coveredHeaders: route.coveredHeaders,
    coveredReplyHeaders: route.coveredReplyHeaders,
    publicQuery: route.publicQuery,
    stepUp: route.stepUp,
    login: route.login === undefined ? undefined : loginRule(route.login),
    requiresLogin: route.requiresLogin,
    requiresSteps: route.requiresSteps,
    objects: route.objects.map(objectRule),
    bound: route.bound === undefined ? undefined : { amount: optionalPointer(route.bound.amount) },
    decision: decisionRule(config, route),
    minTier: leastTierOf(config, route),
    tierName: config.sessions.tiers[leastTierOf(config, route)]?.name,
    outcome: route.outcome,
    decoy: route.decoy === undefined ? undefined : { ...route.decoy, body: utf8(route.decoy.body) },
    ...accessOf(config, route),
  };
};

/** The routes of one service, in their order. */
export const compileService = (config: Config, service: ServiceConfig): readonly Route[] =>
  service.routes.map((route) => compileRoute(config, service, route));

/** Every route of the configuration, service by service. */
export const compileRoutes = (config: Config): readonly Route[] =>
  config.services.flatMap((service) => compileService(config, service));

/** What a route does when the record cannot be asked: money movement and binding always close. */
export const failModeOf = (route: RouteConfig): 'open' | 'closed' =>
  route.failMode ?? (route.class === 'read' ? 'open' : 'closed');
