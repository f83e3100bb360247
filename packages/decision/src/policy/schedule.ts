/** When a rule or a policy counts: hours of the day and days of the week in a declared zone, and a validity of instants. All of it by the event's time. */
import type { JsonValue } from '@hauberk/primitives';

/** A schedule. Minutes of the day; `to` before `from` runs over midnight and belongs to the day on which it began. */
export interface Schedule {
  readonly zoneMinutes: number;
  /** A bit a weekday, Sunday the lowest. */
  readonly days: number;
  readonly from: number;
  readonly to: number;
}

/** From when to when, epoch milliseconds; the end is excluded. */
export interface Validity {
  readonly from: number;
  readonly to: number;
}

/** Always. */
export const everValid: Validity = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const dayMinutes = 1440;
const everyDay = 0x7f;

const minutesOf = (value: JsonValue | undefined): number | undefined => {
  const match = typeof value === 'string' ? /^([01][0-9]|2[0-4]):([0-5][0-9])$/.exec(value) : null;
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2]);
  return minutes <= dayMinutes ? minutes : undefined;
};

/** Minutes ahead of UTC of a zone as `+08:00` or `Z`; undefined for anything else. Named zones change their clocks, and a replay would differ. */
export const zoneMinutesOf = (value: JsonValue | undefined): number | undefined => {
  if (value === undefined || value === 'Z') return 0;
  const match = typeof value === 'string' ? /^([+-])(0[0-9]|1[0-4]):([0-5][0-9])$/.exec(value) : null;
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return minutes > 14 * 60 ? undefined : match[1] === '-' ? -minutes : minutes;
};

const daysOf = (value: JsonValue | undefined): number | undefined => {
  if (value === undefined) return everyDay;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const places = value.map((each: JsonValue) => dayNames.findIndex((name) => name === each));
  return places.includes(-1) ? undefined : places.reduce((bits, place) => bits | (1 << place), 0);
};

type Members = Readonly<Record<string, JsonValue>>;
const isMembers = (value: JsonValue | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a schedule; a text says what is wrong with it. */
export const readSchedule = (value: JsonValue | undefined): Schedule | string | undefined => {
  if (value === undefined) return undefined;
  if (!isMembers(value)) return 'schedule has zone, days, from and to';
  const unknown = Object.keys(value).find((name) => !['zone', 'days', 'from', 'to'].includes(name));
  if (unknown !== undefined) return `no member ${unknown} of a schedule; there are zone, days, from, to`;
  const zoneMinutes = zoneMinutesOf(value['zone']);
  if (zoneMinutes === undefined) return 'zone is Z or an offset as +08:00';
  const days = daysOf(value['days']);
  if (days === undefined) return `days is a list of ${dayNames.join(', ')}`;
  const from = minutesOf(value['from'] ?? '00:00');
  const to = minutesOf(value['to'] ?? '24:00');
  if (from === undefined || to === undefined || from === to) return 'from and to are two times of day as 22:00';
  return { zoneMinutes, days, from, to };
};

/** Days from 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March so that the leap day is the last. */
const daysSince = (year: number, month: number, day: number): number => {
  const from = month > 2 ? year : year - 1;
  const leaps = Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400);
  return 365 * from + leaps + Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 719_469;
};

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const instantOf = (value: JsonValue | undefined, absent: number): number => {
  if (value === undefined) return absent;
  const form = /^([12]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)Z$/;
  const match = typeof value === 'string' ? form.exec(value) : null;
  if (match === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > (monthDays[month - 1] ?? 0) || (month === 2 && day === 29 && !isLeap)) return Number.NaN;
  return ((daysSince(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
};

/** Reads `validFrom` and `validTo`; a text says what is wrong with them. */
export const readValidity = (from: JsonValue | undefined, to: JsonValue | undefined): Validity | string => {
  const validity = { from: instantOf(from, everValid.from), to: instantOf(to, everValid.to) };
  return validity.from < validity.to
    ? validity
    : 'validFrom and validTo are instants as 2026-01-01T00:00:00Z, the first earlier';
};

/** Whether an instant falls into a schedule. */
export const isScheduled = ({ zoneMinutes, days, from, to }: Schedule, atMs: number): boolean => {
  const local = Math.floor(atMs / 60_000) + zoneMinutes;
  const minute = local % dayMinutes;
  const day = Math.floor(local / dayMinutes);
  const isAfterMidnight = to < from && minute < to;
  // 1970-01-01 was a Thursday.
  const weekday = (day + 4 - (isAfterMidnight ? 1 : 0)) % 7;
  if ((days & (1 << weekday)) === 0) return false;
  return to > from ? minute >= from && minute < to : minute >= from || minute < to;
};

/** Whether an instant falls into a validity. */
export const isValidAt = ({ from, to }: Validity, atMs: number): boolean => atMs >= from && atMs < to;
