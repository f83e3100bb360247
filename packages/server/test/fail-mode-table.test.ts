/** The table of fail modes, cell by cell: a gateway with real sockets, a real record and real nodes, and one dependency cut at a time. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import {
  type Failure,
  type Fate,
  failModes,
  failModeTable,
  type RouteKind,
  routeKinds,
} from '../contract/fail-modes.ts';
import type { TestSession } from './channel-device.ts';
import {
  askFor,
  askQuickly,
  type CutGateway,
  type CutUpstream,
  freePort,
  openCustomer,
  openFolder,
  type Seen,
  startCutGateway,
  startCutUpstream,
} from './fail-mode-bench.ts';

test('docs/overload.md shows the table', () => {
  const page = readFileSync(new URL('../../../docs/overload.md', import.meta.url), 'utf8');
  const [, table] = /<!-- fail modes -->\n([\s\S]*?)<!-- \/fail modes -->/.exec(page) ?? [];
  assert.equal(table, failModeTable());
});

const { folder, remove } = openFolder();
after(remove);

const fateOf = (kind: RouteKind, { status, reached, login, state, reason, execution }: Seen): Fate => {
  if (status >= 400) return { fate: 'refused', reason: reason as never, execution: execution as never };
  assert.ok(reached, `${kind} was answered by nobody`);
  if (state === 'unverified' && kind === 'observed') return { fate: 'served-unverified' };
  const hasLogin = kind === 'money' || kind === 'bind' || kind === 'read';
  return { fate: hasLogin && login === undefined ? 'served-without-login' : 'served' };
};

/** Asks for every kind of route and compares its row. */
const checkRow = async (
  failure: Failure,
  session: TestSession,
  upstream: CutUpstream,
  state: string,
): Promise<void> => {
  const seen = await Promise.all(routeKinds.map((kind) => askFor(session, upstream, state, kind)));
  const row = Object.fromEntries(routeKinds.map((kind, index) => [kind, fateOf(kind, seen[index] as Seen)]));
  assert.deepEqual(row, failModes[failure]);
  for (const [index, kind] of routeKinds.entries()) {
    const { bound, execution, reached, status } = seen[index] as Seen;
    // An upstream that got a request is never said not to have got it.
    if (status >= 400 && reached) assert.equal(execution, 'unknown', kind);
    // Only who claimed the sequence number may say that nothing happened, except where nobody is there to be deceived.
    if (status >= 400 && kind !== 'open' && execution === 'none') assert.equal(bound, true, kind);
  }
};

/** Takes all room from the record: pages that are begun still take a few rows, so it is asked until it refuses. */
const fill = async ({ storage, session, state }: CutGateway): Promise<void> => {
  storage.limit(1);
  for (const kind of ['money', 'login'] as const)
    for (let tries = 0; (await askQuickly(session, kind)) === 200; tries += 1)
      assert.ok(tries < 2000, `${kind} was never refused in ${state}`);
};

describe('one gateway', () => {
  let upstream: CutUpstream;
  let cut: CutGateway;
  before(async () => {
    upstream = await startCutUpstream();
    const started = await startCutGateway(folder, 'one', upstream);
    cut = { ...started, session: await openCustomer(started.gateway) };
  });
  after(async () => {
    await cut.gateway.stop();
    upstream.server.closeAllConnections();
    upstream.server.close();
  });
  const check = (failure: Failure): Promise<void> => checkRow(failure, cut.session, upstream, cut.state);

  test('with nothing cut everything is served, so that each row below is the doing of its cut', async () => {
    const seen = await Promise.all(routeKinds.map((kind) => askFor(cut.session, upstream, cut.state, kind)));
    assert.deepEqual(
      seen.map(({ status }) => status),
      routeKinds.map(() => 200),
    );
  });

  test('a new configuration is refused: the old one stays', async () => {
    const issues = await cut.gateway.reconfigure({ ...cut.config, workers: 7 });
    assert.ok(issues.length > 0);
    await check('config-refused');
  });

  test('the keys cannot be renewed: the workers go on with those that they have', async () => {
    const keys: { rotateDue: (at: EpochMs) => unknown } = cut.storage.keys;
    const held = keys.rotateDue;
    keys.rotateDue = () => {
      throw new Error('the key provider is gone');
    };
    // A reload makes keys and signed config anew, as the renewal of every minute does.
    await assert.rejects(cut.gateway.reconfigure(cut.config), /the key provider is gone/);
    await check('keys-unreachable');
    keys.rotateDue = held;
  });

  test('the upstream does not answer', async () => {
    upstream.isSilent = true;
    await check('upstream-silent');
    upstream.isSilent = false;
  });

  test('the writer does not answer', async () => {
    const other = new DatabaseSync(join(cut.state, 'record.db'));
    other.exec('begin immediate');
    await check('writer-slow');
    other.exec('rollback');
    other.close();
    // The writer takes up what it was asked meanwhile.
    await cut.storage.ports.outbox.append([
      { scope: { organisation: 'demo', app: 'app' }, kind: 'k', atMs: epochMs(1), payload: new Uint8Array(1) },
    ]);
  });

  test('the disk is full', async () => {
    await fill(cut);
    await check('writer-full');
    cut.storage.limit(null);
  });

  test('the upstream takes no connection, and then its breaker is open', async () => {
    upstream.server.closeAllConnections();
    upstream.server.close();
    await once(upstream.server, 'close');
    await check('upstream-down');
    // Each failed try keeps it open for twice as long, so that it is open when the row is checked.
    for (let rounds = 0; rounds < 200; rounds += 1) {
      const answers = await Promise.all(routeKinds.map((kind) => askQuickly(cut.session, kind)));
      if (rounds > 40 && answers.every((status) => status === 503)) break;
    }
    await check('upstream-broken');
    assert.match(
      await cut.gateway.metrics(),
      /hauberk_breakers_open\{dependency="upstream",name="core",priority="money"\} 1/,
    );
  });
});

test('the record cannot be read', async () => {
  const upstream = await startCutUpstream();
  const started = await startCutGateway(folder, 'unreadable', upstream);
  const session = await openCustomer(started.gateway);
  const other = new DatabaseSync(join(started.state, 'record.db'));
  other.exec('drop table login_credentials');
  other.close();
  await checkRow('record-unreadable', session, upstream, started.state);
  await started.gateway.stop();
  upstream.server.closeAllConnections();
  upstream.server.close();
});

test('the replay table is gone: what was accepted before is fenced, and nothing of it is executed again', async () => {
  const upstream = await startCutUpstream();
  const first = await startCutGateway(folder, 'restarted', upstream);
  const session = await openCustomer(first.gateway);
  await first.gateway.stop();
  const second = await startCutGateway(folder, 'restarted', upstream);
  await checkRow('replay-table-lost', { ...session, base: second.gateway.url }, upstream, second.state);
  await second.gateway.stop();
  upstream.server.closeAllConnections();
  upstream.server.close();
});

test('the node that owns the session is gone', async () => {
  const upstream = await startCutUpstream();
  const ports = [await freePort(), await freePort()];
  const owner = await startCutGateway(folder, 'owner', upstream, { node: 1, ports });
  const other = await startCutGateway(folder, 'other', upstream, { node: 2, ports });
  const session = await openCustomer(owner.gateway);
  await owner.gateway.stop();
  await checkRow('peer-down', { ...session, base: other.gateway.url }, upstream, other.state);
  await other.gateway.stop();
  upstream.server.closeAllConnections();
  upstream.server.close();
});
