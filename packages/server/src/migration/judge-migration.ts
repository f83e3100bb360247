/** Judges a request by the migration schemes of its route. The first scheme whose credential it shows decides: a failed one leads to no other. */
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { MigrationReason, MigrationRequest, MigrationSchemeName, MigrationVerifier } from './migration-request.ts';
import type { UseOnce } from './once-register.ts';

/** Who sent a request, by a scheme that is weaker than HB/1. */
export interface MigratedClient {
  readonly scheme: MigrationSchemeName;
  readonly keyId: string;
  /** What the body carried, where it came in signed chunks. */
  readonly payload?: Uint8Array | undefined;
}

/** Verifies, then uses up: an unverified request must not be able to spend somebody's credential. */
export const judgeMigration = async (
  verifiers: readonly MigrationVerifier[],
  useOnce: UseOnce,
  request: MigrationRequest,
): Promise<Result<MigratedClient, MigrationReason>> => {
  const verifier = verifiers.find((each) => each.claims(request));
  if (verifier === undefined) return refuse('migration.absent');
  const proof = await verifier.verify(request);
  if (!proof.ok) return proof;
  const spent = useOnce(verifier.scheme, proof.value, request.now);
  if (spent !== undefined) return refuse(spent);
  const { keyId, payload } = proof.value;
  return accept({ scheme: verifier.scheme, keyId, payload });
};
