/** Every probe of a page, cheapest first. */
import { automation, developerTools, disagreements, headless, permissions } from './automation-traces.ts';
import { cameras, hardware, motion, noise, sizes } from './device-looks.ts';
import { nativeLies, patchedInterfaces, realms } from './native-lies.ts';
import type { Probe } from './probe.ts';
import { clocks, hands, release, storage, surroundings, zone } from './use-looks.ts';

/** All of them. */
export const webProbes: readonly Probe[] = [
  automation,
  hands,
  surroundings,
  clocks,
  zone,
  sizes,
  nativeLies,
  patchedInterfaces,
  motion,
  headless,
  disagreements,
  permissions,
  developerTools,
  storage,
  hardware,
  cameras,
  realms,
  release,
  noise,
];
