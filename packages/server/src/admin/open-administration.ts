/** Puts the administration of a running gateway together. */
import type { DeviceTable } from '@hauberk/channel';
import type { EpochMs } from '@hauberk/primitives';
import type { Bindings } from '../binding/open-bindings.ts';
import type { ClusterDesk } from '../clusters/cluster-desk.ts';
import type { Config } from '../config/config.ts';
import type { DecisionOffice } from '../decision/policy-office.ts';
import { deviceAdministration } from '../device/device-administration.ts';
import { verdictSigner } from '../device/device-verdict.ts';
import type { IdentityBook } from '../device/identity-book.ts';
import type { DirectiveDesk } from '../directive/directive-desk.ts';
import type { Log } from '../gateway/log.ts';
import type { Intelligence } from '../intelligence/open-intelligence.ts';
import type { Privacy } from '../privacy/open-privacy.ts';
import type { Signals } from '../signals/open-signals.ts';
import type { OpenStorage } from '../storage/index.ts';
import { CallCounts } from './admin-figures.ts';
import type { Administration, AdminSettings } from './administration.ts';
import { RecentChanges } from './recent-changes.ts';
import { builtInRoles } from './right.ts';

/** What a gateway lends its administration. */
export interface AdministrationParts {
  readonly config: Config;
  readonly storage: OpenStorage;
  readonly table: DeviceTable;
  readonly log: Log;
  readonly now: () => EpochMs;
  readonly bindings?: Bindings | undefined;
  readonly privacy: Privacy;
  readonly signals: Signals;
  readonly traps?: Administration['traps'];
  readonly directives: DirectiveDesk;
  readonly decisions: DecisionOffice;
  readonly identities: IdentityBook;
  readonly clusters: ClusterDesk | undefined;
  readonly intelligence: Intelligence | undefined;
}

/** What a configuration says of the administration. */
export const settingsOf = ({ admin }: Config): AdminSettings => ({
  roles: { ...admin.roles, ...builtInRoles },
  longestTokenDays: admin.tokenDays,
  approvalHours: admin.approvalHours,
  fourEyes: admin.fourEyes,
  manyDevices: admin.manyDevices,
  requestsPerSecond: admin.requestsPerSecond,
});

/** The administration over a storage and the shared table of a gateway. */
export const openAdministration = ({
  config,
  storage,
  table,
  log,
  now,
  bindings,
  privacy,
  signals,
  traps,
  directives,
  decisions,
  identities,
  clusters,
  intelligence,
}: AdministrationParts): Administration => {
  const { organisation, apps, sessions } = config;
  const settings = settingsOf(config);
  const tierNames = sessions.tiers.map(({ name }) => name);
  const ids = apps.map(({ id }) => id);
  const { ports: stores, keys } = storage;
  return {
    stores,
    keys,
    devicesOf: (scope) =>
      deviceAdministration({ scopes: [scope], stores, table, tierNames, now, signVerdict: verdictSigner(keys) }),
    bindingsOf: (scope) => (scope.organisation === organisation ? bindings?.administrationOf(scope.app) : undefined),
    privacyOf: (scope) => privacy.administrationOf(scope),
    signals,
    traps,
    directives,
    decisions,
    identities,
    clusters,
    intelligence,
    appsOf: (name) => (name === organisation ? ids : []),
    organisation,
    settings: () => settings,
    recent: new RecentChanges(),
    calls: new CallCounts(),
    log,
    now,
  };
};
