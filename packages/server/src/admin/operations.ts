/** Every operation of the admin API. */
import { approvalOperations } from './approval-operations.ts';
import { bindingChangeOperations } from './binding-change-operations.ts';
import { bindingOperations } from './binding-operations.ts';
import { caseOperations } from './case-operations.ts';
import { clusterOperations } from './cluster-operations.ts';
import { decisionListOperations } from './decision-list-operations.ts';
import { decisionOperations } from './decision-operations.ts';
import { decisionRecordOperations } from './decision-record-operations.ts';
import { deviceOperations } from './device-operations.ts';
import { directiveOperations } from './directive-operations.ts';
import { identityOperations } from './identity-operations.ts';
import { intelligenceOperations } from './intelligence-operations.ts';
import type { Operation } from './operation.ts';
import { privacyChangeOperations } from './privacy-change-operations.ts';
import { privacyOperations } from './privacy-operations.ts';
import { recordOperations } from './record-operations.ts';
import { signalOperations } from './signal-operations.ts';
import { statementOperations } from './statement-operations.ts';
import { tokenOperations } from './token-operations.ts';
import { trapOperations } from './trap-operations.ts';
import { verdictOperations } from './verdict-operations.ts';

/** In the order in which the documentation shows them. */
export const operations: readonly Operation[] = [
  ...tokenOperations,
  ...deviceOperations,
  ...signalOperations,
  ...trapOperations,
  ...verdictOperations,
  ...identityOperations,
  ...approvalOperations,
  ...recordOperations,
  ...statementOperations,
  ...bindingOperations,
  ...bindingChangeOperations,
  ...privacyOperations,
  ...privacyChangeOperations,
  ...directiveOperations,
  ...decisionOperations,
  ...decisionListOperations,
  ...decisionRecordOperations,
  ...clusterOperations,
  ...intelligenceOperations,
  ...caseOperations,
];
