import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type AccessEntry, accessLine, type JoinedEntry, openAccessLog } from '../src/gateway/access-log.ts';
import type { RequestPrivacy } from '../src/observability/request-privacy.ts';

const folder = mkdtempSync(join(tmpdir(), 'access-'));
after(() => rmSync(folder, { recursive: true }));

const onFault = (error: unknown): never => assert.fail(String(error));

const privacy = { addresses: 'full', paths: 'full' } as const;

const entry: AccessEntry = {
  at: 1,
  id: 'req-1',
  traceId: 'trace-1',
  address: '::1',
  method: 'GET',
  path: '/api',
  pattern: '/api',
  status: 200,
  service: 'api',
  route: 'GET /api',
  reason: 'ok',
  detail: '',
  outcome: 'allow',
  decision: '',
  reasons: [],
  deviceId: '',
  sessionId: '',
  tag: '',
  bytesIn: 0,
  bytesOut: 5,
  milliseconds: 1.234,
};

test('access log: a line is one JSON object whatever a text holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (path, service) => {
      const line = accessLine({ ...entry, path, service }, privacy);
      assert.equal(line.indexOf('\n'), line.length - 1);
      const parsed = JSON.parse(line) as Record<string, unknown>;
      assert.equal(parsed['path'], path === '' ? undefined : path);
      assert.equal(parsed['service'], service === '' ? undefined : service);
      assert.equal(parsed['ms'], 1.23);
    }),
  );
});

describe('access log: what is told of a client', () => {
  const told = (given: Partial<AccessEntry>, policy: Partial<RequestPrivacy>): Record<string, unknown> =>
    JSON.parse(accessLine({ ...entry, ...given }, { ...privacy, ...policy })) as Record<string, unknown>;

  for (const [address, shortened] of [
    ['192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1234:5678::9', '2001:db8:1234::/48'],
    ['2001:db8::9', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['1:2:3:4:5:6:7:8', '1:2:3::/48'],
    ['not an address', undefined],
    ['', undefined],
  ] as const)
    test(`${address} is shortened to ${shortened}`, () =>
      assert.equal(told({ address }, { addresses: 'shortened' })['address'], shortened));

  test('any shortened address holds nothing of the last part', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a, b, c] = address.split('.');
        assert.equal(told({ address }, { addresses: 'shortened' })['address'], `${a}.${b}.${c}.0/24`);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const shown = String(told({ address }, { addresses: 'shortened' })['address']);
        assert.match(shown, /^(?:[0-9a-f]{1,4}:){3}:\/48$/i);
      }),
    );
  });

  test('no address at all when the policy says none', () =>
    assert.ok(!('address' in told({ address: '192.0.2.77' }, { addresses: 'none' }))));

  test('a path is its pattern; without a route there is none', () => {
    const path = '/api/cards/4111111111111111';
    assert.equal(told({ path, pattern: '/api/cards/{card}' }, { paths: 'pattern' })['path'], '/api/cards/{card}');
    assert.ok(!('path' in told({ path, pattern: '' }, { paths: 'pattern' })));
    assert.equal(told({ path, pattern: '' }, { paths: 'full' })['path'], path);
  });

  test('every detail that the gateway itself writes is told', () => {
    const sources = globSync(fileURLToPath(new URL('../src/**/*.ts', import.meta.url)));
    const written = sources.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/log\.detail = ([^;]+);/g)].flatMap(([, value = '']) =>
        [...value.matchAll(/'([^']+)'/g)].map(([, text = '']) => text),
      ),
    );
    assert.ok(written.length >= 3);
    for (const detail of written) assert.equal(told({ detail }, {})['detail'], detail);
  });

  test('details and methods that a client wrote are not told', () => {
    assert.equal(told({ detail: 'request.seal' }, {})['detail'], 'request.seal');
    assert.ok(!('detail' in told({ detail: 'br;password=x' }, {})));
    assert.equal(told({ method: 'PROPFIND' }, {})['method'], 'PROPFIND');
    assert.equal(told({ method: 'x-secret' }, {})['method'], 'other');
  });
});

const idsIn = (path: string): readonly unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as Record<string, unknown>)['id']);

test('access log: every line reaches the file, in order, in few writes', async () => {
  const path = join(folder, 'a.log');
  const log = openAccessLog({ to: 'file', path }, privacy, onFault);
  for (let index = 0; index < 5000; index += 1) log.write({ ...entry, id: `req-${index}` });
  await log.close();
  assert.deepEqual(
    idsIn(path),
    Array.from({ length: 5000 }, (_, index) => `req-${index}`),
  );
});

test('access log: after a rotation the new file gets what comes, the old one keeps what was', async () => {
  const path = join(folder, 'b.log');
  const log = openAccessLog({ to: 'file', path }, privacy, onFault);
  log.write({ ...entry, id: 'old' });
  await log.flush();
  renameSync(path, `${path}.1`);
  log.reopen();
  log.write({ ...entry, id: 'new' });
  await log.close();
  assert.deepEqual(idsIn(`${path}.1`), ['old']);
  assert.deepEqual(idsIn(path), ['new']);
});

test('access log: a disk that fails is told, and the gateway goes on', async () => {
  const faults: unknown[] = [];
  const log = openAccessLog({ to: 'file', path: '/dev/full' }, privacy, (error) => void faults.push(error));
  log.write(entry);
  await log.flush();
  assert.equal((faults[0] as NodeJS.ErrnoException).code, 'ENOSPC');
  log.write(entry);
  await log.flush();
  assert.equal(faults.length, 2);
});

test('access log: what ended alike is one line, told as it is when it is written', async () => {
  const path = join(folder, 'joined.log');
  const log = openAccessLog({ to: 'file', path }, privacy, onFault);
  const shared = { at: 1, id: 'req-1', traceId: 'trace-1', pattern: '/api', status: 503, service: 'api', route: 'all' };
  const joinedOf = (reason: string): JoinedEntry => ({
    ...shared,
    reason,
    count: 1,
    bytesIn: 2,
    bytesOut: 3,
    longestMs: 4.567,
    isWritten: false,
  });
  const [first, last] = [joinedOf('overload.gateway'), joinedOf('overload.upstream')];
  log.join(first);
  first.count = 1000;
  await log.flush();
  assert.equal(first.isWritten, true);
  log.join(last);
  await log.close();
  assert.equal(last.isWritten, true);
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const { pattern, ...told } = shared;
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    [first, last].map(({ reason, count }) => ({
      ...told,
      path: pattern,
      reason,
      count,
      bytesIn: 2,
      bytesOut: 3,
      ms: 4.57,
    })),
  );
});
