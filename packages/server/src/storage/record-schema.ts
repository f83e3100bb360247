/** The tables of the record, as Kysely sees them. Names and types are what SQLite and PostgreSQL both have. */
import type { TrustedKey } from '@hauberk/device';
import type { Bytes } from '@hauberk/primitives';
import type { Generated } from 'kysely';
import type { ApprovalState } from '../admin/approval.ts';
import type { DeviceKeyPurpose, DeviceState } from './device-store.ts';

interface Scoped {
  organisation: string;
  app: string;
}

/** One row: how often this state folder was started and restored. */
export interface StateTable {
  id: number;
  epoch: number;
  boot: number;
  created_at_ms: number;
}

/** See `Device`. */
export interface DeviceTable extends Scoped {
  id: string;
  tier: number;
  state: DeviceState;
  generation: number;
  verdict_reference: string;
  created_at_ms: number;
  changed_at_ms: number;
}

/** See `DeviceKey`. */
export interface DeviceKeyTable extends Scoped {
  thumbprint: string;
  device: string;
  purpose: DeviceKeyPurpose;
  public_key: Bytes;
  created_at_ms: number;
}

/** What a device's evidence came to; texts are empty where there is none. `facts` is JSON. */
export interface DeviceAttestationTable extends Scoped {
  device: string;
  kind: string;
  facts: string;
  counter: number | null;
  counter_key: string;
  evidence: Bytes | null;
  /** Claims of the EAR verdict, JSON. */
  verdict: string | null;
  attested_at_ms: number;
  demand_reason: string;
  demand_at_ms: number;
  shared_identity: string;
  shared_route: string;
}

/** See `HistoryEntry`; `facts` is JSON or empty. */
export interface DeviceHistoryTable extends Scoped {
  position: Generated<number>;
  device: string;
  kind: string;
  actor: string;
  reason: string;
  facts: string;
  at_ms: number;
}

/** Challenges that were used and have not expired. */
export interface SpentChallengeTable extends Scoped {
  challenge: Bytes;
  expires_at_ms: number;
}

/** See `Login`; `grants` is a JSON array of texts. */
export interface LoginTable extends Scoped {
  id: string;
  device: string;
  customer: string;
  grants: string;
  created_at_ms: number;
  expires_at_ms: number;
  ended_at_ms: number | null;
}

/** Which credential names which login; a credential that was refreshed expires on its own. */
export interface LoginCredentialTable extends Scoped {
  device: string;
  credential_hash: string;
  login: string;
  expires_at_ms: number | null;
}

/** See `IdempotencyStore`. */
export interface IdempotencyTable extends Scoped {
  entry: string;
  device: string;
  route: string;
  fingerprint: string;
  state: 'started' | 'done' | 'unknown';
  attempt: number;
  owner_boot: number;
  owner_client: number;
  outcome_status: number | null;
  /** Sealed under the idempotency-outcome key; gone when the device lost its rights. */
  outcome_content: Bytes | null;
  outcome_digest: Bytes | null;
  started_at_ms: number;
  expires_at_ms: number;
}

/** See `Revocation`. */
export interface RevocationTable extends Scoped {
  position: Generated<number>;
  device: string;
  generation: number;
  state: DeviceState;
  tier: number;
  reason: string;
  at_ms: number;
}

/** See `ConfigVersion`. */
export interface ConfigVersionTable extends Scoped {
  service: string;
  version: number;
  hash: Bytes;
  document: string;
  published_at_ms: number;
}

/** Generation of an app's resume tickets. */
export interface ResumeGenerationTable extends Scoped {
  generation: number;
}

/** See `OutboxEvent`. */
export interface OutboxEventTable extends Scoped {
  position: number;
  kind: string;
  at_ms: number;
  payload: Bytes;
}

/** What the outbox took once and does not take again until then. */
export interface OutboxMarkTable extends Scoped {
  mark: Bytes;
  expires_at_ms: number;
}

/** See `OutboxSegment`. */
export interface OutboxSegmentTable {
  segment: number;
  first_position: number;
  events: number;
  bytes: number;
  last_at_ms: number;
}

/** How far each consumer of the outbox has read. */
export interface OutboxConsumerTable {
  consumer: string;
  position: number;
}

/** See `AuditEntry`; `entry` is the text that is hashed, the other columns repeat it for queries and are checked against it. */
export interface AuditEntryTable extends Scoped {
  sequence: number;
  action: string;
  at_ms: number;
  entry: string;
  hash: Bytes;
}

/** See `AuditCheckpoint`. */
export interface AuditCheckpointTable {
  size: number;
  hash: Bytes;
  at_ms: number;
  epoch: number;
  boot: number;
  key_id: number;
  signature: Bytes;
}

