/**
 * What workers decide with: an immutable picture of one app's policies, lists and model. The main thread makes it from what two people agreed on and
 * posts it whole; a worker swaps one picture for the next between two requests and never sees half a change.
 */

/** A version of a policy. */
export interface PolicyText {
  /** The id that its document names. */
  readonly policy: string;
  /** Rises by one with every version of that policy. */
  readonly version: number;
  /** SHA-256 of the document, hexadecimal; decision records name it. */
  readonly hash: string;
  /** Canonical JSON. */
  readonly document: string;
  /** Scenes that it decides; empty for all that no other one names. */
  readonly scenes: readonly string[];
}

/** A version that decides for a share of entities, beside the live one of its policy. */
export interface Challenger extends PolicyText {
  /** Share in thousandths. */
  readonly perMille: number;
  /** 16 hexadecimal digits that give each challenge a cohort of its own. */
  readonly salt: string;
}

/** A named set of entities. */
export interface ListText {
  readonly name: string;
  /** Keyed hashes as events carry them, sorted; none has expired when the snapshot is made. */
  readonly members: readonly string[];
}

/** A model as `hauberk learn --out` writes it. */
export interface ModelText {
  /** SHA-256 of the document, hexadecimal. */
  readonly hash: string;
  readonly document: string;
}

/** Everything that one app decides by. Plain data: it crosses threads. */
export interface DecisionSnapshot {
  readonly organisation: string;
  readonly app: string;
  /** Rises with every change; 0 before the first. */
  readonly revision: number;
  /** The live versions, one of each policy. No two name the same scene, and at most one names none. */
  readonly policies: readonly PolicyText[];
  /** Evaluated and recorded, obeyed by nobody. */
  readonly shadow: readonly PolicyText[];
  /** At most one for a policy. */
  readonly challengers: readonly Challenger[];
  /** By name. */
  readonly lists: readonly ListText[];
  readonly model: ModelText | null;
}

/** Takes snapshots over; the main thread's half of the way to the workers. */
export type PublishSnapshots = (snapshots: readonly DecisionSnapshot[]) => void;

/** A snapshot of an app for which nothing was decided yet. */
export const emptySnapshot = (organisation: string, app: string): DecisionSnapshot => ({
  organisation,
  app,
  revision: 0,
  policies: [],
  shadow: [],
  challengers: [],
  lists: [],
  model: null,
});

/** The policy that decides a scene: the one that names it, otherwise the one that names none. */
export const policyOfScene = <Text extends Pick<PolicyText, 'scenes'>>(
  policies: readonly Text[],
  scene: string,
): Text | undefined =>
  policies.find(({ scenes }) => scenes.includes(scene)) ?? policies.find(({ scenes }) => scenes.length === 0);
