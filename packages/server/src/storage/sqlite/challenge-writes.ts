/** Writes of used challenges. */
import { accept, refuse } from '@hauberk/primitives';
import type { SpentChallengeTable } from '../record-schema.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

/** The code behind using a challenge up: the row's key is what makes it once. */
export const challengeWrites = ({ database }: WriteContext): WriteHandlers<'challenge.spend'> => {
  const insert = prepare(database, (query, $: SpentChallengeTable) =>
    query
      .insertInto('spent_challenges')
      .values({
        organisation: $.organisation,
        app: $.app,
        challenge: $.challenge,
        expires_at_ms: $.expires_at_ms,
      })
      .onConflict((conflict) => conflict.doNothing()),
  );
  return {
    'challenge.spend': ({ scope, challenge, expiresAtMs }) =>
      insert.run({ ...scopeColumns(scope), challenge, expires_at_ms: expiresAtMs }) === 1
        ? accept(true as const)
        : refuse('challenge-used'),
  };
};
