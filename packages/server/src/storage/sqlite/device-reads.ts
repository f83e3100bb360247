/** Reads of devices on the caller's own thread. */
import type { DatabaseSync } from 'node:sqlite';
import type { Device, DevicePage, KeyedDevice, Revocation } from '../device-store.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import { deviceKeyOf, deviceOf, revocationOf } from './rows.ts';

const deviceColumns = [
  'devices.id',
  'devices.tier',
  'devices.state',
  'devices.generation',
  'devices.verdict_reference',
  'devices.created_at_ms',
  'devices.changed_at_ms',
] as const;

const prepareDeviceReads = (database: DatabaseSync) => ({
  byId: prepare(database, (query, $: Scope & { id: string }) =>
    query
      .selectFrom('devices')
      .select(deviceColumns)
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id),
  ),
  byThumbprint: prepare(database, (query, $: Scope & { thumbprint: string }) =>
    query
      .selectFrom('device_keys')
      .innerJoin('devices', (join) =>
        join
          .onRef('devices.organisation', '=', 'device_keys.organisation')
          .onRef('devices.app', '=', 'device_keys.app')
          .onRef('devices.id', '=', 'device_keys.device'),
      )
      .select([
        ...deviceColumns,
        'device_keys.thumbprint',
        'device_keys.purpose',
        'device_keys.public_key',
        'device_keys.created_at_ms as key_created_at_ms',
      ])
      .where('device_keys.organisation', '=', $.organisation)
      .where('device_keys.app', '=', $.app)
      .where('device_keys.thumbprint', '=', $.thumbprint),
  ),
  keyCount: prepare(database, (query, $: Scope & { id: string }) =>
    query
      .selectFrom('device_keys')
      .select((select) => select.fn.countAll<number>().as('keys'))
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('device', '=', $.id)
      .where('purpose', '<>', 'retired'),
  ),
  page: prepare(database, (query, $: Scope & { afterId: string; limit: number }) =>
    query
      .selectFrom('devices')
      .select(deviceColumns)
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '>', $.afterId)
      .orderBy('id')
      .limit($.limit),
  ),
  pageInState: prepare(database, (query, $: Scope & { afterId: string; limit: number; state: Device['state'] }) =>
    query
      .selectFrom('devices')
      .select(deviceColumns)
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('state', '=', $.state)
      .where('id', '>', $.afterId)
      .orderBy('id')
      .limit($.limit),
  ),
  revocations: prepare(database, (query, $: { position: number; limit: number }) =>
    query.selectFrom('revocations').selectAll().where('position', '>', $.position).orderBy('position').limit($.limit),
  ),
});

/** Synchronous reads of devices. */
export interface DeviceReads {
  byId(scope: Scope, device: string): Device | undefined;
  byThumbprint(scope: Scope, thumbprint: string): KeyedDevice | undefined;
  /** How many keys a device has. */
  keyCount(scope: Scope, device: string): number;
  list(scope: Scope, page: DevicePage): readonly Device[];
  revocationsAfter(position: number, limit: number): readonly Revocation[];
}

/** Prepares the reads of devices on a connection. */
export const deviceReads = (database: DatabaseSync): DeviceReads => {
  const statements = prepareDeviceReads(database);
  return {
    byId: ({ organisation, app }, id) => {
      const row = statements.byId.first({ organisation, app, id });
      return row === undefined ? undefined : deviceOf(row);
    },
    byThumbprint: ({ organisation, app }, thumbprint) => {
      const row = statements.byThumbprint.first({ organisation, app, thumbprint });
      if (row === undefined) return undefined;
      return { device: deviceOf(row), key: deviceKeyOf({ ...row, created_at_ms: row.key_created_at_ms }) };
    },
    keyCount: ({ organisation, app }, id) => statements.keyCount.first({ organisation, app, id })?.keys ?? 0,
    list: ({ organisation, app }, { state, afterId = '', limit }) => {
      const page = { organisation, app, afterId, limit };
      return (state === undefined ? statements.page.all(page) : statements.pageInState.all({ ...page, state })).map(
        deviceOf,
      );
    },
    revocationsAfter: (position, limit) => statements.revocations.all({ position, limit }).map(revocationOf),
  };
};
