/** Finds the route of a request. Per service the first route that matches counts, as the signed config promises the client. */
import { type HeaderValues, header, matchPattern } from '@hauberk/channel';
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { RouteReason } from './reasons.ts';
import type { Route } from './route.ts';

/** A route with the parameters of the path, still percent-encoded. */
export interface RouteMatch {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Which routes and hosts a service has. */
export interface ServiceRoutes {
  readonly id: string;
  readonly hosts: readonly string[];
  readonly routes: readonly Route[];
}

/** The routes of one service, by their first path segment. */
interface ServiceTable {
  readonly bySegment: ReadonlyMap<string, readonly Route[]>;
  /** Routes whose first segment is a parameter. */
  readonly open: readonly Route[];
}

/** All routes of one configuration. */
export interface RouteTable {
  readonly services: ReadonlyMap<string, ServiceTable>;
  readonly byHost: ReadonlyMap<string, string>;
  /** The service of requests that name none and whose host is unknown: the only one there is. */
  readonly sole: string | undefined;
  readonly routes: readonly Route[];
}

const firstSegment = (path: string): string => {
  const end = path.indexOf('/', 1);
  return end < 0 ? path.slice(1) : path.slice(1, end);
};

const literalStart = (route: Route): string | undefined => {
  const [first] = route.pattern.segments;
  return first?.kind === 'literal' ? first.text : undefined;
};

/** Every bucket keeps the declared order, with the open routes in their places: first match must stay first. */
const compileServiceTable = (routes: readonly Route[]): ServiceTable => {
  const starts = new Set(routes.map(literalStart).filter((start) => start !== undefined));
  const bySegment = new Map<string, readonly Route[]>();
  for (const start of starts)
    bySegment.set(
      start,
      routes.filter((route) => {
        const own = literalStart(route);
        return own === undefined || own === start;
      }),
    );
  return { bySegment, open: routes.filter((route) => literalStart(route) === undefined) };
};

/** Builds the table. */
export const createRouteTable = (services: readonly ServiceRoutes[]): RouteTable => ({
  services: new Map(services.map(({ id, routes }) => [id, compileServiceTable(routes)])),
  byHost: new Map(services.flatMap(({ id, hosts }) => hosts.map((host) => [host.toLowerCase(), id] as const))),
  sole: services.length === 1 ? services[0]?.id : undefined,
  routes: services.flatMap(({ routes }) => routes),
});

const hostName = (host: string): string => {
  const port = host.lastIndexOf(':');
  return (port > host.lastIndexOf(']') ? host.slice(0, port) : host).toLowerCase();
};

/**
 * The service that a request is for. A protected request says so itself, under its signature; an unprotected one is told by its host,
 * which nobody vouches for: it only chooses among routes that are all open to it anyway.
 */
export const serviceOf = (table: RouteTable, headers: HeaderValues): string | undefined => {
  const named = headers[header.service];
  if (typeof named === 'string') return table.services.has(named) ? named : undefined;
  if (table.sole !== undefined) return table.sole;
  const host = headers['host'];
  return typeof host === 'string' ? table.byHost.get(hostName(host)) : undefined;
};

/** The first route that matches. Distinguishes a wrong method from an unknown path, for the log; both stop here. */
export const findRoute = (
  table: RouteTable,
  headers: HeaderValues,
  method: string,
  path: string,
): Result<RouteMatch, RouteReason> => {
  const service = serviceOf(table, headers);
  const routes = service === undefined ? undefined : table.services.get(service);
  if (routes === undefined) return refuse('route.service');
  const candidates = routes.bySegment.get(firstSegment(path)) ?? routes.open;
  let isPathKnown = false;
  for (const route of candidates) {
    const allowsMethod = route.methods.length === 0 || route.methods.includes(method);
    if (!allowsMethod && isPathKnown) continue;
    const parameters = matchPattern(route.pattern, path);
    if (parameters === undefined) continue;
    if (allowsMethod) return accept({ route, parameters });
    isPathKnown = true;
  }
  return refuse(isPathKnown ? 'route.method' : 'route.none');
};
