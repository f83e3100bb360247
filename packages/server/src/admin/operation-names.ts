/** Names of the operations of the admin API: of the functions of a client, and in the log. */
export const operationNames = [
  'login',
  'logout',
  'self',
  'listRoles',
  'listTokens',
  'findToken',
  'createToken',
  'revokeToken',
  'listDevices',
  'findDevice',
  'changeDevice',
  'changeDevices',
  'deviceVerdict',
  'verdictKeys',
  'listApprovals',
  'findApproval',
  'editApproval',
  'approve',
  'reject',
  'withdraw',
  'execute',
  'listAudit',
  'listOrganisationAudit',
  'listUnknownOutcomes',
  'settleUnknownOutcome',
  'verifyStatement',
  'listBindings',
  'explainBinding',
] as const;

/** One of them. */
export type OperationName = (typeof operationNames)[number];
