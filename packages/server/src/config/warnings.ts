/** What works as it stands and is seldom meant: told by `config check` and at the start, never refused. */
import { readMsisdn } from '@hauberk/binding';
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

/** SMS over a link that binding does not believe count for nothing, also those of honest customers. */
const judgeLinks = ({ binding, sms }: Config): readonly PathIssue[] => {
  if (binding === undefined) return [];
  const believed = binding.links.map(({ id }) => id);
  const foreign = (sms?.links ?? []).flatMap(({ id }, index) =>
    believed.includes(id)
      ? []
      : [
          {
            path: ['sms', 'links', index, 'id'],
            message: `binding does not believe the link ${id}: what comes over it counts for nothing`,
            hint: 'name it in binding.links, or remove it',
          },
        ],
  );
  const uncovered = binding.links.some(({ vmns }) => vmns.length === 0)
    ? []
    : binding.vmns.flatMap((vmn, index) =>
        binding.links.some(({ vmns }) => vmns.some((each) => sameNumber(each, vmn)))
          ? []
          : [
              {
                path: ['binding', 'vmns', index],
                message: `no link may deliver for ${vmn}, so whoever is given it is never bound`,
                hint: 'name it at a link of binding.links',
              },
            ],
      );
  return [...foreign, ...uncovered];
};

const sameNumber = (one: string, other: string): boolean => {
  const [read, wanted] = [readMsisdn(one), readMsisdn(other)];
  return read.ok && wanted.ok && read.value === wanted.value;
};

/** The warnings on a configuration that is accepted. */
export const warningsOf = (config: Config): readonly PathIssue[] => [
  ...config.services.flatMap(({ routes }, service) =>
    routes.flatMap((route, index) =>
      judgeRoute(route).map((found) => ({ ...found, path: ['services', service, 'routes', index, ...found.path] })),
    ),
  ),
  ...judgeLinks(config),
];
