/** What a decision tells its caller. Its record (record/) holds the same and the facts that it saw. */

import type { Obligation } from '../policy/obligations.ts';
import type { Outcome } from '../policy/policy.ts';
import type { RecordedEntity } from '../record/record.ts';

/** A policy that was asked: by name and by content. */
export interface PolicyRef {
  readonly id: string;
  /** Hexadecimal SHA-256 of the policy's canonical JSON. */
  readonly hash: string;
}

/** What a policy beside the one in force would have decided. */
export interface ShadowVerdict extends PolicyRef {
  readonly outcome: Outcome;
  readonly points: number;
  readonly reasons: readonly string[];
}

/** A decision. */
export interface Decision {
  /** 16 hexadecimal digits: the keyed hash of the event's id. */
  readonly id: string;
  /** Number among all decisions of this memory, in the order in which they changed it. */
  readonly order: number;
  /** When the event happened, epoch milliseconds. */
  readonly atMs: number;
  readonly scene: string;
  readonly outcome: Outcome;
  readonly points: number;
  /** Reasons of the rules that fired, in their order, each once. */
  readonly reasons: readonly string[];
  readonly obligations: readonly Obligation[];
  /** The policy that decided; undefined when no policy is in force for the scene: the outcome is `allow` then. */
  readonly policy: PolicyRef | undefined;
  /** Whether the policy in force was a challenger. */
  readonly isChallenger: boolean;
  readonly modelHash: string | undefined;
  /** Probability of fraud; NaN without a model. */
  readonly score: number;
  /** The event's entities, with the number of the change that the event was to each one's profile. */
  readonly entities: readonly RecordedEntity[];
  /** Whether the event was counted before; it was decided again and counted nowhere. */
  readonly isDuplicate: boolean;
  readonly shadows: readonly ShadowVerdict[];
  /** The record; empty when the engine keeps none. It shares its buffer with other records, as small buffers of node do: copy it to send or to keep it. */
  readonly record: Uint8Array;
}
