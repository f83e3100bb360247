/** Rows of the record as domain values. */
import { epochMs } from '@hauberk/primitives';
import type { Device, DeviceKey, Revocation } from '../device-store.ts';
import type { Login } from '../login-store.ts';
import type { DeviceKeyTable, DeviceTable, IdempotencyTable, LoginTable, RevocationTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import type { SealedOutcome } from '../write-command.ts';

/** A device. */
export const deviceOf = (row: Omit<DeviceTable, 'organisation' | 'app'>): Device => ({
  id: row.id,
  tier: row.tier,
  state: row.state,
  generation: row.generation,
  verdictReference: row.verdict_reference,
  createdAtMs: epochMs(row.created_at_ms),
  changedAtMs: epochMs(row.changed_at_ms),
});

/** A key of a device. */
export const deviceKeyOf = (row: Omit<DeviceKeyTable, 'organisation' | 'app' | 'device'>): DeviceKey => ({
  thumbprint: row.thumbprint,
  purpose: row.purpose,
  publicKey: row.public_key,
  createdAtMs: epochMs(row.created_at_ms),
});

/** An entry of the revocation log. */
export const revocationOf = (row: Omit<RevocationTable, 'position'> & { position: number }): Revocation => ({
  position: row.position,
  scope: { organisation: row.organisation, app: row.app },
  device: row.device,
  generation: row.generation,
  state: row.state,
  tier: row.tier,
  reason: row.reason,
  atMs: epochMs(row.at_ms),
});

/** A login. */
export const loginOf = (row: Omit<LoginTable, 'organisation' | 'app' | 'ended_at_ms'>): Login => ({
  id: row.id,
  device: row.device,
  customer: row.customer,
  grants: new Set(JSON.parse(row.grants) as string[]),
  createdAtMs: epochMs(row.created_at_ms),
  expiresAtMs: epochMs(row.expires_at_ms),
});

type OutcomeColumns = Pick<IdempotencyTable, 'outcome_status' | 'outcome_content' | 'outcome_digest'>;

/** The sealed outcome of a finished entry. */
export const outcomeOf = (row: OutcomeColumns): SealedOutcome =>
  row.outcome_content === null
    ? { kept: false, status: row.outcome_status ?? 0, digest: row.outcome_digest ?? new Uint8Array() }
    : {
        kept: true,
        status: row.outcome_status ?? 0,
        sealed: row.outcome_content,
        digest: row.outcome_digest ?? new Uint8Array(),
      };

/** The columns of an outcome. */
export const outcomeColumns = (outcome: SealedOutcome): OutcomeColumns => ({
  outcome_status: outcome.status,
  outcome_content: outcome.kept ? outcome.sealed : null,
  outcome_digest: outcome.digest,
});

/** A scope as the first columns of a row. */
export const scopeColumns = ({ organisation, app }: Scope): Scope => ({ organisation, app });
