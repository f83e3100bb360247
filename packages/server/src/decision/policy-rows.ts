/** What the rows of lists and models hold. */

/** A model that was uploaded. */
export interface KeptModel {
  /** SHA-256 of the document, hexadecimal. */
  readonly hash: string;
  /** Canonical JSON. */
  readonly document: string;
  readonly state: 'kept' | 'active';
  readonly reason: string;
  readonly uploadedBy: string;
  readonly changedBy: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** A list. */
export interface KeptList {
  readonly name: string;
  /** The kind of entity that it holds, such as `payee`. */
  readonly kind: string;
  /** The change that it took last. */
  readonly changed: string;
  readonly changedBy: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** An entry of a list; its row is named by list and member. */
export interface ListEntry {
  /** Where it comes from, such as `fraud desk` or a partner's name. */
  readonly source: string;
  readonly reason: string;
  /** Null for no end. */
  readonly expiresAtMs: number | null;
  readonly addedAtMs: number;
  readonly addedBy: string;
}

/** An entry to add. */
export interface ListAddition {
  readonly member: string;
  readonly source: string;
  readonly reason: string;
  readonly expiresAtMs: number | null;
}

/** What a change does to a list. */
export interface ListChange {
  readonly list: string;
  readonly kind: string;
  readonly add: readonly ListAddition[];
  readonly remove: readonly string[];
}

/** A change that waits for a second person. */
export interface StagedList extends ListChange {
  readonly by: string;
  readonly atMs: number;
}
