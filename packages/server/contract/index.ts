/** All contracts of the storage ports. */
import { adminTokenStoreContract, approvalStoreContract } from './administration.ts';
import { appRecordContract, auditLogContract } from './app-record.ts';
import { attestationStoreContract } from './attestation-store.ts';
import { bindingStoreContract } from './binding-store.ts';
import { deviceStoreContract } from './device-store.ts';
import { directiveStoreContract } from './directive-store.ts';
import { enrolmentChallengesContract } from './enrolment-challenges.ts';
import type { OpenStorageHarness } from './harness.ts';
import { idempotencyStoreContract } from './idempotency-store.ts';
import { identityStoreContract } from './identity-store.ts';
import { loginStoreContract } from './login-store.ts';
import { outboxContract } from './outbox.ts';
import { privacyStoreContract } from './privacy-store.ts';
import { trustedKeyStoreContract } from './trusted-key-store.ts';

/** Runs every contract against an adapter. */
export const storageContract = (adapter: string, open: OpenStorageHarness): void => {
  deviceStoreContract(adapter, open);
  attestationStoreContract(adapter, open);
  identityStoreContract(adapter, open);
  trustedKeyStoreContract(adapter, open);
  bindingStoreContract(adapter, open);
  enrolmentChallengesContract(adapter, open);
  loginStoreContract(adapter, open);
  idempotencyStoreContract(adapter, open);
  outboxContract(adapter, open);
  privacyStoreContract(adapter, open);
  directiveStoreContract(adapter, open);
  appRecordContract(adapter, open);
  auditLogContract(adapter, open);
  adminTokenStoreContract(adapter, open);
  approvalStoreContract(adapter, open);
};
