/** Calls the admin API of a running gateway with a token of its own, as a server of the bank does. */
import { epochMs } from '@hauberk/primitives';
import type { RunningGateway } from '@hauberk/server';
import { makeToken } from '../../packages/server/src/admin/token-operations.ts';

/** An answer. */
export interface AdminAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Issues a token with a role on every app, and answers how to call with it. */
export const adminCaller = async (
  { administration, adminUrl }: RunningGateway,
  role = 'operator',
): Promise<(method: string, path: string, body?: object) => Promise<AdminAnswer>> => {
  const now = administration.now();
  const { organisation } = administration;
  const about = { organisation, subject: 'bank-server', lineage: [], label: 'test', createdBy: 'test' };
  const expiresAtMs = epochMs(now + 600_000);
  const { token, text } = makeToken(administration, { ...about, grants: [{ app: '*', role }], expiresAtMs }, now);
  const issued = await administration.stores.adminTokens.issue(token, { actor: 'test', now });
  if (!issued.ok) throw new Error(issued.code);
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${text}`, 'content-type': 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const reply = await fetch(`${adminUrl}/admin/v1${path}`, init);
    return { status: reply.status, json: (await reply.json()) as AdminAnswer['json'] };
  };
};
