/** The ports of the storage, as one value. */
import type { AuditLog } from '../audit/audit-log.ts';
import type { BindingStore } from '../binding/binding-store.ts';
import type { DecisionStore } from '../decision/record-rows.ts';
import type { IdentityStore } from '../device/identity-store.ts';
import type { PrivacyStore } from '../privacy/privacy-store.ts';
import type { AdminTokenStore } from './admin-token-store.ts';
import type { AppRecord } from './app-record.ts';
import type { ApprovalStore } from './approval-store.ts';
import type { AttestationStore } from './attestation-store.ts';
import type { DeviceStore } from './device-store.ts';
import type { DirectiveStore } from './directive-store.ts';
import type { EnrolmentChallenges } from './enrolment-challenges.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import type { LoginStore } from './login-store.ts';
import type { Outbox } from './outbox.ts';
import type { SmsInbox } from './sms-inbox.ts';
import type { TrustedKeyStore } from './trusted-key-store.ts';

/** Everything that the storage keeps. */
export interface Stores {
  readonly devices: DeviceStore;
  readonly attestations: AttestationStore;
  readonly challenges: EnrolmentChallenges;
  readonly logins: LoginStore;
  readonly idempotency: IdempotencyStore;
  readonly outbox: Outbox;
  readonly apps: AppRecord;
  readonly audit: AuditLog;
  readonly adminTokens: AdminTokenStore;
  readonly approvals: ApprovalStore;
  readonly bindings: BindingStore;
  readonly sms: SmsInbox;
  readonly privacy: PrivacyStore;
  readonly decisions: DecisionStore;
  readonly identities: IdentityStore;
  readonly trustedKeys: TrustedKeyStore;
  readonly directives: DirectiveStore;
}
