/** Writes of the versions that only rise. */
import { accept, refuse, toHex } from '@hauberk/primitives';
import type { ConfigVersionTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { appReads } from './app-reads.ts';
import { scopeColumns } from './rows.ts';
import type { WriteContext } from './write-context.ts';

/** The code behind publishing configs and voiding resume tickets. */
export const appWrites = (context: WriteContext): WriteHandlers<'config.publish' | 'resume.raise'> => {
  const reads = appReads(context.database);
  const insert = prepare(context.database, (query, $: ConfigVersionTable) =>
    query.insertInto('config_versions').values({
      organisation: $.organisation,
      app: $.app,
      service: $.service,
      version: $.version,
      hash: $.hash,
      document: $.document,
      published_at_ms: $.published_at_ms,
    }),
  );
  const raise = prepare(context.database, (query, $: Scope & { generation: number }) =>
    query
      .insertInto('resume_generations')
      .values({ organisation: $.organisation, app: $.app, generation: $.generation })
      .onConflict((conflict) => conflict.columns(['organisation', 'app']).doUpdateSet({ generation: $.generation })),
  );
  return {
    'config.publish': ({ scope, config }) => {
      const { service, version, hash, document, publishedAtMs } = config;
      const [latest] = reads.latestConfigs(scope, service, 1);
      if (latest !== undefined && latest.version >= version) return refuse('config-version-not-rising');
      insert.run({ ...scopeColumns(scope), service, version, hash, document, published_at_ms: publishedAtMs });
      const facts = { version, hash: toHex(hash) };
      context.audit(scope, { actor: 'gateway', action: 'config.published', subject: service, facts }, publishedAtMs);
      return accept(config);
    },
    'resume.raise': ({ scope, actor, now }) => {
      const generation = reads.resumeGeneration(scope) + 1;
      raise.run({ ...scopeColumns(scope), generation });
      context.audit(scope, { actor, action: 'resume.voided', subject: scope.app, facts: { generation } }, now);
      return accept(generation);
    },
  };
};
