/** Finds out who calls. Whoever shows no valid token learns nothing but that; the log says which check failed. */
import { type EpochMs, minutes, type Result, refuse } from '@hauberk/primitives';
import { parseSecret, personOf, tokenEnd } from './admin-token.ts';
import type { AdminTokenReason } from './admin-token-reason.ts';
import type { Administration, Caller } from './administration.ts';
import { isRightSecret } from './token-operations.ts';

/** Use is noted this often at most. */
const touchEvery = minutes(1);

/** The caller behind an `Authorization` header. */
export const authenticate = async (
  administration: Administration,
  header: string | undefined,
  now: EpochMs,
): Promise<Result<Caller, AdminTokenReason>> => {
  if (header === undefined) return refuse('admin.token-missing');
  const parts = parseSecret('token', /^Bearer ([\x21-\x7e]{1,128})$/i.exec(header)?.[1] ?? '');
  if (parts === undefined) return refuse('admin.token-malformed');
  const held = await administration.stores.adminTokens.find(parts.id);
  if (!isRightSecret(administration, 'token', held, parts) || held === undefined) return refuse('admin.token-unknown');
  const { organisation, grants } = held;
  const end = tokenEnd(held, now);
  if (end !== undefined) return refuse(`admin.token-${end}`, held.id);
  return { ok: true, value: { ...personOf(held), organisation, grants, held } };
};

/** Notes that a token was used, to the minute. */
export const noteUse = async ({ stores }: Administration, { held, token }: Caller, now: EpochMs): Promise<void> => {
  if (held.lastUsedAtMs !== null && now - held.lastUsedAtMs < touchEvery) return;
  // A record that takes no writes must not keep operators out; the next call notes it.
  await stores.adminTokens.touch(token, now);
};
