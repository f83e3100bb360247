/** What the configuration says of decisions, with every default filled in. `decision-schema.ts` parses it, `decision-rules.ts` judges it. */

/** A policy in a file, or starter policies joined into one. */
export interface PolicyFileConfig {
  /** JSON file with one policy; absolute after loading. */
  readonly file?: string | undefined;
  /** Ids of starter policies. Either these or a file. */
  readonly starter?: readonly string[] | undefined;
  /** `shadow` is evaluated and told, and changes nothing. */
  readonly mode: 'active' | 'shadow';
  /** Scenes that it decides; those of its rules when absent. */
  readonly scenes?: readonly string[] | undefined;
  /** Who answers for refusals and traps on money routes that were never watched in shadow. */
  readonly approvedBy?: string | undefined;
}

/** A scene beside, or by the same code in the place of, those of the catalogue. */
export interface DecisionSceneConfig {
  readonly entities: readonly string[];
  readonly attributes: Readonly<Record<string, 'number' | 'text' | 'truth'>>;
}

/** What a trap answers. `{{canary}}` in its body becomes a number that nobody else has. */
export interface DecisionDecoyConfig {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A value that nobody honest has: whoever sends it has read what was laid out for thieves. */
export interface CanaryConfig {
  /** The kind of entity that a route reads it as, such as `payee`. */
  readonly kind: string;
  readonly value: string;
}

/** Tar-pits, canaries, and what a touch leads to. */
export interface TrapConfig {
  /** How much longer than the service a trap takes for its answer: a tar-pit. */
  readonly holdMs: number;
  /** Answers of traps that may be held back at a time, per worker thread. */
  readonly heldRequests: number;
  /** How long a device counts as one that touched a trap. */
  readonly markHours: number;
  /** Devices and addresses that are remembered so. */
  readonly marks: number;
  /** By the name that policies oblige to; `default` where they name none. */
  readonly decoys: Readonly<Record<string, DecisionDecoyConfig>>;
  readonly canaries: readonly CanaryConfig[];
}

/** The listener for those who ask for decisions over HTTP. */
export interface DecisionApiConfig {
  readonly host: string;
  /** All worker threads share it. */
  readonly port: number;
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** Events of scenes that neither the catalogue nor the configuration declares; refused when absent. */
  readonly undeclaredScenes?: 'refuse' | 'allow' | undefined;
}

/** Decisions of one organisation. */
export interface DecisionConfig {
  readonly policies: readonly PolicyFileConfig[];
  readonly scenes: Readonly<Record<string, DecisionSceneConfig>>;
  /** Lists that policies ask, each a file with one entry a line; absolute after loading. */
  readonly lists: Readonly<Record<string, string>>;
  /** Of routes that name none; by the class of the route when absent. */
  readonly failMode?: 'open' | 'closed' | undefined;
  /** Longest judgement of a route that names none. */
  readonly deadlineMs: number;
  /** Entities whose profiles are kept, in memory that all worker threads share. */
  readonly profiles: number;
  /** Key of the hashes of identifiers; the keyring's own when absent. */
  readonly secret?: string | undefined;
  /** Decision records that may wait for the record, per worker thread; beyond, they are dropped and counted. */
  readonly waitingRecords: number;
  /** Decisions that a policy must have been watched for in shadow before it may refuse on money routes. */
  readonly watchedDecisions: number;
  readonly traps: TrapConfig;
  /** Undefined where nobody asks over HTTP. */
  readonly api?: DecisionApiConfig | undefined;
}

/** Where a route finds something that its decision is made on. */
export type DecisionSource =
  | string
  | { readonly in: 'path'; readonly parameter: string }
  | { readonly in: 'query'; readonly parameter: string };

/** What the decision of a route is made on. */
export interface RouteDecisionConfig {
  readonly scene: string;
  /** Kinds of entities beside device, account, address and session. */
  readonly entities: Readonly<Record<string, DecisionSource>>;
  /** Business facts, as `attr.<name>` in policies. */
  readonly facts: Readonly<Record<string, DecisionSource>>;
  /** JSON Pointer to the amount in minor units. */
  readonly amount?: string | undefined;
  readonly deadlineMs?: number | undefined;
  readonly failMode?: 'open' | 'closed' | undefined;
  /** JSON Pointers to members that no honest client sends. */
  readonly honey: readonly string[];
}
