/** What every record of an app's versions keeps to, and every audit log. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AuditRecord, auditText, chainHash } from '../src/audit/audit-log.ts';
import type { ConfigVersion } from '../src/storage/app-record.ts';
import {
  accepted,
  at,
  bank,
  bytes,
  type OpenStorageHarness,
  otherApp,
  refused,
  start,
  withStorage,
} from './harness.ts';

const config = (version: number, service = 'api'): ConfigVersion => ({
  service,
  version,
  hash: bytes(32, version),
  document: `{"version":${version}}`,
  publishedAtMs: start,
});

/** The contract of `AppRecord`. */
export const appRecordContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`apps, ${adapter}`, () => {
    test(
      'config versions of a service rise; each service and app counts on its own',
      withStorage(open, async ({ stores, other }) => {
        accepted(await stores.apps.publishConfig(bank, config(3)));
        for (const version of [1, 2, 3]) {
          assert.equal(refused(await other.apps.publishConfig(bank, config(version))), 'config-version-not-rising');
        }
        accepted(await stores.apps.publishConfig(bank, config(1, 'other')));
        accepted(await stores.apps.publishConfig(otherApp, config(1)));
        accepted(await stores.apps.publishConfig(bank, config(7)));
        const latest = await other.apps.latestConfigs(bank, 'api', 5);
        assert.deepEqual(
          latest.map(({ version }) => version),
          [7, 3],
        );
        assert.equal(latest[0]?.document, '{"version":7}');
        assert.deepEqual(Uint8Array.from(latest[0]?.hash ?? []), bytes(32, 7));
      }),
    );
    test(
      'the generation of resume tickets starts at 1 and rises per app',
      withStorage(open, async ({ stores, other }) => {
        assert.equal(await stores.apps.resumeGeneration(bank), 1);
        const raised = await Promise.all([
          stores.apps.raiseResumeGeneration(bank, 'op', start),
          other.apps.raiseResumeGeneration(bank, 'op', start),
        ]);
        assert.deepEqual(
          raised.map(accepted).toSorted((left, right) => left - right),
          [2, 3],
        );
        assert.equal(await other.apps.resumeGeneration(bank), 3);
        assert.equal(await other.apps.resumeGeneration(otherApp), 1);
      }),
    );
  });
};

const record = (subject: string): AuditRecord => ({
  actor: 'operator',
  action: 'test.done',
  subject,
  facts: { count: 1, nested: { deep: ['x', null, true] } },
});

/** The contract of `AuditLog`. */
export const auditLogContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`audit, ${adapter}`, () => {
    test(
      'each entry is chained to the one before, also when two clients append at once',
      withStorage(open, async ({ stores, other }) => {
        const before = await stores.audit.head();
        const racing = Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? stores : other).audit.append(bank, record(String(index)), at(index)),
        );
        const heads = (await Promise.all(racing)).map(accepted);
        const entries = await stores.audit.readAfter(bank, before.size, 100);
        assert.equal(entries.length, 20);
        let hash = before.hash;
        for (const entry of entries) {
          hash = chainHash(hash, auditText(entry.sequence, entry.scope, entry, entry.atMs));
          assert.deepEqual(Uint8Array.from(entry.hash), hash);
        }
        const head = await other.audit.head();
        assert.deepEqual([head.size, Uint8Array.from(head.hash)], [before.size + 20, hash]);
        assert.equal(new Set(heads.map(({ size }) => size)).size, 20);
      }),
    );
    test(
      'entries are read per scope, in order, in pages',
      withStorage(open, async ({ stores }) => {
        for (const subject of ['1', '2', '3']) {
          accepted(await stores.audit.append(bank, record(subject), start));
          accepted(await stores.audit.append(otherApp, record(`other-${subject}`), start));
        }
        const all = await stores.audit.readAfter(bank, 0, 10);
        assert.deepEqual(
          all.map(({ subject }) => subject),
          ['1', '2', '3'],
        );
        const page = await stores.audit.readAfter(bank, all[0]?.sequence ?? 0, 1);
        assert.equal(page[0]?.subject, '2');
        assert.deepEqual(page[0]?.facts, record('2').facts);
      }),
    );
  });
};
