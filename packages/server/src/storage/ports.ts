/**
 * What the gateway asks of its storage: one narrow port per concept, in domain words. Writes resolve only once they are on disk (fsynced);
 * a write that cannot be kept rejects with a `StorageFault`. Reads that the request path needs are synchronous and see every write that has
 * resolved on any thread. Every call is scoped: an object of another organisation or app does not exist.
 */
import type { KeyPurpose } from '@hauberk/channel';
import type { Bytes, DurationMs, EpochMs } from '@hauberk/primitives';

/** Whose records a call is about. */
export interface Scope {
  readonly organisation: string;
  readonly app: string;
}

/** Why a write was not kept. `overloaded` and `full` pass; the caller answers with a coded problem. */
export type StorageFaultCode = 'storage.overloaded' | 'storage.full' | 'storage.closed' | 'storage.failed';

/** A write that was not kept. */
export class StorageFault extends Error {
  override readonly name = 'StorageFault';
  readonly code: StorageFaultCode;
  constructor(code: StorageFaultCode, cause?: unknown) {
    super(code, { cause });
    this.code = code;
  }
}

/** A device is trusted to open sessions only while `enrolled`. */
export type DeviceState = 'enrolled' | 'suspended' | 'revoked' | 'lost';

/** One key of a device. */
export interface DeviceKey {
  readonly purpose: KeyPurpose;
  /** RFC 7638 thumbprint. */
  readonly thumbprint: Bytes;
  /** Raw P-256 point. */
  readonly publicKey: Bytes;
}

/** A device as the record has it. */
export interface DeviceRecord {
  /** 16 random bytes. */
  readonly deviceId: Bytes;
  readonly tier: number;
  readonly state: DeviceState;
  /** Rises with every change that voids sessions; starts at 1. */
  readonly generation: number;
  readonly verdictReference: string;
  readonly keys: readonly DeviceKey[];
  readonly enrolledAtMs: EpochMs;
}

/** What enrolment brings. */
export interface NewDevice {
  readonly key: DeviceKey;
  readonly tier: number;
  readonly verdictReference: string;
}

export interface DeviceStore {
  /** Enrols a device by its identity key; the same thumbprint again answers the device that is already there. */
  enrol(scope: Scope, device: NewDevice, now: EpochMs): Promise<DeviceRecord>;
  /** Adds a second key to an enrolled device; false when the device is not enrolled or the key belongs to another. */
  addKey(scope: Scope, deviceId: Bytes, key: DeviceKey, now: EpochMs): Promise<boolean>;
  findByThumbprint(scope: Scope, thumbprint: Bytes): DeviceRecord | undefined;
  findById(scope: Scope, deviceId: Bytes): DeviceRecord | undefined;
  /** Changes the state, raises the generation and writes the revocation log; answers the device after the change. */
  changeState(scope: Scope, deviceId: Bytes, state: DeviceState, reason: string, now: EpochMs): Promise<DeviceRecord | undefined>;
  list(scope: Scope, page: { readonly after?: Bytes; readonly limit: number }): readonly DeviceRecord[];
}

export interface EnrolmentChallenges {
  /** Makes a single-use challenge of 32 random bytes. */
  issue(scope: Scope, life: DurationMs, now: EpochMs): Promise<Bytes>;
  /** True for exactly one caller, and only before it expires. */
  consume(scope: Scope, challenge: Bytes, now: EpochMs): Promise<boolean>;
}

/** A login: who is behind a device now, as the upstream said. Belongs to device and credential, not to one session. */
export interface LoginRecord {
  /** 16 random bytes as base64url. */
  readonly loginId: string;
  /** Base64url. */
  readonly deviceId: string;
  /** SHA-256 of the credential that the route declares. */
  readonly credentialHash: Bytes;
  readonly customerId: string | null;
  /** Object ids that this login may name, by kind (`account` and so on). */
  readonly grants: Readonly<Record<string, readonly string[]>>;
  readonly stepsPassed: readonly string[];
  readonly createdAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
}

