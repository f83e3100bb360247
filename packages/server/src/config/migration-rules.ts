/** What a route with migration schemes cannot promise: their clients have no device, no session and no bound reply. */
import type { Config } from './config.ts';
import type { ConfigPath, PathIssue } from './config-issue.ts';
import type { MigrationConfig } from './migration-config.ts';
import type { RouteConfig } from './route-config.ts';

const issue = (path: ConfigPath, message: string, hint: string): PathIssue => ({ path, message, hint });

/** Members that need a device, a login or a session, which a migrated client does not have. */
const deviceOnly: readonly (readonly [keyof RouteConfig, (route: RouteConfig) => boolean])[] = [
  ['mode', (route) => route.mode === 'sealed'],
  ['stream', (route) => route.stream],
  ['stepUp', (route) => route.stepUp],
  ['minTier', (route) => route.minTier > 0],
  ['requiresLogin', (route) => route.requiresLogin !== undefined],
  ['login', (route) => route.login !== undefined],
  ['idempotency', (route) => route.idempotency.demand !== 'none'],
  ['outcome', (route) => route.outcome === 'challenge'],
];

const judgeRoute = (route: RouteConfig): readonly PathIssue[] => {
  const unprotected =
    route.protection === 'none'
      ? [issue(['migration'], 'means nothing with protection: none', 'set protection: required or observe')]
      : [];
  const needless = deviceOnly
    .filter(([, isUsed]) => isUsed(route))
    .map(([member]) =>
      issue([member], 'cannot be kept beside migration: its clients have no device', 'remove it, or migration'),
    );
  return [...unprotected, ...needless];
};

/** Whether an accepted request may have another body than the one that was signed, or be sent twice. */
const weakness = (scheme: MigrationConfig): string | undefined => {
  switch (scheme.scheme) {
    case 'cavage-hmac':
      if (!scheme.bodyDigest) return 'leaves the body uncovered';
      return scheme.once === 'none' ? 'lets a captured request be sent again' : undefined;
    case 'sigv4':
      if (scheme.unsignedPayload) return 'leaves the body uncovered';
      return scheme.once === 'none' ? 'lets a captured request be sent again' : undefined;
    case 'dpop':
    case 'oauth-attestation':
      return 'never covers the body';
  }
};

const judgeStakes = (route: RouteConfig): readonly PathIssue[] => {
  if (route.class !== 'money' && route.class !== 'bind') return [];
  return route.migration.flatMap((scheme, index) => {
    const found = weakness(scheme);
    const hint = 'use cavage-hmac or sigv4 with the body covered, or HB/1';
    return found === undefined
      ? []
      : [issue(['migration', index], `${scheme.scheme} ${found}: not on a ${route.class} route`, hint)];
  });
};

const judgeScheme = (config: Config, scheme: MigrationConfig, index: number): readonly PathIssue[] => {
  const most = config.limits.migrationSkewSeconds;
  const late =
    scheme.skewSeconds > most
      ? [issue(['migration', index, 'skewSeconds'], 'is above limits.migrationSkewSeconds', `at most ${most}`)]
      : [];
  const forgotten =
    scheme.scheme === 'dpop' && scheme.nonceSeconds > most
      ? [issue(['migration', index, 'nonceSeconds'], 'is above limits.migrationSkewSeconds', `at most ${most}`)]
      : [];
  const ids = 'keys' in scheme ? scheme.keys.map(({ id }) => id) : [];
  const twice = ids.flatMap((id, key) =>
    ids.indexOf(id) < key
      ? [issue(['migration', index, 'keys', key, 'id'], `${id} is given twice`, 'one secret per key id')]
      : [],
  );
  return [...late, ...forgotten, ...twice];
};

/** Judges the migration schemes of the routes of one service; paths are relative to `routes`. */
export const judgeMigration = (config: Config, routes: readonly RouteConfig[]): readonly PathIssue[] =>
  routes.flatMap((route, index) => {
    if (route.migration.length === 0) return [];
    const schemes = route.migration.flatMap((scheme, at) => judgeScheme(config, scheme, at));
    return [...judgeRoute(route), ...judgeStakes(route), ...schemes].map((found) => ({
      ...found,
      path: [index, ...found.path],
    }));
  });
