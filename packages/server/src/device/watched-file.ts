/** A file that is read again when it changes: looked at most once a second, and what it last held stays in force while it is unreadable. */
import { readFileSync, statSync } from 'node:fs';
import { type EpochMs, epochMs, type Result } from '@hauberk/primitives';

/** Reads the present content. */
export interface WatchedFile<Value> {
  /** Undefined until the file could be read once. */
  readonly read: (now: EpochMs) => Value | undefined;
}

/** What a file last was. */
interface Seen<Value> {
  readonly stamp: string;
  readonly value: Value;
}

const lookEveryMs = 1000;

/** Watches a file. `parse` gets its bytes and the time of its last change; what it refuses is told and changes nothing. */
export const watchedFile = <Value>(
  path: string,
  parse: (bytes: Buffer, changedAt: EpochMs) => Result<Value>,
  onRefused: (path: string, reason: string) => void,
): WatchedFile<Value> => {
  let seen: Seen<Value> | undefined;
  let refused = '';
  let lookedAt = Number.NEGATIVE_INFINITY;
  const refuseOnce = (stamp: string, reason: string): void => {
    if (refused !== stamp) onRefused(path, reason);
    refused = stamp;
  };
  const look = (): void => {
    let stamp = 'missing';
    try {
      const { mtimeMs, size, ino } = statSync(path);
      stamp = `${mtimeMs} ${size} ${ino}`;
      if (stamp === seen?.stamp || stamp === refused) return;
      const parsed = parse(readFileSync(path), epochMs(Math.floor(mtimeMs)));
      if (parsed.ok) seen = { stamp, value: parsed.value };
      else refuseOnce(stamp, parsed.code);
    } catch (error) {
      refuseOnce(stamp, error instanceof Error && 'code' in error ? String(error.code) : 'unreadable');
    }
  };
  return {
    read: (now) => {
      if (now < lookedAt || now - lookedAt >= lookEveryMs) {
        lookedAt = now;
        look();
      }
      return seen?.value;
    },
  };
};
