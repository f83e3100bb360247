/**
 * What the server keeps, as narrow ports in domain words. Reads are synchronous (the request path may not wait); a write's promise
 * resolves only after its fsync. Everything belongs to an organisation and an app. Contract suites in `packages/server/contract`
 * run over every adapter.
 */
import type { Bytes, DeviceId, DurationMs, EpochMs, LoginId, Result } from '@hauberk/primitives';

/** Whose record is meant. */
export interface Scope {
  readonly organisation: string;
  readonly app: string;
}

/** Refusals that any write may meet: the queue is full, or the disk is. Nothing was written; both end on their own. */
export type WriteReason = 'storage.overloaded' | 'storage.full';

/** A write's answer: durable when it is there. Faults (a broken disk, a stopped writer) reject with `StorageFault`. */
export type Written<Value, Reason extends string = never> = Promise<Result<Value, Reason | WriteReason>>;

/** What a device key is for. */
export type DeviceKeyPurpose = 'identity' | 'step-up';
/** `revoked` is final; the others may change. Only an enrolled device is served. */
export type DeviceState = 'enrolled' | 'suspended' | 'revoked' | 'lost';

/** A public key of a device: raw P-256 point and its RFC 7638 thumbprint. */
export interface DeviceKey {
  readonly purpose: DeviceKeyPurpose;
  readonly thumbprint: Bytes;
  readonly publicKey: Bytes;
}

/** One enrolled device of one app. */
export interface Device {
  readonly id: DeviceId;
  readonly state: DeviceState;
  readonly tier: number;
  /** Rises from 1 with every revocation, suspension and loss of tier; tickets of a lower one are void. */
  readonly generation: number;
  /** Names the verdict that the tier rests on. */
  readonly verdictReference: string;
  readonly keys: readonly DeviceKey[];
  readonly createdAtMs: EpochMs;
  readonly changedAtMs: EpochMs;
}

/** A device that asks to be enrolled, its evidence judged. */
export interface NewDevice {
  readonly thumbprint: Bytes;
  readonly publicKey: Bytes;
  readonly tier: number;
  readonly verdictReference: string;
  readonly now: EpochMs;
}

/** Why a device changes, for the revocation log and the audit log. */
export interface ChangeCause {
  /** A reason code or an operator's word; no personal data. */
  readonly reason: string;
  /** Who did it: an operator's id or `gateway`. */
  readonly actor: string;
  readonly now: EpochMs;
}

/** Devices and their keys. */
export interface DeviceStore {
  /** Idempotent by thumbprint: the same key gets the same device. A suspended, revoked or lost one is refused. */
  enrol(
    scope: Scope,
    device: NewDevice,
  ): Written<{ readonly device: Device; readonly created: boolean }, 'device.state' | 'device.key-taken'>;
  /** Adds a key of another purpose; idempotent for the same key. At most four keys a device. */
  addKey(
    scope: Scope,
    id: DeviceId,
    key: DeviceKey,
    now: EpochMs,
  ): Written<Device, 'device.unknown' | 'device.state' | 'device.key-taken' | 'device.too-many-keys'>;
  /** The device that holds a key of this purpose: an identity key never passes for a step-up key or the reverse. */
  findByThumbprint(scope: Scope, purpose: DeviceKeyPurpose, thumbprint: Bytes): Device | undefined;
  findById(scope: Scope, id: DeviceId): Device | undefined;
  /**
   * Changes the state, raises the generation, writes the revocation log and the audit log, ends the device's logins and voids its
   * stored outcomes, in one transaction. The caller then raises the generation in shared memory.
   */
  changeState(
    scope: Scope,
    id: DeviceId,
    state: DeviceState,
    cause: ChangeCause,
  ): Written<Device, 'device.unknown' | 'device.final'>;
  /** Changes the tier. A loss of tier raises the generation, writes both logs and voids stored outcomes, as a revocation does. */
  changeTier(
    scope: Scope,
    id: DeviceId,
    verdict: { readonly tier: number; readonly verdictReference: string },
    cause: ChangeCause,
  ): Written<Device, 'device.unknown'>;
  /** Devices in order of id, from after the given one. */
  list(scope: Scope, page: { readonly after?: DeviceId; readonly limit: number }): readonly Device[];
}

/** Challenges for enrolment: fixed before the key exists, live for five minutes, consumed once. */
export interface EnrolmentChallenges {
  /** Keeps a challenge (32 random bytes of the caller). Refused over 100,000 in five minutes. */
  issue(scope: Scope, challenge: Bytes, now: EpochMs): Written<{ readonly expiresAtMs: EpochMs }, 'challenge.too-many'>;
  /** Succeeds for exactly one caller. */
  consume(scope: Scope, challenge: Bytes, now: EpochMs): Written<true, 'challenge.unknown' | 'challenge.expired'>;
}

