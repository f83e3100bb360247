/** A host that is no page: nothing can be asked of it, and probes find nothing. */
import type { ProbeWorld } from './probe-world.ts';

/** For hosts whose native half senses alone. */
export const blankWorld: ProbeWorld = {
  value: () => undefined,
  has: () => false,
  look: () => undefined,
  attribute: () => undefined,
  ownNames: () => [],
  frame: () => undefined,
  worker: async () => undefined,
  permission: async () => undefined,
  hints: async () => undefined,
  renderer: () => undefined,
  drawings: () => undefined,
  sounds: async () => undefined,
  cameras: async () => undefined,
  clock: () => ({ wallMs: 0, monotonicMs: 0, originMs: 0, serverMs: undefined }),
  zone: () => ({ byDate: 0, byName: undefined }),
  input: () => ({ events: 0, untrusted: 0, touches: 0, pressureless: 0, keyGaps: [], pasted: [], whileHidden: 0 }),
  motion: () => undefined,
  isConsoleRead: () => false,
  longestPause: () => 0,
  isPartlyWiped: () => false,
  quota: async () => undefined,
  isReleaseWhole: async () => undefined,
  isForeignWebView: () => false,
  lastZone: () => undefined,
  isFramedByStranger: () => false,
  idle: async () => undefined,
};
