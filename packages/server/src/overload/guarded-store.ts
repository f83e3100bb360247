/**
 * The idempotency store behind a deadline and a breaker. A disk that hangs must not hold every payment until its client is gone: what is
 * not on the disk in time is refused before it is forwarded, and a mark that comes late after all is taken back.
 */
import { type Refusal, refuse } from '@hauberk/primitives';
import { unwatch, type Watched, watch } from '../gateway/sweeper.ts';
import type { IdempotencyStore } from '../storage/idempotency-store.ts';
import type { LoginStore } from '../storage/login-store.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { Guard } from './guard.ts';

/** Why a write is not waited for. */
export type StorageGuardRefusal = StorageRefusal | 'storage-slow' | 'storage-open';

type Settled<Value> = Value | Refusal<StorageGuardRefusal>;

/** Refusals such as `login-unknown` come from a writer that works. */
const isDown = (value: object): boolean => 'code' in value && String(value.code).startsWith('storage-');

/** One write with its deadline. */
class Wait<Value extends { readonly ok: boolean }> implements Watched {
  place = -1;
  private readonly expiresAt: number;
  private readonly resolve: (value: Settled<Value>) => void;
  private readonly guard: Guard;

  constructor(guard: Guard, deadlineMs: number, resolve: (value: Settled<Value>) => void) {
    this.guard = guard;
    this.resolve = resolve;
    this.expiresAt = performance.now() + deadlineMs;
    watch(this);
  }

  check(now: number): void {
    if (now < this.expiresAt || !unwatch(this)) return;
    this.guard.failed();
    this.resolve(refuse('storage-slow'));
  }

  /** False when the deadline was first. */
  settle(value: Value): boolean {
    if (!unwatch(this)) return false;
    if (value.ok || !isDown(value)) this.guard.succeeded();
    else this.guard.failed();
    this.resolve(value);
    return true;
  }

  lose(): boolean {
    if (!unwatch(this)) return false;
    this.guard.failed();
    return true;
  }
}

const within = <Value extends { readonly ok: boolean }>(
  guard: Guard,
  deadlineMs: number,
  write: () => Promise<Value>,
  onLate: (value: Value) => void,
): Promise<Settled<Value>> => {
  if (!guard.admits()) return Promise.resolve(refuse('storage-open'));
  return new Promise((resolve, reject) => {
    const wait = new Wait<Value>(guard, deadlineMs, resolve);
    write().then(
      (value) => {
        if (!wait.settle(value)) onLate(value);
      },
      (error: unknown) => {
        if (wait.lose()) reject(error);
      },
    );
  });
};

/** What the gateway asks of the store while it serves a request. */
export type ServingStore = Pick<IdempotencyStore, 'begin' | 'finish' | 'release' | 'markUnknown'>;

type Guarded<Call> = Call extends (...input: infer Input) => Promise<infer Answer>
  ? (...input: Input) => Promise<Answer | Refusal<StorageGuardRefusal>>
  : never;

/** The store with guarded writes. */
export type GuardedStore = { readonly [Name in keyof ServingStore]: Guarded<ServingStore[Name]> };

const nothing = (): void => undefined;

type LoginWrites = 'open' | 'grant' | 'move' | 'end';

/** The logins with guarded writes; they are read on a connection of the thread's own. */
export type GuardedLogins = { readonly [Name in LoginWrites]: Guarded<LoginStore[Name]> } & Pick<LoginStore, 'find'>;

/** Guards the logins: whoever cannot keep one withholds the reply that brought it, so nothing is asked of a writer that is down. */
export const guardLogins = (store: LoginStore, guard: Guard, deadlineMs: number): GuardedLogins => ({
  find: (...input) => store.find(...input),
  open: (...input) => within(guard, deadlineMs, () => store.open(...input), nothing),
  grant: (...input) => within(guard, deadlineMs, () => store.grant(...input), nothing),
  move: (...input) => within(guard, deadlineMs, () => store.move(...input), nothing),
  end: (...input) => within(guard, deadlineMs, () => store.end(...input), nothing),
});

/** Guards a store: each write settles within the deadline, in milliseconds, and none is tried while the breaker is open. */
export const guardStore = (store: ServingStore, guard: Guard, deadlineMs: number): GuardedStore => ({
  begin: (...input) =>
    within(
      guard,
      deadlineMs,
      () => store.begin(...input),
      (late) => {
        // Its request was refused and never forwarded: the key is free again.
        if (late.ok && late.value.state === 'fresh') store.release(late.value.attempt).catch(nothing);
      },
    ),
  // What ends an execution is written whatever the breaker says: it is the only trace of what was done.
  finish: (...input) => withoutBreaker(guard, deadlineMs, () => store.finish(...input)),
  release: (...input) => withoutBreaker(guard, deadlineMs, () => store.release(...input)),
  markUnknown: (...input) => withoutBreaker(guard, deadlineMs, () => store.markUnknown(...input)),
});

const always = (guard: Guard): Guard => ({ ...guard, admits: () => true });

const withoutBreaker = <Value extends { readonly ok: boolean }>(
  guard: Guard,
  deadlineMs: number,
  write: () => Promise<Value>,
): Promise<Settled<Value>> => within(always(guard), deadlineMs, write, nothing);
