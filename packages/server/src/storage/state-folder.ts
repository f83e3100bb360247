/** Where things lie in a state folder. */
import { join } from 'node:path';

/** The files of a state folder. */
export interface StateFiles {
  readonly record: string;
  readonly anchor: string;
  readonly keys: string;
  /** Written and deleted to see whether writing works; holds nothing. */
  readonly probe: string;
}

/** Names the files of a state folder. */
export const stateFiles = (folder: string): StateFiles => ({
  record: join(folder, 'record.db'),
  anchor: join(folder, 'audit-anchor.json'),
  keys: join(folder, 'keys'),
  probe: join(folder, 'probe'),
});