/** Object ids by kind, as a route rule checks them: `{"account": ["1", "2"]}`. */
export type Grants = Readonly<Record<string, readonly string[]>>;

/** One login that the gateway minted on a granting reply; lives apart from sessions, so that tabs and restarts keep it. */
export interface Login {
  readonly id: LoginId;
  readonly deviceId: DeviceId;
  /** Hash of the credential that the route declares; the credential itself is never kept. */
  readonly credentialHash: Bytes;
  readonly customerId: string | null;
  readonly grants: Grants;
  /** Steps that this login has passed, in order, as a route's `requiresStep` names them. */
  readonly stepsPassed: readonly string[];
  readonly createdAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
}

/** A login to be opened. */
export interface NewLogin {
  readonly deviceId: DeviceId;
  readonly credentialHash: Bytes;
  readonly customerId: string | null;
  readonly grants: Grants;
  readonly stepsPassed: readonly string[];
  readonly now: EpochMs;
  readonly expiresAtMs: EpochMs;
}

/** Live logins. Ended and expired ones are found by nobody. */
export interface LoginStore {
  /** Opens a login under a fresh random id; one that the device held under the same credential ends. */
  open(scope: Scope, login: NewLogin): Written<Login, 'login.too-many-grants' | 'device.unknown' | 'device.state'>;
  /** Adds objects, and the customer where none is named yet; another customer is refused. At most 2,000 objects. */
  grant(
    scope: Scope,
    id: LoginId,
    granted: { readonly customerId?: string; readonly objects: Grants },
    now: EpochMs,
  ): Written<Login, 'login.unknown' | 'login.customer' | 'login.too-many-grants'>;
  find(scope: Scope, deviceId: DeviceId, credentialHash: Bytes, now: EpochMs): Login | undefined;
  /** The credential was refreshed: the login follows it, the old credential finds nothing. */
  move(
    scope: Scope,
    id: LoginId,
    to: { readonly credentialHash: Bytes; readonly expiresAtMs: EpochMs },
    now: EpochMs,
  ): Written<Login, 'login.unknown'>;
  end(scope: Scope, id: LoginId, now: EpochMs): Written<true, 'login.unknown'>;
  passStep(scope: Scope, id: LoginId, step: string, now: EpochMs): Written<Login, 'login.unknown'>;
}

/** A request with an idempotency key, as `begin` meets it. */
export interface IdempotentRequest {
  /** Hash over device, customer of the live login, route and key. */
  readonly key: Bytes;
  readonly deviceId: DeviceId;
  /** Hash over method, path, query, service and plain body. */
  readonly fingerprint: Bytes;
  readonly now: EpochMs;
  /** How long a settled outcome is kept. An unknown one stays 30 days longer, for operators. */
  readonly expiresAtMs: EpochMs;
  /** The route declares `idempotentUpstream`: an unknown outcome may be forwarded again, by exactly one caller. */
  readonly reforwardUnknown: boolean;
}

/** What `begin` found. `fresh` is durable and belongs to this caller alone: it forwards, then settles with `attempt`. */
export type Begun =
  | { readonly state: 'fresh'; readonly attempt: number }
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly outcome: Bytes }
  | { readonly state: 'not-kept'; readonly digest: Bytes; readonly status: number }
  | { readonly state: 'outcome-unknown' }
  | { readonly state: 'fingerprint-mismatch' };

/** Which begun request is settled: the hash and the attempt that `fresh` gave, so that a late one settles nothing. */
export interface Attempt {
  readonly key: Bytes;
  readonly attempt: number;
}

/** A request whose effect nobody knows, for operators. */
export interface UnknownOutcome {
  readonly key: Bytes;
  readonly deviceId: DeviceId;
  readonly fingerprint: Bytes;
  readonly startedAtMs: EpochMs;
}

/** Outcomes by idempotency key: at most one execution per key, whatever crashes. */
export interface IdempotencyStore {
  /** `started` is durable before this resolves `fresh`. A started entry of an older boot is `outcome-unknown`. */
  begin(scope: Scope, request: IdempotentRequest): Written<Begun>;
  /** Keeps the plain outcome, encrypted at rest; durable before it resolves. */
  finish(scope: Scope, attempt: Attempt, outcome: Bytes, status: number): Written<true, 'idempotency.lost'>;
  /** For outcomes over the cap: only digest and status stay. */
  finishWithoutOutcome(
    scope: Scope,
    attempt: Attempt,
    kept: { readonly digest: Bytes; readonly status: number },
  ): Written<true, 'idempotency.lost'>;
  /** The upstream timed out or was reset after the request was sent. */
  markUnknown(scope: Scope, attempt: Attempt): Written<true, 'idempotency.lost'>;
  /** Takes the mark back. Only when nothing was forwarded. */
  abandon(scope: Scope, attempt: Attempt): Written<true, 'idempotency.lost'>;
  listUnknown(scope: Scope, page: { readonly limit: number }): readonly UnknownOutcome[];
  /** Voids the device's stored outcomes. Digest and status stay, so that a later retry still executes nothing. */
  dropForDevice(scope: Scope, deviceId: DeviceId): Written<{ readonly dropped: number }>;
}

