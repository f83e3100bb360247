/** Days, hours and who is awake when, at the bank's place: the simulated day begins at local midnight. */
import { between, chance, type Draw, streamOf, whole } from './random.ts';

/** A day, an hour and a minute in milliseconds. */
export const dayMs = 86_400_000;
export const hourMs = 3_600_000;
export const minuteMs = 60_000;

/** How busy each hour of the day is with people. */
const busy = [2, 1, 1, 1, 1, 2, 5, 9, 12, 11, 10, 11, 15, 12, 9, 9, 9, 10, 12, 13, 15, 14, 10, 5] as const;
const busySum = busy.reduce((sum, weight) => sum + weight, 0);

/** A moment of the day, in milliseconds from midnight, for somebody whose day is shifted by some hours. */
export const someMoment = (draw: Draw, shiftHours = 0): number => {
  let left = draw() * busySum;
  const hour = busy.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return ((hour + shiftHours + 24) % 24) * hourMs + Math.floor(draw() * hourMs);
};

/** Day of the week at the bank's place; 0 is Sunday. */
export const weekdayOf = (dayStartMs: number): number => new Date(dayStartMs + 8 * hourMs).getUTCDay();

/** Whether a day is one of rest. */
export const isRestDay = (dayStartMs: number): boolean => [0, 6].includes(weekdayOf(dayStartMs));

/** When sales open on a day, in epoch milliseconds; most days have none. */
export const saleOf = (seed: number, dayStartMs: number): number | undefined => {
  const draw = streamOf(seed, 'sale', dayStartMs);
  return chance(draw, 0.4) ? dayStartMs + (chance(draw, 0.5) ? 12 : 20) * hourMs : undefined;
};

/** A moment when no clock of an attacker is late: any time of the day, less at night. */
export const workingMoment = (draw: Draw): number =>
  chance(draw, 0.8) ? between(draw, 8, 24) * hourMs : whole(draw, 0, 8 * hourMs);
