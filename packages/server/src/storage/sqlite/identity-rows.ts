/** Identities in the record: changes on the writer's thread. */
import type { IdentityRows } from '@hauberk/device';
import { accept, refuse } from '@hauberk/primitives';
import type { WriteHandlers } from '../write-command.ts';
import { rowWrites } from './versioned-rows.ts';
import type { WriteContext } from './write-context.ts';

/** The code behind the writes of identities. */
export const identityWrites = (context: WriteContext): WriteHandlers<'identity.commit' | 'identity.purge'> => {
  const rows = rowWrites<IdentityRows>(context, 'identity_rows');
  return {
    'identity.commit': ({ commit, now }) => {
      if (commit.changes.some(rows.isStale)) return refuse('identity-conflict');
      for (const change of commit.changes) rows.apply(change, now);
      return accept(true);
    },
    'identity.purge': ({ kind, before, limit }) => accept(rows.purge(kind, before, limit)),
  };
};
