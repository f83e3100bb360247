/** What everybody truly was. Only figures are made from it: no part that decides ever sees it. */
import { existsSync, readFileSync } from 'node:fs';
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
const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const membersOf = (value: unknown): Members => (isMembers(value) ? value : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const roles: readonly unknown[] = ['honest', 'farm', 'attacker'];

/** Longest manifest in characters. */
const maxManifest = 1_048_576;

/** Refuses a folder whose `manifest.json` is not that of a world; a world without one is read all the same. */
export const checkWorldManifest = (folder: string): void => {
  const file = `${folder}/manifest.json`;
  if (!existsSync(file)) return;
  const read = parseJson(readFileSync(file, 'utf8'), { maxDepth: 8, maxKeys: 4096, maxLength: maxManifest });
  if (!read.ok) throw new WorldError(`${file} is not the manifest of a world: ${read.code}`);
  if (membersOf(read.value)['format'] !== 'hauberk-fraud-1')
    throw new WorldError(`${file} is not the manifest of a world: its format is not hauberk-fraud-1`);
};

const checkTruth = (file: string, truth: Members): void => {
  const isNone = (why: string) => new WorldError(`${file} is not the truth of a world: ${why}`);
  if (truth['format'] !== 'hauberk-fraud-truth-1') throw isNone('its format is not hauberk-fraud-truth-1');
  const missing = ['events', 'devices', 'groups'].find((name) => !isMembers(truth[name]));
  if (missing !== undefined) throw isNone(`it has no ${missing}`);
};

/** Reads `truth.json`; throws WorldError for anything else. */
export const readWorldTruth = (folder: string): WorldTruth => {
  const file = `${folder}/truth.json`;
  const read = parseJson(readFileSync(file, 'utf8'), { maxDepth: 8, maxKeys: 2 ** 26, maxLength: maxTruth });
  if (!read.ok) throw new WorldError(`${file} is not the truth of a world: ${read.code}`);
  checkTruth(file, membersOf(read.value));
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
