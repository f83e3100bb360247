/** All writes of the record over one connection. */
import type { PendingWrite, RunWrite } from './group-committer.ts';
import { adminTokenWrites } from './sqlite/admin-token-writes.ts';
import { appWrites } from './sqlite/app-writes.ts';
import { approvalWrites } from './sqlite/approval-writes.ts';
import { attestationWrites } from './sqlite/attestation-writes.ts';
import { auditWrites } from './sqlite/audit-writes.ts';
import { bindingWrites } from './sqlite/binding-rows.ts';
import { challengeWrites } from './sqlite/challenge-writes.ts';
import { decisionWrites } from './sqlite/decision-rows.ts';
import { deviceKeeper, deviceWrites } from './sqlite/device-writes.ts';
import { directiveWrites } from './sqlite/directive-rows.ts';
import { idempotencyWrites } from './sqlite/idempotency-writes.ts';
import { identityWrites } from './sqlite/identity-rows.ts';
import { loginWrites } from './sqlite/login-writes.ts';
import { outboxWrites } from './sqlite/outbox-writes.ts';
import { privacyWrites } from './sqlite/privacy-rows.ts';
import { purgeWrites } from './sqlite/purge-writes.ts';
import { smsWrites } from './sqlite/sms-rows.ts';
import { trustedKeyWrites } from './sqlite/trusted-key-rows.ts';
import type { WriteContext } from './sqlite/write-context.ts';
import type { WriteAnswer, WriteHandlers, WriteKind } from './write-command.ts';

/** Prepares every statement once and answers how to run a write. */
export const writeHandlers = (context: WriteContext): RunWrite => {
  const outbox = outboxWrites(context);
  const handlers: WriteHandlers<WriteKind> = {
    ...deviceWrites(context),
    ...attestationWrites(context, deviceKeeper(context)),
    ...challengeWrites(context),
    ...loginWrites(context),
    ...idempotencyWrites(context),
    ...outbox,
    ...directiveWrites(context, (read) => outbox['outbox.acknowledge'](read, 0)),
    ...appWrites(context),
    ...auditWrites(context),
    ...bindingWrites(context),
    ...smsWrites(context),
    ...privacyWrites(context, outbox),
    ...decisionWrites(context, outbox),
    ...identityWrites(context),
    ...trustedKeyWrites(context),
    ...purgeWrites(context),
    ...adminTokenWrites(context),
    ...approvalWrites(context),
  };
  return <Kind extends WriteKind>({ kind, input, client }: PendingWrite<Kind>): WriteAnswer<Kind> => {
    if (!Object.hasOwn(handlers, kind)) throw new TypeError(`no write is called ${kind}`);
    return handlers[kind](input, client);
  };
};