export interface LoginStore {
  /** Opens a login; an open one of the same device and credential is ended first. */
  open(scope: Scope, login: LoginRecord): Promise<void>;
  /** The live login of a device and credential. */
  find(scope: Scope, deviceId: string, credentialHash: Bytes, now: EpochMs): LoginRecord | undefined;
  /** Adds object ids (and the customer, when given) to a live login. */
  grant(scope: Scope, loginId: string, grants: Readonly<Record<string, readonly string[]>>, customerId: string | null): Promise<void>;
  passStep(scope: Scope, loginId: string, step: string): Promise<void>;
  /** Moves a live login to a refreshed credential. */
  move(scope: Scope, loginId: string, credentialHash: Bytes, expiresAtMs: EpochMs): Promise<void>;
  end(scope: Scope, loginId: string, now: EpochMs): Promise<void>;
  /** Ends every login of a device: revocation, loss. */
  endForDevice(scope: Scope, deviceId: string, now: EpochMs): Promise<void>;
}

/** What is kept of a request that was answered. */
export interface StoredOutcome {
  readonly status: number;
  /** Reply headers that are replayed, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
}

/** What `begin` finds. `fresh` means: the mark is on disk, forward now. */
export type IdempotencyState =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly outcome: StoredOutcome }
  /** Over the cap: only digest and status were kept. */
  | { readonly kind: 'not-kept'; readonly status: number; readonly digest: Bytes }
  /** Forwarded once, answer unknown (timeout, reset, crash of an earlier boot). */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'mismatch' };

/** The identity of an idempotent request: SHA-256 over device, customer, route and key; fingerprint over the request itself. */
export interface IdempotencyKey {
  readonly scopeHash: Bytes;
  readonly fingerprint: Bytes;
  /** For operators and for revocation; base64url. */
  readonly deviceId: string;
  readonly routeId: string;
}

/** An entry whose outcome is unknown, for operators. */
export interface UnknownOutcome {
  readonly scopeHash: Bytes;
  readonly deviceId: string;
  readonly routeId: string;
  readonly startedAtMs: EpochMs;
}

export interface IdempotencyStore {
  /** Marks a request as started, or says what is known of it. `takeUnknown` turns an unknown entry into a fresh one (idempotent upstream). */
  begin(scope: Scope, key: IdempotencyKey, options: { readonly takeUnknown: boolean; readonly life: DurationMs }, now: EpochMs): Promise<IdempotencyState>;
  /** Keeps the outcome, encrypted at rest; resolves before the reply may be sealed. */
  finish(scope: Scope, key: IdempotencyKey, outcome: StoredOutcome): Promise<void>;
  /** Keeps status and digest of an outcome that is over the cap. */
  finishNotKept(scope: Scope, key: IdempotencyKey, status: number, digest: Bytes): Promise<void>;
  markUnknown(scope: Scope, key: IdempotencyKey): Promise<void>;
  /** Takes a started mark back: nothing was forwarded. */
  abandon(scope: Scope, key: IdempotencyKey): Promise<void>;
  /** Revocation voids stored outcomes. */
  dropForDevice(scope: Scope, deviceId: string): Promise<void>;
  listUnknown(scope: Scope, limit: number): readonly UnknownOutcome[];
}

/** One event of the outbox. `body` is JSON without secrets or raw personal data. */
export interface OutboxEvent {
  readonly kind: string;
  readonly scope: Scope;
  readonly atMs: EpochMs;
  readonly body: unknown;
}

export interface Outbox {
  /** Appends in order; answers the position of the last one. */
  append(events: readonly OutboxEvent[]): Promise<number>;
  /** Appends events unless the device already sent that id: ingestion of reports is idempotent. */
  appendOnce(events: readonly (OutboxEvent & { readonly onceKey: string })[]): Promise<number>;
  readFrom(position: number, limit: number): readonly (OutboxEvent & { readonly position: number })[];
}

/** One audit entry; the log chains and signs them. */
export interface AuditEntry {
  readonly action: string;
  readonly actor: string;
  readonly scope: Scope | null;
  readonly atMs: EpochMs;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AuditLog {
  append(entry: AuditEntry): Promise<number>;
}

/** Signed documents of this installation, by kind (`config`) and version. */
export interface DocumentStore {
  /** Keeps a document; false when that version exists already with another text. */
  keep(kind: string, organisation: string, service: string, version: number, text: string): Promise<boolean>;
  /** The newest ones first. */
  latest(kind: string, organisation: string, service: string, limit: number): readonly { readonly version: number; readonly text: string }[];
}

/** Everything that a gateway thread holds of the storage. */
export interface StoragePorts {
  readonly devices: DeviceStore;
  readonly challenges: EnrolmentChallenges;
  readonly logins: LoginStore;
  readonly idempotency: IdempotencyStore;
  readonly outbox: Outbox;
  readonly audit: AuditLog;
  readonly documents: DocumentStore;
}
