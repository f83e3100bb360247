/**
 * What migration credentials may be used once only, remembered by all threads together in bounded shared memory. Nothing is evicted before its
 * time: a full register refuses. After a start everything made before it is refused, for what an earlier run took is not remembered.
 */
import { hash } from 'node:crypto';
import { openStrikeRegister, type StrikeRegister, strike, strikeRegisterBytes } from '@hauberk/channel';
import { type EpochMs, type EpochSeconds, toEpochSeconds } from '@hauberk/primitives';
import type { MigrationProof, MigrationReason, MigrationSchemeName } from './migration-request.ts';

/** The memory, as it is posted to workers. */
export interface OnceMemory {
  readonly cells: SharedArrayBuffer;
  readonly spanSeconds: number;
  readonly bornAt: EpochSeconds;
}

/** Reserves the memory for `capacity` uses a span: a credential is fresh from `skewSeconds` before its time to as long after it. */
export const createOnceMemory = (capacity: number, skewSeconds: number, bornAt: EpochSeconds): OnceMemory => ({
  cells: new SharedArrayBuffer(strikeRegisterBytes(capacity)),
  spanSeconds: 2 * skewSeconds + 1,
  bornAt,
});

/** Uses up a proof; undefined when it may pass. */
export type UseOnce = (scheme: MigrationSchemeName, proof: MigrationProof, now: EpochMs) => MigrationReason | undefined;

/** Lays the register over its memory. */
export const openOnceRegister = (memory: OnceMemory): UseOnce => {
  const register: StrikeRegister = openStrikeRegister(memory.cells, memory.spanSeconds, memory.bornAt);
  const memorySeconds = (memory.spanSeconds - 1) / 2;
  return (scheme, proof, now) => {
    if (proof.once === undefined) return undefined;
    // What is not remembered long enough must not pass, however long its own scheme would let it live.
    if (Math.abs(toEpochSeconds(now) - proof.createdSeconds) > memorySeconds) return 'migration.clock';
    // Not later than the second of the start: an earlier run may have taken it in that very second.
    if (proof.createdSeconds <= memory.bornAt) return 'migration.fenced';
    const key = hash('sha256', `${scheme}\n${proof.once}`, 'buffer');
    const struck = strike(register, key, toEpochSeconds(now));
    if (struck === 'first') return undefined;
    return struck === 'full' ? 'migration.register-full' : 'migration.replayed';
  };
};
