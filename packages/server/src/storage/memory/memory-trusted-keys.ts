/** Trusted keys in memory. */
import { isActiveState } from '@hauberk/device';
import { accept, refuse } from '@hauberk/primitives';
import { judgeRegistration, type RegisteredKey, type TrustedKeyStore } from '../trusted-key-store.ts';
import { type MemoryRecord, rowsIn } from './memory-record.ts';

/** Opens a record of trusted keys in memory. */
export const memoryTrustedKeys = (record: MemoryRecord): TrustedKeyStore => {
  const scopes = new Map<string, RegisteredKey[]>();
  return {
    register: (scope, device, key, now) =>
      record.write(() => {
        const rows = rowsIn(scopes, scope, (): RegisteredKey[] => []);
        const { devices, keys } = record.devices(scope);
        const owner = devices.get(device);
        if (owner === undefined) return refuse('device-unknown');
        if (!isActiveState(owner.state)) return refuse('device-not-enrolled', owner.state);
        const held = rows.filter((row) => row.device === device);
        const isTaken = keys.has(key.thumbprint) || rows.some(({ thumbprint }) => thumbprint === key.thumbprint);
        const judged = judgeRegistration(held, isTaken, { device, key, now });
        if (!judged.ok) return judged;
        if ('kept' in judged.value) return accept(judged.value.kept);
        const { added, replaced } = judged.value;
        if (replaced !== undefined) rows.splice(rows.indexOf(replaced), 1, { ...replaced, endedAtMs: now });
        rows.push(added);
        return accept(added);
      }),
    ofDevice: async (scope, device) =>
      rowsIn(scopes, scope, (): RegisteredKey[] => []).filter((row) => row.device === device),
  };
};
