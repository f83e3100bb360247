/** A desk of clusters for tests, and what a farm and honest people leave in an outbox. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterSummary, usualClusterOptions } from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import { ClusterDesk, type ClusterDeskParts } from '../../src/clusters/cluster-desk.ts';
import { ClusterTable, reserveClusterTable } from '../../src/clusters/cluster-table.ts';
import { type SignalRecord, signalEventKind, writeSignalRecord } from '../../src/signals/signal-record.ts';
import type { Outbox, OutboxEntry } from '../../src/storage/outbox.ts';
import type { Scope } from '../../src/storage/scope.ts';

/** A folder that goes when the process of the tests ends. */
export const testFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-clusters-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** A desk over an outbox, with what it told. */
export const openDesk = (
  outbox: Outbox,
  now: () => EpochMs,
  given: Partial<ClusterDeskParts> = {},
): { readonly desk: ClusterDesk; readonly table: ClusterTable; readonly farms: ClusterSummary[] } => {
  const table = new ClusterTable(reserveClusterTable(512));
  const farms: ClusterSummary[] = [];
  const desk = new ClusterDesk({
    outbox,
    file: join(testFolder(), 'clusters.snapshot'),
    options: {
      ...usualClusterOptions,
      key: new Uint8Array(16).fill(9),
      devices: 512,
      evidence: 4096,
      hasPseudonyms: true,
    },
    table,
    kindsOf: async () => ['device', 'account', 'address'],
    now,
    onFarm: (cluster) => farms.push(cluster),
    failed: (error) => assert.fail(String(error)),
    everyMs: 3_600_000,
    ...given,
  });
  return { desk, table, farms };
};

/** The desk of the administration's tests. */
export const openTestClusters = (outbox: Outbox, now: () => EpochMs): ClusterDesk => openDesk(outbox, now).desk;

/** The entry that a report leaves. */
export const reportEntry = (
  scope: Scope,
  subject: string,
  atMs: number,
  counter: number,
  evidence: Readonly<Record<string, string>>,
  score: number | null = 40,
): OutboxEntry => {
  const record: SignalRecord = {
    device: subject,
    subject,
    service: 'bank',
    tier: 1,
    eventAtMs: atMs,
    scene: 'pay',
    policyVersion: 1,
    sdk: '1',
    counter,
    hash: randomBytes(32).toString('base64url'),
    succession: 'next',
    ran: [],
    skipped: [],
    signals: [],
    refused: [],
    evidence: Object.entries(evidence).map(([kind, digest]) => ({ kind, digest })) as SignalRecord['evidence'],
    score,
    band: 'fair',
  };
  return { scope, kind: signalEventKind, atMs: atMs as EpochMs, payload: writeSignalRecord(record) };
};

/** Pseudonyms of a farm's devices. */
export const farmDevices = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => (0xfa_0000_0000 + index * 7919).toString(16).padStart(16, '0'));

/** What a farm on one bench leaves in a minute, and honest people beside it. */
export const farmEntries = (scope: Scope, count: number, atMs: number): readonly OutboxEntry[] => [
  ...farmDevices(count).map((device, index) =>
    reportEntry(scope, device, atMs + index * 500, 1, { battery: 'bench', image: 'flash', storage: `own${index}` }),
  ),
  ...Array.from({ length: 30 }, (_, index) =>
    reportEntry(
      scope,
      (0xbb_0000_0000 + index * 104_729).toString(16).padStart(16, '0'),
      atMs + index * 700,
      1,
      {
        battery: `b${index}`,
        image: 'popular',
        bssid: `home${index >> 2}`,
      },
      100,
    ),
  ),
];
