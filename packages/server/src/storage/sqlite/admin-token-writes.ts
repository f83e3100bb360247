/** Writes of API tokens and start-up secrets. No audit entry holds a secret or its hash. */
import { accept, type EpochMs, type JsonValue, refuse } from '@hauberk/primitives';
import type { AdminToken, StoredAdminToken } from '../../admin/admin-token.ts';
import type { AdminTokenTable, StartupSecretTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { adminTokenReads } from './admin-token-reads.ts';
import type { WriteContext } from './write-context.ts';

const prepareTokenWrites = ({ database }: WriteContext) => ({
  insert: prepare(database, (query, $: AdminTokenTable) =>
    query.insertInto('admin_tokens').values({
      organisation: $.organisation,
      app: $.app,
      id: $.id,
      subject: $.subject,
      label: $.label,
      grants: $.grants,
      lineage: $.lineage,
      hash: $.hash,
      hash_key: $.hash_key,
      created_by: $.created_by,
      created_at_ms: $.created_at_ms,
      expires_at_ms: $.expires_at_ms,
    }),
  ),
  revoke: prepare(database, (query, $: { id: string; now: EpochMs }) =>
    query
      .updateTable('admin_tokens')
      .set({ revoked_at_ms: $.now })
      .where('id', '=', $.id)
      .where('revoked_at_ms', 'is', null),
  ),
  touch: prepare(database, (query, $: { id: string; now: EpochMs }) =>
    query.updateTable('admin_tokens').set({ last_used_at_ms: $.now }).where('id', '=', $.id),
  ),
  anyOf: prepare(database, (query, $: { organisation: string }) =>
    query.selectFrom('admin_tokens').select('id').where('organisation', '=', $.organisation).limit(1),
  ),
});

const prepareStartupWrites = ({ database }: WriteContext) => ({
  waiting: prepare(database, (query, $: { organisation: string; now: EpochMs }) =>
    query
      .selectFrom('startup_secrets')
      .select('id')
      .where('organisation', '=', $.organisation)
      .where('used_at_ms', 'is', null)
      .where('expires_at_ms', '>', $.now)
      .limit(1),
  ),
  replace: prepare(database, (query, $: { organisation: string }) =>
    query.deleteFrom('startup_secrets').where('organisation', '=', $.organisation),
  ),
  keep: prepare(database, (query, $: StartupSecretTable) =>
    query.insertInto('startup_secrets').values({
      organisation: $.organisation,
      app: $.app,
      id: $.id,
      hash: $.hash,
      hash_key: $.hash_key,
      created_at_ms: $.created_at_ms,
      expires_at_ms: $.expires_at_ms,
    }),
  ),
  use: prepare(database, (query, $: { id: string; now: EpochMs }) =>
    query
      .updateTable('startup_secrets')
      .set({ used_at_ms: $.now })
      .where('id', '=', $.id)
      .where('used_at_ms', 'is', null)
      .where('expires_at_ms', '>', $.now),
  ),
});

const wholeOrganisation = (organisation: string): Scope => ({ organisation, app: '' });

const rowOf = (token: StoredAdminToken): AdminTokenTable => ({
  ...wholeOrganisation(token.organisation),
  id: token.id,
  subject: token.subject,
  label: token.label,
  grants: JSON.stringify(token.grants),
  lineage: JSON.stringify(token.lineage),
  hash: token.hash,
  hash_key: token.keyId,
  created_by: token.createdBy,
  created_at_ms: token.createdAtMs,
  expires_at_ms: token.expiresAtMs,
  last_used_at_ms: null,
  revoked_at_ms: null,
});

const publicPart = ({ hash: _hash, keyId: _keyId, ...token }: StoredAdminToken): AdminToken => token;

const factsOf = ({ subject, label, grants, expiresAtMs }: AdminToken): { readonly [name: string]: JsonValue } => ({
  subject,
  label,
  grants: grants.map(({ app, role }) => ({ app, role })),
  expiresAtMs,
});

/** The code behind the writes of tokens. */
export const adminTokenWrites = (
  context: WriteContext,
): WriteHandlers<
  'admin.issue-token' | 'admin.revoke-token' | 'admin.touch-token' | 'admin.issue-startup' | 'admin.redeem-startup'
> => {
  const statements = { ...prepareTokenWrites(context), ...prepareStartupWrites(context) };
  const reads = adminTokenReads(context.database);
  const issue = (token: StoredAdminToken, actor: string, action: string, now: EpochMs): AdminToken => {
    statements.insert.run(rowOf(token));
    const scope = wholeOrganisation(token.organisation);
    context.audit(scope, { actor, action, subject: token.id, facts: factsOf(token) }, now);
    return publicPart(token);
  };
  return {
    'admin.issue-token': ({ token, actor, now }) => accept(issue(token, actor, 'token.issued', now)),
    'admin.revoke-token': ({ organisation, id, actor, now }) => {
      const held = reads.byId(id);
      if (held?.organisation !== organisation) return refuse('token-unknown');
      if (held.revokedAtMs !== null) return accept(publicPart(held));
      statements.revoke.run({ id, now });
      const facts = { subject: held.subject };
      context.audit(wholeOrganisation(organisation), { actor, action: 'token.revoked', subject: id, facts }, now);
      return accept({ ...publicPart(held), revokedAtMs: now });
    },
    'admin.touch-token': ({ id, now }) => accept(statements.touch.run({ id, now }) === 1),
    'admin.issue-startup': ({ secret, force, actor, now }) => {
      const { organisation, id, hash, keyId, createdAtMs, expiresAtMs } = secret;
      const isHeld = statements.anyOf.first({ organisation }) ?? statements.waiting.first({ organisation, now });
      if (!force && isHeld !== undefined) return refuse('startup-not-needed');
      statements.replace.run({ organisation });
      const scope = wholeOrganisation(organisation);
      const at = { created_at_ms: createdAtMs, expires_at_ms: expiresAtMs, used_at_ms: null };
      statements.keep.run({ ...scope, id, hash, hash_key: keyId, ...at });
      const facts = { expiresAtMs };
      context.audit(scope, { actor, action: 'startup-secret.issued', subject: id, facts }, now);
      return accept(true);
    },
    'admin.redeem-startup': ({ id, token, actor, now }) => {
      if (statements.use.run({ id, now }) !== 1) return refuse('startup-secret-used');
      context.audit(
        wholeOrganisation(token.organisation),
        { actor, action: 'startup-secret.used', subject: id, facts: { token: token.id } },
        now,
      );
      return accept(issue(token, actor, 'token.issued', now));
    },
  };
};
