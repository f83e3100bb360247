/**
 * CAMARA Number Verification and SIM Swap: the shapes of their published OpenAPI, and readers of what an operator answers. The HTTP is
 * the shell's.
 */
import { accept, type EpochMs, epochMs, type JsonValue, type Result, refuse } from '@hauberk/primitives';

/** Paths under an operator's base address. */
export const camaraPaths = {
  /** Of the authorisation server, unless an operator has another. */
  token: '/oauth2/token',
  verify: '/number-verification/v2/verify',
  retrieveSwapDate: '/sim-swap/v2/retrieve-date',
  checkSwap: '/sim-swap/v2/check',
} as const;

/** Why an operator's answer is of no use. */
export type CamaraCode = 'camara.malformed' | 'camara.refused' | 'camara.silent';

const memberOf = (value: JsonValue, name: string): JsonValue | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })[name]
    : undefined;

/** `POST /verify`: `{"devicePhoneNumberVerified": boolean}`. */
export const readVerified = (body: JsonValue): Result<boolean, CamaraCode> => {
  const verified = memberOf(body, 'devicePhoneNumberVerified');
  return typeof verified === 'boolean' ? accept(verified) : refuse('camara.malformed', 'devicePhoneNumberVerified');
};

/** `POST /check`: `{"swapped": boolean}`. */
export const readSwapped = (body: JsonValue): Result<boolean, CamaraCode> => {
  const swapped = memberOf(body, 'swapped');
  return typeof swapped === 'boolean' ? accept(swapped) : refuse('camara.malformed', 'swapped');
};

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/;

const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const daysSinceEpoch = (year: number, month: number, day: number): number => {
  const before = year - 1;
  const leaps = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400) - 477;
  const leapDay = month > 2 && isLeap(year) ? 1 : 0;
  return (year - 1970) * 365 + leaps + (daysBeforeMonth[month - 1] ?? 0) + leapDay + day - 1;
};

/** An RFC 3339 instant; undefined for anything else, dates that do not exist included. */
export const readInstant = (text: string): EpochMs | undefined => {
  const found = rfc3339.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const longest = month === 2 && isLeap(year) ? 29 : (daysInMonth[month - 1] ?? 0);
  const isReal = year >= 1970 && day >= 1 && day <= longest && hour <= 23 && minute <= 59 && second <= 60;
  const [offsetHours, offsetMinutes] = [Number(found[10] ?? 0), Number(found[11] ?? 0)];
  if (!isReal || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * (found[9] === '-' ? -60_000 : 60_000);
  const millis = Math.floor(Number(`0.${found[7] ?? 0}`) * 1000);
  const clock = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
  return epochMs(daysSinceEpoch(year, month, day) * 86_400_000 + clock - offset);
};

/**
 * `POST /retrieve-date`: `{"latestSimChange": "…" | null, "monitoredPeriod"?: days}`. Null means no change that the operator may tell:
 * none at all within the days that it watches, which counts only when these reach back far enough, and else nothing.
 */
export const readSwapDate = (body: JsonValue, leastDays: number): Result<EpochMs | 'never' | 'silent', CamaraCode> => {
  const changed = memberOf(body, 'latestSimChange');
  const monitored = memberOf(body, 'monitoredPeriod');
  if (changed === null) return accept(typeof monitored === 'number' && monitored >= leastDays ? 'never' : 'silent');
  const instant = typeof changed === 'string' ? readInstant(changed) : undefined;
  return instant === undefined ? refuse('camara.malformed', 'latestSimChange') : accept(instant);
};
