/** Reads of the versions that only rise. */
import type { DatabaseSync } from 'node:sqlite';
import { epochMs } from '@hauberk/primitives';
import type { ConfigVersion } from '../app-record.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';

/** Synchronous reads of an app's versions. */
export interface AppReads {
  latestConfigs(scope: Scope, service: string, limit: number): readonly ConfigVersion[];
  resumeGeneration(scope: Scope): number;
}

/** Prepares the reads of an app's versions on a connection. */
export const appReads = (database: DatabaseSync): AppReads => {
  const configs = prepare(database, (query, $: Scope & { service: string; limit: number }) =>
    query
      .selectFrom('config_versions')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('service', '=', $.service)
      .orderBy('version', 'desc')
      .limit($.limit),
  );
  const generation = prepare(database, (query, $: Scope) =>
    query
      .selectFrom('resume_generations')
      .select('generation')
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app),
  );
  return {
    latestConfigs: ({ organisation, app }, service, limit) =>
      configs.all({ organisation, app, service, limit }).map((row) => ({
        service: row.service,
        version: row.version,
        hash: row.hash,
        document: row.document,
        publishedAtMs: epochMs(row.published_at_ms),
      })),
    resumeGeneration: ({ organisation, app }) => generation.first({ organisation, app })?.generation ?? 1,
  };
};
