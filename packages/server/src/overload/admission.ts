/**
 * Who is admitted at a given age of the queues. Each level (priority, then place within it) has its own mark, and marks rise with the level:
 * whenever a request is shed, every lower level is shed at that moment too. The queue itself settles at the mark of the level that is just
 * admitted, so nothing swings and nothing needs tuning: admission follows the age at once, in both directions.
 */

/** Marks at which each priority begins and ends to be shed, in targets. */
const marks: readonly (readonly [number, number])[] = [
  [1, 1.5],
  [1.5, 2],
  [2, 4],
  // Beyond the longest burst of the others: they alone can never grow a queue that money is shed for.
  [15, 30],
];
/** A queue that does not stand may grow this much longer. */
const burst = 2.5;

/** Oldest queue, in milliseconds, into which a level is admitted. `level` is rank plus place, from 0 up to 4. */
export const oldestAdmitted = (level: number, targetMs: number, isShedding: boolean): number => {
  const rank = Math.min(marks.length - 1, Math.max(0, Math.floor(level)));
  const [from, to] = marks[rank] as readonly [number, number];
  return (from + (to - from) * (level - rank)) * targetMs * (isShedding ? 1 : burst);
};
