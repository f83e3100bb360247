/** Every write of the record, as a message to the writer thread: inputs and answers are plain values that a port can carry. */

import type { SharedRoute } from '@hauberk/channel';
import type {
  AttestCode,
  By,
  DeviceStateCode,
  HistoryEntry,
  IdentityRows,
  ReattestationDemand,
  RotationCode,
} from '@hauberk/device';
import type { Bytes, EpochMs, Result } from '@hauberk/primitives';
import type { AdminToken, StoredAdminToken } from '../admin/admin-token.ts';
import type { Approval, ApprovalEvent } from '../admin/approval.ts';
import type { AuditHead, AuditRecord } from '../audit/audit-log.ts';
import type { BindingChange } from '../binding/binding-store.ts';
import type { DecisionRowKind, DecisionRows, IndexBatch } from '../decision/record-rows.ts';
import type { IdentityRowKind } from '../device/identity-store.ts';
import type { PrivacyCommit, PrivacyIntake, PrivacyRowKind } from '../privacy/privacy-store.ts';
import type { StartupSecret } from './admin-token-store.ts';
import type { ConfigVersion } from './app-record.ts';
import type { ApprovalStepRefusal } from './approval-store.ts';
import type { NewAttestation, NewIdentity } from './attestation-store.ts';
import type {
  AddKeyRefusal,
  Device,
  DeviceChange,
  DeviceChangeRefusal,
  DeviceEnrolment,
  DeviceKey,
  KeyedDevice,
} from './device-store.ts';
import type { DirectiveChange, DirectiveRefusal } from './directive-store.ts';
import type { IdempotencyAttempt, IdempotencyRequest, Settlement } from './idempotency-store.ts';
import type { Login, LoginEnd, LoginMove, LoginOpening } from './login-store.ts';
import type { OutboxEntry, OutboxRetention } from './outbox.ts';
import type { Scope } from './scope.ts';
import type { NewSms } from './sms-inbox.ts';
import type { NewTrustedKey, RegisteredKey, RegisterKeyRefusal } from './trusted-key-store.ts';
import type { RowCommit } from './versioned-rows.ts';

interface Command<Input, Answer> {
  readonly input: Input & { readonly scope: Scope };
  readonly answer: Answer;
}

interface WideCommand<Input, Answer> {
  readonly input: Input;
  readonly answer: Answer;
}

/** An outcome as the record holds it: the content sealed. */
export type SealedOutcome =
  | { readonly kept: true; readonly status: number; readonly sealed: Bytes; readonly digest: Bytes }
  | { readonly kept: false; readonly status: number; readonly digest: Bytes };

/** What `idempotency.begin` found, the outcome still sealed. */
export type SealedBegin =
  | { readonly state: 'fresh'; readonly attempt: IdempotencyAttempt; readonly again: boolean }
  | { readonly state: 'done'; readonly outcome: SealedOutcome }
  | { readonly state: 'running' | 'outcome-unknown' | 'fingerprint-mismatch' };

