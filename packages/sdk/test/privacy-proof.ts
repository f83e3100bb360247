/** What the pages of `browser/privacy-*.ts` tell the tests. */
import type { SurfaceKind } from '../src/privacy/surface.ts';

/** What a call came to, in words. */
export type Outcome = string;

/** What was seen of one surface. */
export interface SurfaceProof {
  readonly path: string;
  readonly kind: SurfaceKind;
  readonly api: string;
  readonly state: string;
  readonly probes: readonly string[];
  readonly native: readonly Outcome[];
  readonly watched: readonly Outcome[];
  readonly nativeLooks: string;
  readonly watchedLooks: string;
  readonly nativeText: string;
  readonly watchedText: string;
  readonly counted: number;
  readonly isReplaced: boolean;
  readonly isRestored: boolean;
}
