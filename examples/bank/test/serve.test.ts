/** The bank as a program of its own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { call } from './bank-fixture.ts';

const SERVE = join(import.meta.dirname, '..', 'src', 'serve.ts');

test('serve: says when it is ready, serves API and app, keeps strangers out with a facts key, stops when told', async (context) => {
  const env = { ...process.env, BANK_FACTS_KEY: 'a-facts-key-of-thirty-two-letters' };
  const child = spawn(process.execPath, [SERVE, '--port', '0', '--guards', 'careful'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const bank = { url: JSON.parse(line.replace(/^ready /, '')).bank as string };
  assert.equal((await call(bank, 'GET /api/public/rates')).status, 200);
  assert.equal((await call(bank, 'GET /api/accounts')).body['code'], 'unverified-request');
  assert.match(await (await fetch(bank.url)).text(), /<title>Mailbrook/);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('serve: an unknown set of guards is refused', async () => {
  const child = spawn(process.execPath, [SERVE, '--guards', 'none'], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 1);
});
