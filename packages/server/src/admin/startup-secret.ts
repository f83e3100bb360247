/** The one-time secret that begins an administration: whoever starts the gateway first reads it, and exchanges it once for a token. */
import { after, type DurationMs, type EpochMs, hours, type Result } from '@hauberk/primitives';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { hashSecret, mintSecret, secretText } from './admin-token.ts';
import type { Administration } from './administration.ts';

/** How long it may wait. */
export const startupSecretLife: DurationMs = hours(24);

/** A start-up secret that was issued. */
export interface IssuedStartupSecret {
  /** Shown this once. */
  readonly text: string;
  readonly expiresAtMs: EpochMs;
}

/**
 * Issues a start-up secret where nobody could log in otherwise, or, with `force`, in any case. Any earlier one ends. Refused as
 * `startup-not-needed` when there are tokens, or a secret waits.
 */
export const issueStartupSecret = async (
  administration: { readonly stores: Pick<Administration['stores'], 'adminTokens'> } & Pick<
    Administration,
    'keys' | 'organisation' | 'now'
  >,
  force: boolean,
): Promise<Result<IssuedStartupSecret, 'startup-not-needed' | StorageRefusal>> => {
  const { stores, keys, organisation } = administration;
  const now = administration.now();
  const secret = mintSecret(now);
  const { id: keyId, secret: key } = keys.current('admin-token', now);
  const expiresAtMs = after(now, startupSecretLife);
  const hash = hashSecret(key.reveal(), 'startup', secret);
  const kept = await stores.adminTokens.issueStartup(
    { id: secret.id, organisation, hash, keyId, createdAtMs: now, expiresAtMs, usedAtMs: null },
    force,
    { actor: force ? 'operator' : 'gateway', now },
  );
  return kept.ok ? { ok: true, value: { text: secretText('startup', secret), expiresAtMs } } : kept;
};
