/** What is kept longest when not everything can be served. Known from the head alone, before anything is verified. */

/** Business priorities from the first that is shed to the last. */
export const priorities = ['background', 'normal', 'important', 'money'] as const;

/** Business priority of a route. */
export type Priority = (typeof priorities)[number];

/** The place of a priority in the order of shedding: 0 goes first. */
export const rankOf = (priority: Priority): number => priorities.indexOf(priority);

/** Shares of an upstream's queue that the priorities may fill: what is left is kept for those above. */
const rooms: readonly number[] = [0.5, 0.65, 0.8, 1];

/** Requests under way to an upstream beyond which a rank is refused, however young its queue is. */
export const roomOf = ({ maxInFlight }: { readonly maxInFlight: number }, rank: number): number =>
  maxInFlight * (rooms[rank] ?? 1);

/**
 * The priority of a route that names none: what moves money is kept longest, then logins and binding. Open routes go first, for anybody
 * can flood them.
 */
export const defaultPriority = (
  routeClass: 'read' | 'login' | 'money' | 'bind',
  protection: 'required' | 'observe' | 'none',
): Priority => {
  if (routeClass === 'money') return 'money';
  if (routeClass !== 'read') return 'important';
  return protection === 'none' ? 'background' : 'normal';
};

/**
 * Where a caller stands within a priority, from 0 (shed first) up to 1. The same caller stays where it is for a minute, so that whoever is
 * served gets through all calls of one operation; then the places are drawn anew (the second key of WeChat's DAGOR, SoCC 2018).
 */
export const placeOf = (caller: string, minute: number): number => {
  // FNV-1a over the end, where tickets and addresses differ. Nothing is gained by steering it: a forged ticket is not served.
  let hash = 0x811c9dc5 ^ minute;
  for (let index = Math.max(0, caller.length - 24); index < caller.length; index += 1)
    hash = Math.imul(hash ^ caller.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash >>> 8) / 0x1000000;
};
