/** The body of `kill`: kinds whose directives do not count while it is in force, whatever else was published. An empty list kills nothing. */
import { isShape, listOf, wordOf } from './shape.ts';

/** The kinds that are set aside; `*` for every kind. */
export interface KillBody {
  readonly kinds: readonly string[];
}

/** Most kinds of one body. */
export const maxKilledKinds = 32;

/** Reads the body; undefined when it is none. */
export const readKill = (value: unknown): KillBody | undefined => {
  const kinds = isShape(value, ['kinds']) ? listOf(value['kinds'], maxKilledKinds, (kind) => wordOf(kind)) : undefined;
  return kinds === undefined ? undefined : { kinds };
};

/** Whether a kind is set aside. The switch itself cannot be: it could not be taken back. */
export const isKilled = (kill: KillBody | undefined, kind: string): boolean =>
  kill !== undefined && kind !== 'kill' && kill.kinds.some((killed) => killed === '*' || killed === kind);
