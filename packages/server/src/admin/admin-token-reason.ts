/** Why nobody is known to call; for the log alone. */
export const adminTokenReasons = [
  'admin.token-missing',
  'admin.token-malformed',
  'admin.token-unknown',
  'admin.token-expired',
  'admin.token-revoked',
] as const;

/** One of them. */
export type AdminTokenReason = (typeof adminTokenReasons)[number];
