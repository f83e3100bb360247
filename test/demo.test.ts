/** The demo: honest phones bind over its own SMSC, every kind of attacker is declined by a rule that it shows, and its end leaves nothing behind. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { attackers } from '../demo/binding/attackers.ts';
import { BindingBoard } from '../demo/binding/binding-board.ts';
import { honest } from '../demo/binding/show-binding.ts';
import { Tally } from '../demo/tally.ts';
import { frame } from '../demo/view.ts';
import { startProcess } from './support/ready-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-demo-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));
const decision = /^decision (?<outcome>[a-z]+) (?<route>\S+) "(?<reasons>[^"]*)" (?<id>[0-9a-f]{16})$/;
const row = /^binding (?<who>honest|attacker) "(?<kind>[^"]+)" (?<result>.*)$/;

/** What becomes of the bots, and why. */
const botsDecided: readonly (readonly [what: string, reasons: string])[] = [
  ['slow login', 'device-many-accounts'],
  ['deny login', 'device-many-accounts'],
  ['challenge transfer', 'large-to-new-payee'],
  ['trap transfer', 'trap-touched'],
  ['trap coupon-claim', 'device-many-accounts'],
];

test('npm start: honest phones are bound, each attacker is declined, and the rule is on the screen', async () => {
  const demo = await startProcess([main, 'demo', '--port', '0', '--customers', '1', '--pace', '20'], {
    TMPDIR: folder,
  });
  const results = new Map<string, string>();
  const decided = new Map<string, string>();
  const { stdout } = demo.child;
  assert.ok(stdout);
  for await (const line of createInterface({ input: stdout })) {
    const { who = '', kind = '', result = '' } = row.exec(line)?.groups ?? {};
    if (who !== '') results.set(`${who} ${kind}`, result);
    const { outcome = '', route = '', reasons = '' } = decision.exec(line)?.groups ?? {};
    if (outcome !== '') decided.set(`${outcome} ${route}`, reasons);
    const isDecided = botsDecided.every(([what]) => decided.has(what));
    if (results.size === honest.length + attackers.length && isDecided) break;
  }
  for (const [what, reasons] of botsDecided) assert.equal(decided.get(what), reasons, what);
  for (const { kind } of honest) assert.match(results.get(`honest ${kind}`) ?? '', /^(?:bound|relieved)$/, kind);
  for (const { kind, declinedBy } of attackers) {
    const [state = '', rule = '', code = '', surprise] = results.get(`attacker ${kind}`)?.split(' ') ?? [];
    assert.ok(['declined', 'expired', 'blocked', 'step-up'].includes(state), `${kind}: ${state}`);
    assert.ok(declinedBy.includes(rule), `${kind}: ${rule}`);
    assert.match(code, /^binding\./, kind);
    assert.equal(surprise, undefined, kind);
  }
  assert.deepEqual(await demo.end('SIGINT'), { code: 0, signal: null }, demo.errors());
  assert.deepEqual(readdirSync(folder), []);
});

test('a binding that should not be is red on the screen; a finding tells the command that ends it', () => {
  const [tally, board] = [new Tally(), new BindingBoard(2)];
  board.note('attacker', 'two numbers', { state: 'declined', code: 'binding.two-numbers', rule: 'B06' }, true);
  board.note('attacker', 'old app', { state: 'bound', code: '', rule: '' }, false);
  const finding = {
    rule: 'background',
    severity: 'high',
    owner: '@ads/web',
    api: 'web:a.b',
    chain: 'c1',
    state: 'open',
  };
  const rows = { findings: [finding], stops: [{ chain: 'c2', devices: 2, calls: 9 }] };
  const check = () => ({ balanced: true, duplicates: [], transfers: 0 });
  const privacy = { rows, app: 'h5' } as never;
  const decided = { atMs: 0, outcome: 'trap', route: 'transfer', reasons: 'trap-touched', id: '0123456789abcdef' };
  const decisions = { count: () => 3, latest: () => [decided] } as never;
  const shown = { gateway: 'http://127.0.0.1:1', bank: { check } as never, tally, board, privacy, decisions };
  const text = frame(shown);
  assert.match(text, /B06\s+two numbers/);
  const narrow = frame(shown, 40);
  assert.equal(narrow.split('\n').length, text.split('\n').length + 1);
  assert.ok(text.includes('\u001b[31mold app: bound'), text);
  assert.ok(text.includes('1 of 2'), text);
  assert.match(text, /high\s+background\s.*@ads\/web.* b c1 .*open/);
  assert.match(text, /trap +transfer +trap-touched/);
  assert.ok(text.includes('why 0123456789abcdef --app h5'), text);
  assert.ok(text.includes('privacy stop c1 --app h5') && text.includes('c2: 9 calls refused on 2 devices'), text);
});
