import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type AccessEntry, accessLine, openAccessLog } from '../src/gateway/access-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'access-'));
after(() => rmSync(folder, { recursive: true }));

const onFault = (error: unknown): never => assert.fail(String(error));

const entry: AccessEntry = {
  at: 1,
  id: 'req-1',
  traceId: 'trace-1',
  address: '::1',
  method: 'GET',
  path: '/api',
  status: 200,
  service: 'api',
  route: 'GET /api',
  reason: 'ok',
  detail: '',
  outcome: 'allow',
  deviceId: '',
  sessionId: '',
  tag: '',
  bytesIn: 0,
  bytesOut: 5,
  milliseconds: 1.234,
};

test('access log: a line is one JSON object whatever a text holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (path, detail) => {
      const line = accessLine({ ...entry, path, detail });
      assert.equal(line.indexOf('\n'), line.length - 1);
      const parsed = JSON.parse(line) as Record<string, unknown>;
      assert.equal(parsed['path'], path);
      assert.equal(parsed['detail'], detail === '' ? undefined : detail);
      assert.equal(parsed['ms'], 1.23);
    }),
  );
});

const idsIn = (path: string): readonly unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as Record<string, unknown>)['id']);

test('access log: every line reaches the file, in order, in few writes', async () => {
  const path = join(folder, 'a.log');
  const log = openAccessLog({ to: 'file', path }, onFault);
  for (let index = 0; index < 5000; index += 1) log.write({ ...entry, id: `req-${index}` });
  await log.close();
  assert.deepEqual(
    idsIn(path),
    Array.from({ length: 5000 }, (_, index) => `req-${index}`),
  );
});

test('access log: after a rotation the new file gets what comes, the old one keeps what was', async () => {
  const path = join(folder, 'b.log');
  const log = openAccessLog({ to: 'file', path }, onFault);
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
  const log = openAccessLog({ to: 'file', path: '/dev/full' }, (error) => void faults.push(error));
  log.write(entry);
  await log.flush();
  assert.equal((faults[0] as NodeJS.ErrnoException).code, 'ENOSPC');
  log.write(entry);
  await log.flush();
  assert.equal(faults.length, 2);
});
