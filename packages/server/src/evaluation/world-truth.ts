/** What everybody truly was. Only figures are made from it: no part that decides ever sees it. */
import { readFileSync } from 'node:fs';
import { parseJson } from '@hauberk/primitives';
import { WorldError } from './world-lines.ts';

/** Whose a device is. */
export interface DeviceTruth {
  readonly role: 'honest' | 'farm' | 'attacker';
  readonly group: string | undefined;
}

/** See the top of the file. */
export interface WorldTruth {
  /** Kind and gang of each event that is an attack. */
  readonly events: ReadonlyMap<string, { readonly kind: string; readonly group: string }>;
  readonly devices: ReadonlyMap<string, DeviceTruth>;
  /** Farms that began well within the period. */
  readonly newFarms: ReadonlySet<string>;
}

/** Longest truth in characters. */
const maxTruth = 1_073_741_824 / 4;

type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const roles: readonly unknown[] = ['honest', 'farm', 'attacker'];

/** Reads `truth.json`. */
export const readWorldTruth = (folder: string): WorldTruth => {
  const file = `${folder}/truth.json`;
  const read = parseJson(readFileSync(file, 'utf8'), { maxDepth: 8, maxKeys: 2 ** 26, maxLength: maxTruth });
  if (!read.ok) throw new WorldError(`${file}: ${read.code}`);
  const { events, devices, groups } = membersOf(read.value);
  const farms = new Set<string>();
  const known = new Map<string, DeviceTruth>();
  for (const [device, value] of Object.entries(membersOf(devices))) {
    const { role, group } = membersOf(value);
    if (!roles.includes(role)) throw new WorldError(`${file}: ${device} has no role`);
    known.set(device, { role: role as DeviceTruth['role'], group: group === undefined ? undefined : textOf(group) });
    if (role === 'farm') farms.add(textOf(group));
  }
  const isNew = ([name, value]: readonly [string, unknown]): boolean =>
    farms.has(name) && membersOf(value)['isNew'] === true;
  return {
    devices: known,
    events: new Map(
      Object.entries(membersOf(events)).map(([id, value]) => {
        const { kind, group } = membersOf(value);
        return [id, { kind: textOf(kind), group: textOf(group) }];
      }),
    ),
    newFarms: new Set(
      Object.entries(membersOf(groups))
        .filter(isNew)
        .map(([name]) => name),
    ),
  };
};
