/** What the administration works with, and who calls it. */
import type { EpochMs } from '@hauberk/primitives';
import type { BindingAdministration } from '../binding/binding-administration.ts';
import type { ClusterDesk } from '../clusters/cluster-desk.ts';
import type { DecisionDesk } from '../decision/decision-desk.ts';
import type { DecisionOffice } from '../decision/policy-office.ts';
import type { DeviceAdministration } from '../device/device-administration.ts';
import type { IdentityBook } from '../device/identity-book.ts';
import type { DirectiveDesk } from '../directive/directive-desk.ts';
import type { Log } from '../gateway/log.ts';
import type { Intelligence } from '../intelligence/open-intelligence.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import type { PrivacyAdministration } from '../privacy/privacy-administration.ts';
import type { Signals } from '../signals/open-signals.ts';
import type { Scope } from '../storage/scope.ts';
import type { Stores } from '../storage/stores.ts';
import type { CallCounts } from './admin-figures.ts';
import type { AdminToken } from './admin-token.ts';
import type { FourEyesAction, FourEyesRule } from './four-eyes.ts';
import type { Person } from './person.ts';
import type { RecentChanges } from './recent-changes.ts';
import type { Grant, Roles } from './right.ts';

/** What the configuration says of the administration. */
export interface AdminSettings {
  /** Built-in roles and those of the configuration. */
  readonly roles: Roles;
  readonly longestTokenDays: number;
  readonly approvalHours: number;
  readonly fourEyes: Readonly<Record<FourEyesAction, FourEyesRule>>;
  /** From how many devices of one person within an hour on they are many. */
  readonly manyDevices: number;
  /** Of one token, on average. */
  readonly requestsPerSecond: number;
}

/** Everything that the administration works with. */
export interface Administration {
  readonly stores: Pick<
    Stores,
    'devices' | 'adminTokens' | 'approvals' | 'audit' | 'challenges' | 'idempotency' | 'trustedKeys'
  >;
  readonly keys: KeyReader;
  /** The devices of one app. */
  readonly devicesOf: (scope: Scope) => DeviceAdministration;
  /** Who devices are taken for. */
  readonly identities: IdentityBook;
  /** The bindings of one app; undefined where it does not bind. */
  readonly bindingsOf: (scope: Scope) => BindingAdministration | undefined;
  /** Findings, stops, rules and people's rights of one app. */
  readonly privacyOf: (scope: Scope) => PrivacyAdministration;
  /** What devices told of themselves. */
  readonly signals: Pick<Signals, 'memory' | 'stepsOf'>;
  /** Whom traps caught; undefined where nothing decides. */
  readonly traps?: Pick<DecisionDesk, 'trapOf' | 'clearTrap'> | undefined;
  readonly directives: DirectiveDesk;
  /** Policies, lists and models; what was decided. */
  readonly decisions: DecisionOffice;
  /** Clusters of devices; undefined where nothing decides. */
  readonly clusters: ClusterDesk | undefined;
  /** What partners tell; undefined where nothing of it is configured. */
  readonly intelligence: Intelligence | undefined;
  /** The apps of an organisation that is served here; none for any other. */
  readonly appsOf: (organisation: string) => readonly string[];
  /** The organisation that the local administrator begins with. */
  readonly organisation: string;
  readonly settings: () => AdminSettings;
  /** How many devices a person changed lately. */
  readonly recent: RecentChanges;
  /** Calls by operation and outcome. */
  readonly calls: CallCounts;
  readonly log: Log;
  readonly now: () => EpochMs;
}

/** Who calls: a token that was found good. */
export interface Caller extends Person {
  readonly organisation: string;
  readonly grants: readonly Grant[];
  readonly held: AdminToken;
}
