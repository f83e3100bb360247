/** A proposal as the API shows it. */
import type { EpochMs } from '@hauberk/primitives';
import { type Approval, isExpired } from './approval.ts';

/** The document of a proposal. */
export const approvalDocument = (approval: Approval, now: EpochMs): Readonly<Record<string, unknown>> => {
  const { id, scope, version, state, change, changeHash, proposer, decision, outcome } = approval;
  const { createdAtMs, changedAtMs, expiresAtMs } = approval;
  return {
    id,
    app: scope.app,
    version,
    state: isExpired(approval, now) ? 'expired' : state,
    change,
    changeHash,
    proposer: { subject: proposer.subject, token: proposer.token },
    createdAtMs,
    changedAtMs,
    expiresAtMs,
    decision:
      decision === null
        ? null
        : { subject: decision.by.subject, token: decision.by.token, atMs: decision.atMs, note: decision.note },
    outcome,
  };
};