/** One entry of the revocation log; position rises without bound. */
export interface RevocationEntry extends Scope {
  readonly position: number;
  readonly deviceId: DeviceId;
  readonly state: DeviceState;
  readonly tier: number;
  readonly generation: number;
  readonly reason: string;
  readonly atMs: EpochMs;
}

/** What other threads and nodes follow to void tickets, streams and stored outcomes. All scopes together. */
export interface RevocationLog {
  after(position: number, limit: number): readonly RevocationEntry[];
  /** The newest position, 0 when empty. */
  head(): number;
}

/** One event for the stream. */
export interface NewEvent {
  /** Unique in its scope where given: the same event sent twice is kept once. */
  readonly id?: string;
  readonly kind: string;
  readonly deviceId?: DeviceId;
  /** When it happened, by its own account. */
  readonly atMs: EpochMs;
  /** JSON text. */
  readonly body: string;
}

/** An event as kept. */
export interface OutboxEvent extends NewEvent, Scope {
  readonly position: number;
}

/** The durable stream of reports, decision records and accesses, from which everything downstream is fed. */
export interface Outbox {
  /** All of them or none; durable when it resolves. `appended` does not count events that were there. */
  append(scope: Scope, events: readonly NewEvent[]): Written<{ readonly position: number; readonly appended: number }>;
  /** Events of all scopes after a position, in order; of the kinds given, or of all. */
  read(from: {
    readonly after: number;
    readonly limit: number;
    readonly kinds?: readonly string[];
  }): readonly OutboxEvent[];
  /** Retention: removes at most `limit` events up to a position that happened before an instant. */
  trim(upTo: { readonly position: number; readonly beforeMs: EpochMs; readonly limit: number }): Written<{
    readonly removed: number;
  }>;
}

/** Something that must be provable later. */
export interface NewAuditEntry {
  readonly kind: string;
  readonly actor: string;
  /** What it was done to: an id, never personal data. */
  readonly subject: string;
  /** Plain JSON. */
  readonly detail: { readonly [name: string]: string | number | boolean | null };
  readonly now: EpochMs;
}

/** An entry as chained: `hash = SHA-256('hb1/audit' ‖ 0x00 ‖ previous ‖ text)`, `text` its canonical JSON. */
export interface AuditEntry {
  readonly position: number;
  readonly previous: Bytes;
  readonly hash: Bytes;
  readonly text: string;
}

/** The audit log: one hash chain over all scopes. */
export interface AuditLog {
  append(scope: Scope, entry: NewAuditEntry): Written<{ readonly position: number; readonly hash: Bytes }>;
  read(from: { readonly after: number; readonly limit: number }): readonly AuditEntry[];
  /** The newest entry; position 0 and 32 zero bytes when there is none. */
  head(): { readonly position: number; readonly hash: Bytes };
}

/** Which signed config is meant. */
export interface ServiceScope {
  readonly organisation: string;
  readonly service: string;
}

/** A signed config as published. */
export interface ConfigDocument {
  readonly version: number;
  /** `payload.signature`. */
  readonly text: string;
  readonly publishedAtMs: EpochMs;
}

/** Signed gateway configs; versions only rise. */
export interface ConfigDocuments {
  publish(scope: ServiceScope, document: ConfigDocument): Written<true, 'config.version'>;
  /** Newest first. */
  list(scope: ServiceScope, limit: number): readonly ConfigDocument[];
}

/** Everything that the server keeps. */
export interface StoragePorts {
  readonly devices: DeviceStore;
  readonly challenges: EnrolmentChallenges;
  readonly logins: LoginStore;
  readonly idempotency: IdempotencyStore;
  readonly revocations: RevocationLog;
  readonly outbox: Outbox;
  readonly audit: AuditLog;
  readonly configs: ConfigDocuments;
  /** Waits for what was submitted, then lets go of the connections of this thread. */
  close(): Promise<void>;
}

/** The machine failed, not the request: the write may or may not be there. */
export class StorageFault extends Error {
  override readonly name = 'StorageFault';
}

/** How long an enrolment challenge lives: five minutes. */
export const challengeLife: DurationMs = 300_000 as DurationMs;
/** Challenges that may be issued within one life, over all scopes. */
export const maxChallenges = 100_000;
/** Objects that one login may be granted. */
export const maxGrants = 2000;
/** Keys that one device may hold. */
export const maxKeys = 4;
