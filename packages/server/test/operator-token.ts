/** API tokens for tests: issued in the process of the gateway, or by the secret that a gateway of its own printed. */
import assert from 'node:assert/strict';
import { epochMs } from '@hauberk/primitives';
import { makeToken } from '../src/admin/token-operations.ts';
import type { RunningGateway } from '../src/index.ts';

/** A token with a role on every app. */
export const operatorToken = async (
  { administration }: Pick<RunningGateway, 'administration'>,
  role = 'administrator',
): Promise<string> => {
  const now = administration.now();
  const about = { organisation: administration.organisation, subject: 'operator', lineage: [], label: 'test' };
  const grants = [{ app: '*', role }];
  const making = { ...about, createdBy: 'test', grants, expiresAtMs: epochMs(now + 3_600_000) };
  const { token, text } = makeToken(administration, making, now);
  assert.ok((await administration.stores.adminTokens.issue(token, { actor: 'test', now })).ok);
  return text;
};

/** The administrator's token, for the secret that a gateway printed at its first start. */
export const redeemSecret = async (adminUrl: string, printed: () => string): Promise<string> => {
  let secret: string | undefined;
  // What a process prints and what it answers come by different ways.
  while (secret === undefined) {
    [secret] = /hbs_[0-9a-f]{20}_[\w-]+/.exec(printed()) ?? [];
    if (secret === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const body = JSON.stringify({ secret });
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${adminUrl}/admin/v1/login`, { method: 'POST', headers, body });
  const { secret: token } = (await reply.json()) as { readonly secret?: string };
  assert.ok(token !== undefined, `login: ${reply.status}`);
  return token;
};
