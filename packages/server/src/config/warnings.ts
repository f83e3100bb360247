/** What works as it stands and is seldom meant: told by `config check` and at the start, never refused. */
import type { Config } from './config.ts';
import type { PathIssue } from './config-issue.ts';
import type { RouteConfig } from './route-config.ts';

const judgeRoute = (route: RouteConfig): readonly PathIssue[] => [
  ...(route.class === 'money' && route.protection === 'observe'
    ? [
        {
          path: ['protection'],
          message: 'a money route that is observed takes unsigned requests',
          hint: 'for a pilot only: set protection: required when `hauberk report clients` shows nobody who would be refused',
        },
      ]
    : []),
  ...(route.stepUp && route.requiresLogin === undefined
    ? [
        {
          path: ['stepUp'],
          message: 'without requiresLogin an approval names a device and no customer',
          hint: 'declare requiresLogin',
        },
      ]
    : []),
];

/** The warnings on a configuration that is accepted. */
export const warningsOf = ({ services }: Config): readonly PathIssue[] =>
  services.flatMap(({ routes }, service) =>
    routes.flatMap((route, index) =>
      judgeRoute(route).map((found) => ({ ...found, path: ['services', service, 'routes', index, ...found.path] })),
    ),
  );
