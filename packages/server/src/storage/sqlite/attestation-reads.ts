/** Reads of devices' evidence on the caller's own thread. */
import type { DatabaseSync } from 'node:sqlite';
import type { SharedRoute } from '@hauberk/channel';
import type { AttestedFacts, DeviceRecord, HistoryEntry, HistoryKind, ReattestationReason } from '@hauberk/device';
import { epochMs } from '@hauberk/primitives';
import type { DeviceQuery, ListedDevice, RecordedDevice } from '../attestation-store.ts';
import type { Device } from '../device-store.ts';
import type { DeviceAttestationTable, DeviceHistoryTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import { deviceReads } from './device-reads.ts';
import { deviceKeyOf, deviceOf } from './rows.ts';

type ScopedDevice = Scope & { readonly device: string };
type AttestationRow = Omit<DeviceAttestationTable, 'organisation' | 'app' | 'device' | 'evidence' | 'verdict'>;

/** The facts of a device of which nothing was said. */
export const noFacts: AttestedFacts = { platform: 'other', level: 'software' };

const prepareAttestationReads = (database: DatabaseSync) => ({
  attestation: prepare(database, (query, $: ScopedDevice) =>
    query
      .selectFrom('device_attestations')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device),
  ),
  keys: prepare(database, (query, $: ScopedDevice) =>
    query
      .selectFrom('device_keys')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .orderBy('created_at_ms'),
  ),
  history: prepare(database, (query, $: ScopedDevice) =>
    query
      .selectFrom('device_history')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.device)
      .orderBy('position'),
  ),
});

/** A page is filtered in SQL; `''` and `-1` stand for any. */
const searchSql = `
  select d.id, d.tier, d.state, d.generation, d.verdict_reference, d.created_at_ms, d.changed_at_ms,
    a.kind, a.facts, a.counter, a.counter_key, a.attested_at_ms, a.demand_reason, a.demand_at_ms, a.shared_identity, a.shared_route,
    h.kind as last_kind, h.reason as last_reason
  from devices d left join device_attestations a
    on a.organisation = d.organisation and a.app = d.app and a.device = d.id
  left join device_history h on h.position = (select max(l.position) from device_history l
    where l.organisation = d.organisation and l.app = d.app and l.device = d.id)
  where d.organisation = $organisation and d.app = $app and d.id > $afterId
    and ($state = '' or d.state = $state) and ($tier < 0 or d.tier = $tier)
    and ($platform = '' or coalesce(json_extract(a.facts, '$.platform'), 'other') = $platform)
    and ($text = '' or substr(d.id, 1, length($text)) = $text or a.shared_identity = $text or exists (
      select 1 from device_keys k where k.organisation = d.organisation and k.app = d.app and k.device = d.id
        and substr(k.thumbprint, 1, length($text)) = $text))
  order by d.id limit $limit`;

type ListRow = Parameters<typeof deviceOf>[0] & {
  readonly [Name in keyof AttestationRow]: AttestationRow[Name] | null;
} & { readonly last_kind: string | null; readonly last_reason: string | null };

const factsOf = (text: string): AttestedFacts => (text === '' ? noFacts : (JSON.parse(text) as AttestedFacts));

/** What counts now, of a row or of none: devices from before evidence was kept have none. */
const appraisalOf = (device: Device, row: AttestationRow | undefined): Omit<ListedDevice, 'device'> => ({
  appraised: {
    kind: row?.kind ?? 'software',
    tier: device.tier,
    facts: factsOf(row?.facts ?? ''),
    verdictReference: device.verdictReference,
    ...(row === undefined || row.counter === null ? {} : { counter: { key: row.counter_key, value: row.counter } }),
  },
  attestedAtMs: epochMs(row?.attested_at_ms ?? device.createdAtMs),
  demand:
    row === undefined || row.demand_reason === ''
      ? undefined
      : { reason: row.demand_reason as ReattestationReason, atMs: epochMs(row.demand_at_ms) },
  shared:
    row === undefined || row.shared_identity === ''
      ? undefined
      : { identity: row.shared_identity, route: row.shared_route as SharedRoute },
});

const entryOf = (row: DeviceHistoryTable | Omit<DeviceHistoryTable, 'position'>): HistoryEntry => ({
  kind: row.kind as HistoryKind,
  atMs: epochMs(row.at_ms),
  actor: row.actor,
  reason: row.reason,
  facts: row.facts === '' ? undefined : factsOf(row.facts),
});

/** Synchronous reads of evidence. */
export interface AttestationReads {
  current(scope: Scope, device: Device): Omit<ListedDevice, 'device'>;
  record(scope: Scope, device: string): RecordedDevice | undefined;
  search(scope: Scope, query: DeviceQuery): readonly ListedDevice[];
  /** Whether any device of the app has this key, for whatever purpose. */
  hasKey(scope: Scope, thumbprint: string): boolean;
}

/** Prepares the reads of evidence on a connection. */
export const attestationReads = (database: DatabaseSync): AttestationReads => {
  const statements = prepareAttestationReads(database);
  const searched = database.prepare(searchSql);
  const devices = deviceReads(database);
  return {
    hasKey: (scope, thumbprint) => devices.byThumbprint(scope, thumbprint) !== undefined,
    current: ({ organisation, app }, device) =>
      appraisalOf(device, statements.attestation.first({ organisation, app, device: device.id })),
    record: ({ organisation, app }, id) => {
      const device = devices.byId({ organisation, app }, id);
      if (device === undefined) return undefined;
      const row = statements.attestation.first({ organisation, app, device: id });
      const { verdictReference: _reference, ...known } = device;
      const record: DeviceRecord = {
        organisation,
        app,
        ...known,
        ...appraisalOf(device, row),
        keys: statements.keys.all({ organisation, app, device: id }).map(deviceKeyOf),
        history: statements.history.all({ organisation, app, device: id }).map((entry) => entryOf(entry as never)),
      };
      return { record, evidence: row?.evidence ?? undefined, verdict: row?.verdict ?? undefined };
    },
    search: ({ organisation, app }, { state = '', tier = -1, platform = '', text = '', afterId = '', limit }) => {
      const rows = searched.all({ organisation, app, state, tier, platform, text, afterId, limit });
      return (rows as unknown as readonly ListRow[]).map((row) => {
        const device = deviceOf(row);
        const { last_kind: kind, last_reason: reason } = row;
        const last = kind === null ? undefined : { kind: kind as HistoryKind, reason: reason ?? '' };
        return { device, ...appraisalOf(device, row.kind === null ? undefined : (row as AttestationRow)), last };
      });
    },
  };
};
