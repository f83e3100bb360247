/** Reads of API tokens and start-up secrets. */
import type { DatabaseSync } from 'node:sqlite';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import type { AdminToken, StoredAdminToken } from '../../admin/admin-token.ts';
import type { Grant } from '../../admin/right.ts';
import type { AdminTokenPage, StartupSecret } from '../admin-token-store.ts';
import type { AdminTokenTable, StartupSecretTable } from '../record-schema.ts';
import { prepare } from '../statement.ts';

/** Synchronous reads of tokens. */
export interface AdminTokenReads {
  byId(id: string): StoredAdminToken | undefined;
  list(organisation: string, page: AdminTokenPage): readonly AdminToken[];
  startup(id: string): StartupSecret | undefined;
}

const instant = (value: number | null): EpochMs | null => (value === null ? null : epochMs(value));

const tokenOf = (row: Omit<AdminTokenTable, 'hash' | 'hash_key'>): AdminToken => ({
  id: row.id,
  organisation: row.organisation,
  subject: row.subject,
  label: row.label,
  grants: JSON.parse(row.grants) as readonly Grant[],
  lineage: JSON.parse(row.lineage) as readonly string[],
  createdBy: row.created_by,
  createdAtMs: epochMs(row.created_at_ms),
  expiresAtMs: epochMs(row.expires_at_ms),
  lastUsedAtMs: instant(row.last_used_at_ms),
  revokedAtMs: instant(row.revoked_at_ms),
});

const startupOf = (row: StartupSecretTable): StartupSecret => ({
  id: row.id,
  organisation: row.organisation,
  hash: row.hash,
  keyId: row.hash_key,
  createdAtMs: epochMs(row.created_at_ms),
  expiresAtMs: epochMs(row.expires_at_ms),
  usedAtMs: instant(row.used_at_ms),
});

/** Prepares the reads of tokens on a connection. */
export const adminTokenReads = (database: DatabaseSync): AdminTokenReads => {
  const byId = prepare(database, (query, $: { id: string }) =>
    query.selectFrom('admin_tokens').selectAll().where('id', '=', $.id),
  );
  const page = prepare(database, (query, $: { organisation: string; afterId: string; limit: number }) =>
    query
      .selectFrom('admin_tokens')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('id', '>', $.afterId)
      .orderBy('id')
      .limit($.limit),
  );
  const startup = prepare(database, (query, $: { id: string }) =>
    query.selectFrom('startup_secrets').selectAll().where('id', '=', $.id),
  );
  return {
    byId: (id) => {
      const row = byId.first({ id });
      return row === undefined ? undefined : { ...tokenOf(row), hash: row.hash, keyId: row.hash_key };
    },
    list: (organisation, { afterId = '', limit }) => page.all({ organisation, afterId, limit }).map(tokenOf),
    startup: (id) => {
      const row = startup.first({ id });
      return row === undefined ? undefined : startupOf(row);
    },
  };
};
