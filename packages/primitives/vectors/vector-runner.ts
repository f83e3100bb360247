/** How official test corpora are run: one runner per folder, in the package that owns the subject. */

/** One file below the runner's folder. */
export interface VectorFile {
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What came out, over all files and providers. */
export interface VectorCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each failure. */
  readonly failures: readonly string[];
  /** Files that are no vectors of this kind: as bad as a failure. */
  readonly unreadable: readonly string[];
}

/** Runs every file that its folder holds, whatever its name. */
export interface VectorRunner {
  /** The name of the folder in the corpora. */
  readonly folder: string;
  run(files: readonly VectorFile[]): Promise<VectorCounts>;
}
