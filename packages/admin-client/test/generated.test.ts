/** The generated client is what docs/openapi.json says now, and sends what it says. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AdminError, createAdminClient } from '@hauberk/admin-client';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('generated.ts is current: node scripts/admin-client.ts', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/admin-client.ts', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

/** A fetch that keeps what it is asked. */
const recording = (status: number, body: string, headers: Readonly<Record<string, string>> = {}) => {
  const asked: Request[] = [];
  return {
    asked,
    fetch: (async (input: URL, init: RequestInit) => {
      asked.push(new Request(input, init));
      return new Response(body, { status, headers });
    }) as typeof fetch,
  };
};

test('a call is sent as the document says: path escaped, query, version, token, body', async () => {
  const { asked, fetch } = recording(200, '{"results":[]}', { etag: '"4"' });
  const api = createAdminClient({ url: 'http://127.0.0.1:1/elsewhere', token: 'hbk_x', fetch });
  const body = { action: 'suspend', reason: 'r' } as const;
  const answer = await api.changeDevice({ app: 'a', device: 'x/../y', ifMatch: '"3"', body });
  assert.deepEqual([answer.version, answer.value], ['"4"', { results: [] }]);
  const [request] = asked;
  assert.equal(request?.url, 'http://127.0.0.1:1/admin/v1/apps/a/devices/x%2F..%2Fy/changes');
  assert.equal(request.headers.get('if-match'), '"3"');
  assert.equal(request.headers.get('authorization'), 'Bearer hbk_x');
  assert.equal(request.redirect, 'error');
  assert.deepEqual(await request.json(), body);
  await api.listDevices({ app: 'a', limit: 5, state: undefined });
  assert.equal(asked[1]?.url, 'http://127.0.0.1:1/admin/v1/apps/a/devices?limit=5');
  assert.equal(asked[1].headers.get('content-type'), null);
});

test('a refusal is thrown as the problem that it is; what is no problem document as one of its own', async () => {
  const problem = { type: 'x', title: 'No', status: 403, code: 'right-missing', instance: 'i', right: 'devices:read' };
  const refusing = createAdminClient({ url: 'http://h', ...recording(403, JSON.stringify(problem)) });
  await assert.rejects(
    refusing.self(),
    (error) => error instanceof AdminError && error.problem.right === 'devices:read',
  );
  for (const [status, body] of [
    [502, '<html>'],
    [200, 'not json'],
    [404, '[]'],
  ] as const) {
    const strange = createAdminClient({ url: 'http://h', ...recording(status, body) });
    await assert.rejects(
      strange.self(),
      (error) => error instanceof AdminError && error.problem.code === 'not-the-api',
    );
  }
});
