/** The demo's page: one of its two SDKs follows visitors, the officer sees it, stops that chain with the command that is shown, and the proof comes back. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startProcess } from './support/ready-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-demo-privacy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));

const hauberk = async (url: string, token: string, ...args: readonly string[]): Promise<string> => {
  const env = { ...process.env, HAUBERK_URL: url, HAUBERK_TOKEN_FILE: token };
  const child = spawn(process.execPath, [main, ...args], { env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (text += piece));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, text);
  return text;
};

test('npm start: an SDK that follows visitors is found, stopped by its chain, and devices prove it; the map goes on', async () => {
  const demo = await startProcess([main, 'demo', '--port', '0', '--customers', '1', '--no-attacker'], {
    TMPDIR: folder,
  });
  const { stdout } = demo.child;
  assert.ok(stdout);
  let chain = '';
  for await (const line of createInterface({ input: stdout })) {
    const found =
      /^privacy high background: @adpulse\/web \S*getCurrentPosition chain (?<chain>[0-9a-f]{16}) open$/.exec(line);
    if (found !== null && chain === '') {
      chain = found.groups?.['chain'] ?? '';
      const url = /HAUBERK_URL=(\S+)/.exec(demo.errors())?.[1] ?? '';
      const token = /administrator has (\S+)/.exec(demo.errors())?.[1] ?? '';
      const told = await hauberk(
        url,
        token,
        'privacy',
        'stop',
        chain,
        '--app',
        'mailbrook-h5',
        '--reason',
        'follows visitors',
      );
      assert.match(told, new RegExp(chain));
    }
    assert.doesNotMatch(line, /^privacy .*@brightmaps\/web/);
    if (chain !== '' && line === `privacy chain ${chain} is stopped, and devices proved it`) break;
  }
  assert.notEqual(chain, '', demo.errors());
  assert.deepEqual(await demo.end('SIGINT'), { code: 0, signal: null }, demo.errors());
});
