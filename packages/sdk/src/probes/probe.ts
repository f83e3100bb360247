/** A probe: a small function that looks at one thing and says what it found. */
import type { SignalCode, SignalValue } from '@hauberk/device/client';
import type { ProbeWorld } from './probe-world.ts';

/** What a probe found. A flag that is not set is not told. */
export interface Finding {
  readonly code: SignalCode;
  readonly value: SignalValue;
}

/** One probe. */
export interface Probe {
  /** What it may find; all of these count as looked at when it ended. */
  readonly codes: readonly SignalCode[];
  readonly look: (world: ProbeWorld) => readonly Finding[] | Promise<readonly Finding[]>;
}

/** Flags that are set. */
export const flags = (found: Readonly<Partial<Record<SignalCode, boolean>>>): readonly Finding[] =>
  Object.entries(found).flatMap(([code, is]) => (is ? [{ code: code as SignalCode, value: true }] : []));

/** A probe of flags: its codes are the names of what it answers. */
export const flagProbe = <Code extends SignalCode>(
  codes: readonly Code[],
  look: (world: ProbeWorld) => Readonly<Record<Code, boolean>> | Promise<Readonly<Record<Code, boolean>>>,
): Probe => ({ codes, look: async (world) => flags(await look(world)) });