/** See `StoredAdminToken`; `app` is empty: a token belongs to an organisation. `grants` and `lineage` are JSON. */
export interface AdminTokenTable extends Scoped {
  id: string;
  subject: string;
  label: string;
  grants: string;
  lineage: string;
  hash: Bytes;
  hash_key: number;
  created_by: string;
  created_at_ms: number;
  expires_at_ms: number;
  last_used_at_ms: number | null;
  revoked_at_ms: number | null;
}

/** See `StartupSecret`; `app` is empty. */
export interface StartupSecretTable extends Scoped {
  id: string;
  hash: Bytes;
  hash_key: number;
  created_at_ms: number;
  expires_at_ms: number;
  used_at_ms: number | null;
}

/** See `Approval`; `change` is canonical JSON, `proposer`, `decision` and `outcome` are JSON. */
export interface ApprovalTable extends Scoped {
  id: string;
  version: number;
  state: ApprovalState;
  proposer_subject: string;
  change: string;
  change_hash: string;
  proposer: string;
  created_at_ms: number;
  changed_at_ms: number;
  expires_at_ms: number;
  decision: string | null;
  outcome: string | null;
}

/** See `BindingRows`; `value` is JSON. */
export interface BindingRowTable extends Scoped {
  kind: string;
  id: string;
  version: number;
  value: string;
  expires_at_ms: number | null;
}

/** See `PrivacyRows`; `value` is JSON, retention goes by `at_ms`. */
export interface PrivacyRowTable extends Scoped {
  kind: string;
  id: string;
  version: number;
  value: string;
  at_ms: number;
}

/** See `SmsInbox`; `name` is a keyed hash, `content` is sealed and goes once it was counted. */
export interface SmsInboxTable {
  position: Generated<number>;
  name: string;
  content: Bytes | null;
  received_at_ms: number;
  expires_at_ms: number;
}

/** See `TrustedKeyStore`. */
export interface TrustedKeyTable extends Scoped {
  thumbprint: string;
  device: string;
  purpose: TrustedKey['purpose'];
  public_key: Bytes;
  tier: TrustedKey['tier'];
  user_binding: TrustedKey['userBinding'];
  created_at_ms: number;
  ended_at_ms: number | null;
}

/** See `DirectiveStore`; an empty service stands for every one, `value` is JSON. */
export interface DirectiveTable extends Scoped {
  kind: string;
  service: string;
  version: number;
  revision: number;
  value: string;
  expires_at_ms: number;
}

/** See `DirectiveStore`; `value` is JSON. */
export interface RolloutTable extends Scoped {
  id: string;
  row: number;
  kind: string;
  service: string;
  state: string;
  value: string;
}

/** See `DecisionRows`; `value` is JSON, retention goes by `at_ms`. */
export type DecisionRowTable = PrivacyRowTable;

/** See `IdentityRows`; `value` is JSON, retention goes by `at_ms`. */
export type IdentityRowTable = PrivacyRowTable;

/** See `IndexedDecision`; `reasons` and `entities` are JSON. */
export interface DecisionTable extends Scoped {
  id: string;
  at_ms: number;
  position: number;
  scene: string;
  outcome: string;
  points: number;
  policy: string;
  reasons: string;
  entities: string;
}

/** What a decision is found by. */
export interface DecisionMarkTable extends Scoped {
  mark: string;
  at_ms: number;
  id: string;
}

/** All tables. */
export interface RecordSchema {
  admin_tokens: AdminTokenTable;
  startup_secrets: StartupSecretTable;
  approvals: ApprovalTable;
  state: StateTable;
  devices: DeviceTable;
  device_keys: DeviceKeyTable;
  device_attestations: DeviceAttestationTable;
  device_history: DeviceHistoryTable;
  spent_challenges: SpentChallengeTable;
  logins: LoginTable;
  login_credentials: LoginCredentialTable;
  idempotency: IdempotencyTable;
  revocations: RevocationTable;
  config_versions: ConfigVersionTable;
  resume_generations: ResumeGenerationTable;
  outbox_events: OutboxEventTable;
  outbox_marks: OutboxMarkTable;
  outbox_segments: OutboxSegmentTable;
  outbox_consumers: OutboxConsumerTable;
  audit_entries: AuditEntryTable;
  audit_checkpoints: AuditCheckpointTable;
  binding_rows: BindingRowTable;
  sms_inbox: SmsInboxTable;
  privacy_rows: PrivacyRowTable;
  decision_rows: DecisionRowTable;
  identity_rows: IdentityRowTable;
  decisions: DecisionTable;
  decision_marks: DecisionMarkTable;
  trusted_keys: TrustedKeyTable;
  directives: DirectiveTable;
  rollouts: RolloutTable;
}
