/** Devices' evidence in memory: the device package's own functions over its own record, beside the rows of the device store. */
import {
  type By,
  type DeviceRecord,
  demandEvidence,
  type HistoryEntry,
  isActiveState,
  reattest,
  rotateIdentity,
  withEntry,
} from '@hauberk/device';
import { accept, type Bytes, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { AttestationStore, AttestingKey, DeviceQuery, ListedDevice } from '../attestation-store.ts';
import type { Device, DeviceKey } from '../device-store.ts';
import type { Scope } from '../scope.ts';
import type { DeviceRows } from './memory-device-store.ts';
import type { MemoryRecord } from './memory-record.ts';

/** What is kept of a device beside its row. */
export type HeldAppraisal = Pick<DeviceRecord, 'appraised' | 'attestedAtMs' | 'demand' | 'shared' | 'history'> & {
  readonly evidence: Bytes | undefined;
  readonly verdict: string | undefined;
};

/** What the device store lends: a changed device is kept, logged and stripped there. */
export type KeepMemoryDevice = (scope: Scope, before: Device, after: Device, reason: string, now: EpochMs) => void;

const keysOf = (rows: DeviceRows, device: string): readonly DeviceKey[] =>
  [...rows.keys.values()].filter((held) => held.device === device).map(({ key }) => key);

const recordOf = (scope: Scope, rows: DeviceRows, id: string): DeviceRecord | undefined => {
  const device = rows.devices.get(id);
  const held = rows.appraisals.get(id);
  if (device === undefined || held === undefined) return undefined;
  const { verdictReference, ...known } = device;
  const { evidence: _evidence, verdict: _verdict, appraised, ...rest } = held;
  return {
    organisation: scope.organisation,
    app: scope.app,
    ...known,
    ...rest,
    appraised: { ...appraised, tier: device.tier, verdictReference },
    keys: keysOf(rows, id),
  };
};

const deviceOf = ({ id, tier, state, generation, appraised, createdAtMs, changedAtMs }: DeviceRecord): Device => ({
  id,
  tier,
  state,
  generation,
  verdictReference: appraised.verdictReference,
  createdAtMs,
  changedAtMs,
});

const isFound = (rows: DeviceRows, device: Device, held: HeldAppraisal, query: DeviceQuery): boolean => {
  const { state, tier, platform, text, afterId = '' } = query;
  const isNamed = (name: string): boolean =>
    device.id.startsWith(name) ||
    held.shared?.identity === name ||
    keysOf(rows, device.id).some(({ thumbprint }) => thumbprint.startsWith(name));
  return (
    device.id > afterId &&
    (state === undefined || device.state === state) &&
    (tier === undefined || device.tier === tier) &&
    (platform === undefined || held.appraised.facts.platform === platform) &&
    (text === undefined || text === '' || isNamed(text))
  );
};

/** Puts the key that vouches for a device in the place of the one before; false when another device has it. */
export const keepAttesting = (
  { keys }: DeviceRows,
  device: string,
  key: AttestingKey | undefined,
  now: EpochMs,
): boolean => {
  if (key === undefined) return true;
  const held = keys.get(key.thumbprint);
  if (held !== undefined) return held.device === device && held.key.purpose === 'attestation';
  for (const [thumbprint, other] of keys)
    if (other.device === device && other.key.purpose === 'attestation') keys.delete(thumbprint);
  keys.set(key.thumbprint, { key: { ...key, purpose: 'attestation', createdAtMs: now }, device });
  return true;
};

/** The attestation store over a memory record. */
export const memoryAttestationStore = (record: MemoryRecord, keepDevice: KeepMemoryDevice): AttestationStore => {
  const rowsOf = (scope: Scope): DeviceRows => record.devices(scope);
  const put = (scope: Scope, device: string, change: Partial<HeldAppraisal>): void => {
    const held = rowsOf(scope).appraisals.get(device);
    if (held !== undefined) rowsOf(scope).appraisals.set(device, { ...held, ...change });
  };
  const keep = (scope: Scope, before: DeviceRecord, after: DeviceRecord, reason: string, evidence?: Bytes): Device => {
    keepDevice(scope, deviceOf(before), deviceOf(after), reason, after.changedAtMs);
    const { appraised, attestedAtMs, demand, shared, history } = after;
    put(scope, after.id, {
      appraised,
      attestedAtMs,
      demand,
      shared,
      history,
      ...(evidence === undefined ? {} : { evidence }),
    });
    return deviceOf(after);
  };
  const note = (scope: Scope, device: string, entry: HistoryEntry): void => {
    const held = rowsOf(scope).appraisals.get(device);
    if (held !== undefined) put(scope, device, { history: withEntry(held.history, entry) });
  };
  const changing = <Code extends string>(
    scope: Scope,
    id: string,
    by: Pick<By, 'reason'>,
    change: (held: DeviceRecord) => Result<DeviceRecord, Code>,
    evidence?: Bytes,
  ) =>
    record.write((): Result<Device, Code | 'device-unknown'> => {
      const held = recordOf(scope, rowsOf(scope), id);
      if (held === undefined) return refuse('device-unknown');
      const after = change(held);
      if (!after.ok) return after;
      return accept(after.value === held ? deviceOf(held) : keep(scope, held, after.value, by.reason, evidence));
    });
  return {
    attest: (scope, id, { appraised, signedBy, evidence, attestingKey, verdict }, now) =>
      changing(
        scope,
        id,
        { reason: `evidence ${appraised.kind}` },
        (held) => {
          const after = reattest(held, appraised, signedBy, now);
          const isKept = !after.ok || keepAttesting(rowsOf(scope), id, attestingKey, now);
          if (after.ok && isKept && verdict !== undefined) put(scope, id, { verdict });
          return isKept ? after : refuse('device-key-taken' as const);
        },
        evidence,
      ),
    current: async (scope, device) => {
      const held = rowsOf(scope).appraisals.get(device.id);
      if (held === undefined) throw new Error('a device in memory has an appraisal');
      const { appraised, attestedAtMs, demand, shared } = held;
      return {
        appraised: { ...appraised, tier: device.tier, verdictReference: device.verdictReference },
        attestedAtMs,
        demand,
        shared,
      };
    },
    demand: (scope, id, demand, by) => changing(scope, id, by, (held) => demandEvidence(held, demand, by)),
    rotate: (scope, id, identity, now) =>
      changing(scope, id, { reason: 'key rotation' }, (held) => {
        if (!isActiveState(held.state)) return refuse('device-not-enrolled' as const, held.state);
        const keys = rotateIdentity(held.keys, identity, now);
        if (!keys.ok) return keys;
        if (keys.value === held.keys) return accept(held);
        const { keys: byThumbprint } = rowsOf(scope);
        if (byThumbprint.has(identity.thumbprint)) return refuse('rotation.key-taken' as const);
        for (const key of keys.value) byThumbprint.set(key.thumbprint, { key, device: id });
        const entry = {
          kind: 'key',
          atMs: now,
          actor: 'gateway',
          reason: identity.thumbprint,
          facts: undefined,
        } as const;
        return accept({
          ...held,
          generation: held.generation + 1,
          changedAtMs: now,
          history: withEntry(held.history, entry),
        });
      }),
    link: (scope, id, shared, now) =>
      record.write(() => {
        if (recordOf(scope, rowsOf(scope), id) === undefined) return refuse('device-unknown');
        put(scope, id, { shared });
        note(scope, id, { kind: 'linked', atMs: now, actor: 'gateway', reason: shared.route, facts: undefined });
        return accept(true as const);
      }),
    note: (scope, id, entry) =>
      record.write(() => {
        if (recordOf(scope, rowsOf(scope), id) === undefined) return refuse('device-unknown');
        note(scope, id, entry);
        return accept(true as const);
      }),
    record: async (scope, id) => {
      const found = recordOf(scope, rowsOf(scope), id);
      const { evidence, verdict } = rowsOf(scope).appraisals.get(id) ?? {};
      return found === undefined ? undefined : { record: found, evidence, verdict };
    },
    search: async (scope, query) => {
      const rows = rowsOf(scope);
      const found = [...rows.devices.values()].flatMap((device): ListedDevice[] => {
        const held = rows.appraisals.get(device.id);
        if (held === undefined || !isFound(rows, device, held, query)) return [];
        const { attestedAtMs, demand, shared } = held;
        const appraised = { ...held.appraised, tier: device.tier, verdictReference: device.verdictReference };
        const entry = held.history.at(-1);
        const last = entry === undefined ? undefined : { kind: entry.kind, reason: entry.reason };
        return [{ device, appraised, attestedAtMs, demand, shared, last }];
      });
      return found.toSorted((left, right) => (left.device.id < right.device.id ? -1 : 1)).slice(0, query.limit);
    },
  };
};
