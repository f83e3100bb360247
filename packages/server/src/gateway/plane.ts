/** What of the configuration the requests of one thread run on. Swapped whole at a reload, so that no request sees half of a change. */
import { compileService } from '../config/compile.ts';
import type { Config } from '../config/config.ts';
import { type CompiledCors, compileCors } from './cors.ts';
import type { RequestHead } from './request-head.ts';
import type { Route } from './route.ts';
import { createRouteTable, type RouteTable, serviceOf } from './route-table.ts';

/** Routes and cross-origin rules of one configuration. */
export interface Plane {
  readonly table: RouteTable;
  readonly cors: ReadonlyMap<string, CompiledCors>;
}

const coveredBy = (routes: readonly Route[]) => ({
  request: [...new Set(routes.flatMap((route) => route.coveredHeaders))],
  reply: [...new Set(routes.flatMap((route) => route.coveredReplyHeaders))],
});

/** Compiles a configuration. */
export const createPlane = (config: Config): Plane => {
  const compiled = config.services.map((service) => ({ service, routes: compileService(config, service) }));
  return {
    table: createRouteTable(compiled.map(({ service, routes }) => ({ id: service.id, hosts: service.hosts, routes }))),
    cors: new Map(
      compiled.flatMap(({ service, routes }) =>
        service.cors === undefined ? [] : [[service.id, compileCors(service.cors, coveredBy(routes))] as const],
      ),
    ),
  };
};

/**
 * The cross-origin rule of a request. A preflight cannot name its service; beside several services whose hosts it does not name, the
 * one that allows its origin counts.
 */
export const corsOf = (plane: Plane, head: Pick<RequestHead, 'headers'>): CompiledCors | undefined => {
  if (plane.cors.size === 0) return undefined;
  const service = serviceOf(plane.table, head.headers);
  if (service !== undefined) return plane.cors.get(service);
  const { origin } = head.headers;
  if (typeof origin !== 'string') return undefined;
  for (const cors of plane.cors.values()) if (cors.origins.has(origin)) return cors;
  return undefined;
};
