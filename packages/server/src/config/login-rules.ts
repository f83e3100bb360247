/**
 * What the routes say of logins, together: what one route demands another must have given, or every request is refused, and nobody sees why.
 * Logins belong to the installation: a service may demand what another one opens.
 */
import type { Config } from './config.ts';
import type { PathIssue } from './config-issue.ts';
import type { CredentialConfig, RouteConfig } from './route-config.ts';

const credentialText = (credential: CredentialConfig): string =>
  credential.kind === 'cookie' ? `the cookie ${credential.name}` : 'Authorization';

/** Everything that the login rules of all routes can give. */
interface Given {
  readonly credentials: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
  readonly steps: ReadonlySet<string>;
}

const givenBy = (routes: readonly RouteConfig[]): Given => {
  const rules = routes.flatMap(({ login }) => login ?? []);
  return {
    credentials: new Set(
      rules.filter(({ opens }) => opens !== undefined).map(({ credential }) => credentialText(credential)),
    ),
    kinds: new Set(rules.flatMap(({ opens, grants }) => Object.keys({ ...opens?.objects, ...grants }))),
    steps: new Set(rules.flatMap(({ passesStep }) => passesStep ?? [])),
  };
};

const listed = (words: ReadonlySet<string>): string => [...words].join(', ') || 'none';

const judgeCredential = ({ requiresLogin, login }: RouteConfig, given: Given): readonly PathIssue[] => {
  if (requiresLogin === undefined) return [];
  const shown = credentialText(requiresLogin);
  if (!given.credentials.has(shown))
    return [
      {
        path: ['requiresLogin'],
        message: `no route opens a login by ${shown}`,
        hint: `declare login.opens with this credential on the route that logs in; there are: ${listed(given.credentials)}`,
      },
    ];
  return login === undefined || credentialText(login.credential) === shown
    ? []
    : [
        {
          path: ['login', 'credential'],
          message: `is ${credentialText(login.credential)}, but requiresLogin finds the login by ${shown}`,
          hint: 'name the same credential in both',
        },
      ];
};

const judgeDemands = (route: RouteConfig, given: Given): readonly PathIssue[] => [
  ...judgeCredential(route, given),
  ...route.objects.flatMap(({ kind }, index) =>
    given.kinds.has(kind)
      ? []
      : [
          {
            path: ['objects', index, 'kind'],
            message: `no login is ever granted an object of the kind ${kind}`,
            hint: `name it in login.opens.objects or login.grants; granted are: ${listed(given.kinds)}`,
          },
        ],
  ),
  ...route.requiresSteps.flatMap((step, index) =>
    given.steps.has(step)
      ? []
      : [
          {
            path: ['requiresSteps', index],
            message: `no route passes the step ${step}`,
            hint: `declare login.passesStep: ${step} on the route that passes it; passed are: ${listed(given.steps)}`,
          },
        ],
  ),
];

/** A limit by name needs a name: of the body, or of a login that the route demands. */
const judgeFailures = ({ login, requiresLogin }: RouteConfig): readonly PathIssue[] =>
  login?.failures?.name !== undefined && login.failures.namePointer === undefined && requiresLogin === undefined
    ? [
        {
          path: ['login', 'failures', 'name'],
          message: 'nobody is named: every attempt would share one count',
          hint: 'declare namePointer, for example /username',
        },
      ]
    : [];

/** Beside any other protection, or without a login, the rules are refused as such already. */
const judgeRoute = (route: RouteConfig, given: Given): readonly PathIssue[] =>
  route.protection === 'required' && route.requiresLogin !== undefined ? judgeDemands(route, given) : [];

/** Judges the login rules of all services; paths are those of the whole configuration. */
export const judgeLogins = ({ services }: Config): readonly PathIssue[] => {
  const given = givenBy(services.flatMap(({ routes }) => routes));
  return services.flatMap(({ routes }, service) =>
    routes.flatMap((route, index) =>
      [...judgeRoute(route, given), ...judgeFailures(route)].map((found) => ({
        ...found,
        path: ['services', service, 'routes', index, ...found.path],
      })),
    ),
  );
};
