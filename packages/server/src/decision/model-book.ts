/** Models of an app: files as `hauberk learn --out` writes them, kept by content and activated by name of their hash. */

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