/** Kind of write → what it takes and answers. */
export interface WriteCommands {
  'device.enrol': Command<
    { readonly id: string; readonly enrolment: DeviceEnrolment; readonly now: EpochMs },
    Result<KeyedDevice & { readonly created: boolean }, 'device-key-taken'>
  >;
  'device.add-key': Command<
    { readonly device: string; readonly key: Omit<DeviceKey, 'createdAtMs'>; readonly now: EpochMs },
    Result<DeviceKey, AddKeyRefusal>
  >;
  'device.change-state': Command<
    { readonly device: string; readonly change: DeviceChange; readonly now: EpochMs },
    Result<Device, 'device-unknown' | DeviceChangeRefusal>
  >;
  'device.attest': Command<
    { readonly device: string; readonly attestation: NewAttestation; readonly now: EpochMs },
    Result<Device, 'device-unknown' | 'device-key-taken' | AttestCode>
  >;
  'device.demand': Command<
    { readonly device: string; readonly demand: ReattestationDemand; readonly by: By },
    Result<Device, 'device-unknown' | DeviceStateCode>
  >;
  'device.rotate': Command<
    { readonly device: string; readonly identity: NewIdentity; readonly now: EpochMs },
    Result<Device, 'device-unknown' | 'device-not-enrolled' | RotationCode>
  >;
  'device.link': Command<
    {
      readonly device: string;
      readonly shared: { readonly identity: string; readonly route: SharedRoute };
      readonly now: EpochMs;
    },
    Result<true, 'device-unknown'>
  >;
  'device.note': Command<{ readonly device: string; readonly entry: HistoryEntry }, Result<true, 'device-unknown'>>;
  'challenge.spend': Command<
    { readonly challenge: Bytes; readonly expiresAtMs: EpochMs },
    Result<true, 'challenge-used'>
  >;
  'login.open': Command<
    { readonly id: string; readonly opening: LoginOpening; readonly now: EpochMs },
    Result<Login, 'login-grants-full' | 'device-not-enrolled'>
  >;
  'login.grant': Command<
    { readonly device: string; readonly id: string; readonly objects: readonly string[]; readonly now: EpochMs },
    Result<Login, 'login-unknown' | 'login-grants-full'>
  >;
  'login.move': Command<
    { readonly move: LoginMove; readonly now: EpochMs },
    Result<Login, 'login-unknown' | 'login-credential-taken'>
  >;
  'login.end': Command<{ readonly which: LoginEnd; readonly now: EpochMs }, Result<number, never>>;
  'idempotency.begin': Command<
    {
      readonly entry: string;
      readonly device: string;
      readonly route: string;
      readonly request: IdempotencyRequest;
      readonly now: EpochMs;
    },
    Result<SealedBegin, never>
  >;
  'idempotency.finish': WideCommand<
    { readonly attempt: IdempotencyAttempt; readonly outcome: SealedOutcome },
    Result<boolean, never>
  >;
  'idempotency.mark-unknown': WideCommand<
    { readonly attempt: IdempotencyAttempt; readonly now: EpochMs },
    Result<boolean, never>
  >;
  'idempotency.release': WideCommand<{ readonly attempt: IdempotencyAttempt }, Result<boolean, never>>;
  'idempotency.settle': Command<
    { readonly entry: string; readonly settlement: Settlement; readonly actor: string; readonly now: EpochMs },
    Result<boolean, never>
  >;
  /** The client is gone: what it had started is unknown. Sent by the writer to itself. */
  'idempotency.disown': WideCommand<{ readonly client: number; readonly now: EpochMs }, Result<number, never>>;
  'outbox.append': WideCommand<{ readonly entries: readonly OutboxEntry[] }, Result<number, never>>;
  'outbox.acknowledge': WideCommand<{ readonly consumer: string; readonly position: number }, Result<number, never>>;
  'outbox.retain': WideCommand<{ readonly retention: OutboxRetention }, Result<number, never>>;
  'config.publish': Command<{ readonly config: ConfigVersion }, Result<ConfigVersion, 'config-version-not-rising'>>;
  'resume.raise': Command<{ readonly actor: string; readonly now: EpochMs }, Result<number, never>>;
  'audit.append': Command<{ readonly record: AuditRecord; readonly now: EpochMs }, Result<AuditHead, never>>;
  'admin.issue-token': WideCommand<
    { readonly token: StoredAdminToken; readonly actor: string; readonly now: EpochMs },
    Result<AdminToken, never>
  >;
  'admin.revoke-token': WideCommand<
    { readonly organisation: string; readonly id: string; readonly actor: string; readonly now: EpochMs },
    Result<AdminToken, 'token-unknown'>
  >;
  'admin.touch-token': WideCommand<{ readonly id: string; readonly now: EpochMs }, Result<boolean, never>>;
  'admin.issue-startup': WideCommand<
    { readonly secret: StartupSecret; readonly force: boolean; readonly actor: string; readonly now: EpochMs },
    Result<true, 'startup-not-needed'>
  >;
  'admin.redeem-startup': WideCommand<
    { readonly id: string; readonly token: StoredAdminToken; readonly actor: string; readonly now: EpochMs },
    Result<AdminToken, 'startup-secret-used'>
  >;
  'approval.propose': WideCommand<
    { readonly approval: Approval; readonly now: EpochMs },
    Result<Approval, 'approvals-full'>
  >;
  'approval.step': Command<
    {
      readonly id: string;
      readonly event: ApprovalEvent;
      readonly now: EpochMs;
      readonly ifVersion?: number | undefined;
    },
    Result<Approval, ApprovalStepRefusal>
  >;
  /** All of a change or nothing. */
  'binding.commit': Command<
    { readonly change: BindingChange; readonly now: EpochMs },
    Result<true, 'binding-conflict' | 'binding-fenced'>
  >;
  'binding.purge': WideCommand<{ readonly now: EpochMs; readonly limit: number }, Result<number, never>>;
  'trusted-key.register': Command<
    { readonly device: string; readonly key: NewTrustedKey; readonly now: EpochMs },
    Result<RegisteredKey, RegisterKeyRefusal>
  >;
  /** All of a change or nothing. */
  'directive.commit': Command<
    { readonly change: DirectiveChange; readonly now: EpochMs },
    Result<true, DirectiveRefusal>
  >;
  'sms.take': WideCommand<
    { readonly name: string; readonly sealed: Bytes } & Omit<NewSms, 'identity' | 'content'>,
    Result<'taken' | 'known', never>
  >;
  'sms.settle': WideCommand<{ readonly positions: readonly number[] }, Result<number, never>>;
  'sms.purge': WideCommand<{ readonly now: EpochMs; readonly limit: number }, Result<number, never>>;
  'privacy.ingest': Command<
    { readonly intake: PrivacyIntake; readonly now: EpochMs },
    Result<number, 'privacy-behind'>
  >;
  /** All of a change or nothing. */
  'privacy.commit': WideCommand<
    { readonly commit: PrivacyCommit; readonly now: EpochMs },
    Result<true, 'privacy-conflict'>
  >;
  'privacy.purge': WideCommand<
    { readonly kind: PrivacyRowKind; readonly before: EpochMs; readonly limit: number },
    Result<number, never>
  >;
  /** All of a change or nothing. */
  'decision.commit': WideCommand<
    { readonly commit: RowCommit<DecisionRows>; readonly now: EpochMs },
    Result<true, 'decision-conflict'>
  >;
  'decision.purge': WideCommand<
    { readonly kind: DecisionRowKind; readonly before: EpochMs; readonly limit: number },
    Result<number, never>
  >;
  'decision.index': WideCommand<
    {
      readonly batches: readonly IndexBatch[];
      readonly advance: { readonly from: number; readonly to: number };
      readonly now: EpochMs;
    },
    Result<true, 'decision-conflict'>
  >;
  'decision.forget': WideCommand<
    { readonly beforeMs: number; readonly most: number; readonly limit: number },
    Result<number, never>
  >;
  /** All of a change or nothing. */
  'identity.commit': WideCommand<
    { readonly commit: RowCommit<IdentityRows>; readonly now: EpochMs },
    Result<true, 'identity-conflict'>
  >;
  'identity.purge': WideCommand<
    { readonly kind: IdentityRowKind; readonly before: EpochMs; readonly limit: number },
    Result<number, never>
  >;
  /** Drops what has expired, at most `limit` rows of each kind, so that no group waits long for it. */
  'record.purge': WideCommand<{ readonly now: EpochMs; readonly limit: number }, Result<number, never>>;
}

/** A kind of write. */
export type WriteKind = keyof WriteCommands;
/** What a kind of write takes. */
export type WriteInput<Kind extends WriteKind> = WriteCommands[Kind]['input'];
/** What a kind of write answers once it is on the disk. */
export type WriteAnswer<Kind extends WriteKind> = WriteCommands[Kind]['answer'];

/** The code behind some kinds of write; runs on the writer thread inside the transaction of a group. */
export type WriteHandlers<Kind extends WriteKind> = {
  readonly [K in Kind]: (input: WriteInput<K>, client: number) => WriteAnswer<K>;
};
