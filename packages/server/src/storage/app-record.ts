/** Versions that only rise, per app: published configs and the generation of resume tickets. */
import type { Bytes, EpochMs } from '@hauberk/primitives';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** A published config. */
export interface ConfigVersion {
  readonly service: string;
  readonly version: number;
  /** SHA-256 of the signed document. */
  readonly hash: Bytes;
  /** The signed document. */
  readonly document: string;
  readonly publishedAtMs: EpochMs;
}

/** The record of an app. */
export interface AppRecord {
  /** Keeps a config; a version that is not above every earlier one is refused, for clients would refuse it too. */
  publishConfig(scope: Scope, config: ConfigVersion): Stored<ConfigVersion, 'config-version-not-rising'>;
  /** The newest configs of a service, newest first. */
  latestConfigs(scope: Scope, service: string, limit: number): Promise<readonly ConfigVersion[]>;
  /** Resume tickets of an older generation are void. Starts at 1. */
  resumeGeneration(scope: Scope): Promise<number>;
  /** Voids all resume tickets of an app. */
  raiseResumeGeneration(scope: Scope, actor: string, now: EpochMs): Stored<number>;
}
