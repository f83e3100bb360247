/**
 * Whom of a directive's scope it is for. The target is signed with the directive and judged by each client; a client that cannot read it is not
 * meant. Devices are told apart by a stable hash, so that a larger share holds every device of a smaller one.
 */
import { type Bytes, utf8 } from '@hauberk/primitives';
import { countOf, isShape, listOf, wordOf } from './shape.ts';

/** Versions of an app from `from` on (included) and below `below` (excluded); null for no bound. */
export interface VersionRange {
  readonly from: string | null;
  readonly below: string | null;
}

/** Whom of an app's installations something may concern. */
export interface Audience {
  /** Of one of these ranges; empty for every version. */
  readonly versions: readonly VersionRange[];
  /** In one of these cohorts, by the app's own word (`staff`, `beta`); empty for all. */
  readonly cohorts: readonly string[];
}

/** Whom a directive is for. */
export interface DirectiveTarget extends Audience {
  /** The share of devices, in thousandths. */
  readonly perMille: number;
  /** Mixed into the hash, so that each rollout draws its own devices; the same one for all stages of one. */
  readonly salt: string;
}

/** What a client says of itself. */
export interface TargetSubject {
  readonly appVersion: string | undefined;
  readonly cohorts: readonly string[];
  /** See `bucketOf`; undefined before the device is enrolled. */
  readonly bucket: number | undefined;
}

/** The whole of a share, in thousandths. */
export const wholeShare = 1000;
/** Most ranges and most cohorts of a target. */
export const maxTargetList = 32;

const versionForm = /^(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-+][0-9A-Za-z.+-]{0,48})?$/;

/** The numbers of a version, up to four; what follows `-` or `+` does not count. Undefined for anything else. */
export const versionNumbers = (text: string): readonly number[] | undefined =>
  versionForm
    .exec(text)
    ?.slice(1)
    .map((part: string | undefined) => Number(part ?? 0));

/** Below zero when the first version is older, above when it is newer; undefined when one of them is no version. */
export const compareVersions = (one: string, other: string): number | undefined => {
  const left = versionNumbers(one);
  const right = versionNumbers(other);
  if (left === undefined || right === undefined) return undefined;
  return left.map((part, index) => part - (right[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
};

const boundOf = (value: unknown): string | null | undefined => {
  if (value === null) return null;
  return typeof value === 'string' && versionNumbers(value) !== undefined ? value : undefined;
};

const readRange = (value: unknown): VersionRange | undefined => {
  if (!isShape(value, ['from', 'below'])) return undefined;
  const from = boundOf(value['from']);
  const below = boundOf(value['below']);
  return from === undefined || below === undefined || (from === null && below === null) ? undefined : { from, below };
};

/** Reads an audience; undefined when it is none. */
export const readAudience = (versions: unknown, cohorts: unknown): Audience | undefined => {
  const ranges = listOf(versions, maxTargetList, readRange);
  const names = listOf(cohorts, maxTargetList, (cohort) => wordOf(cohort));
  return ranges === undefined || names === undefined ? undefined : { versions: ranges, cohorts: names };
};

/** Reads a target; undefined when it is none. */
export const readTarget = (value: unknown): DirectiveTarget | undefined => {
  if (!isShape(value, ['versions', 'cohorts', 'perMille', 'salt'])) return undefined;
  const audience = readAudience(value['versions'], value['cohorts']);
  const perMille = countOf(value['perMille'], wholeShare);
  const salt = wordOf(value['salt']);
  return audience === undefined || perMille === undefined || salt === undefined
    ? undefined
    : { ...audience, perMille, salt };
};

/** What is hashed (SHA-256) to find a device's place in a draw. */
export const bucketInput = (salt: string, deviceId: string): Bytes => utf8(`hb1/cohort\u0000${salt}\u0000${deviceId}`);

/** A device's place in a draw, 0 to 999, of the SHA-256 of `bucketInput`. Forty-eight bits: no place is favoured noticeably. */
export const bucketOf = (digest: Uint8Array): number => {
  let number = 0;
  for (const byte of digest.subarray(0, 6)) number = number * 256 + byte;
  return number % wholeShare;
};

const isIn = (version: string, { from, below }: VersionRange): boolean => {
  const fromHere = from === null ? 0 : compareVersions(version, from);
  const belowThere = below === null ? -1 : compareVersions(version, below);
  return fromHere !== undefined && fromHere >= 0 && belowThere !== undefined && belowThere < 0;
};

/** Whether a client is in an audience. One that tells no version, or none that can be read, is in no range. */
export const isInAudience = ({ versions, cohorts }: Audience, subject: Omit<TargetSubject, 'bucket'>): boolean => {
  const { appVersion, cohorts: own } = subject;
  if (versions.length > 0 && (appVersion === undefined || !versions.some((range) => isIn(appVersion, range))))
    return false;
  return cohorts.length === 0 || cohorts.some((cohort) => own.includes(cohort));
};

/** Whether a directive with this target is for a client. A device that is not enrolled is in no part of the whole. */
export const isTargeted = (target: DirectiveTarget, subject: TargetSubject): boolean =>
  isInAudience(target, subject) &&
  (target.perMille >= wholeShare || (subject.bucket !== undefined && subject.bucket < target.perMille));
