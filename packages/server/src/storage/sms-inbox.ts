/** The inbox of the SMS plane: what a link delivered, from before it is acknowledged until binding has counted it. */
import type { Bytes, EpochMs } from '@hauberk/primitives';
import type { Stored } from './storage-refusal.ts';

/** A message, or a part of one, to be kept. */
export interface NewSms {
  /** What makes it the same message when it is delivered again. The record holds only a keyed hash of it. */
  readonly identity: string;
  /** Under the same identity, what came before this counts as another message. */
  readonly sameSinceMs: EpochMs;
  /** Sealed in the record. */
  readonly content: Bytes;
  readonly receivedAtMs: EpochMs;
  /** From then on it may be forgotten. */
  readonly expiresAtMs: EpochMs;
}

/** A message that nobody has counted yet. */
export interface WaitingSms {
  /** Rises with each that is taken. */
  readonly position: number;
  /** Undefined when its key is gone: then nobody can count it any more. */
  readonly content: Bytes | undefined;
  readonly receivedAtMs: EpochMs;
}

/** The inbox of a record. */
export interface SmsInbox {
  /** Keeps it, durable once it is answered; `known` when it was delivered before, and then nothing changes. */
  take(sms: NewSms): Stored<'taken' | 'known'>;
  /** What waits after a position, oldest first. */
  waiting(afterPosition: number, limit: number): Promise<readonly WaitingSms[]>;
  countWaiting(): Promise<number>;
  /** Drops the content of what was counted; that it was there stays known until it expires. */
  settle(positions: readonly number[]): Stored<number>;
  /** Forgets what expired, at most so many. */
  purge(now: EpochMs, limit: number): Stored<number>;
}
