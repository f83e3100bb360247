/** Calls the admin API of a running gateway with a token of its own, as a server of the bank does. */
import type { RunningGateway } from '@hauberk/server';
import { operatorToken } from '../../packages/server/test/operator-token.ts';

/** An answer. */
export interface AdminAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Issues a token with a role on every app, and answers how to call with it. */
export const adminCaller = async (
  running: RunningGateway,
  role = 'operator',
): Promise<(method: string, path: string, body?: object) => Promise<AdminAnswer>> => {
  const text = await operatorToken(running, role);
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${text}`, 'content-type': 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const reply = await fetch(`${running.adminUrl}/admin/v1${path}`, init);
    return { status: reply.status, json: (await reply.json()) as AdminAnswer['json'] };
  };
};
