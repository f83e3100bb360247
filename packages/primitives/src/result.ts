/** Refusals are data: what a core answers when the input, and not the machine, is at fault. */

/** A coded refusal. `code` is an inner reason code (docs/reasons.md); it never leaves the server in full. */
export interface Refusal<Code extends string = string> {
  readonly ok: false;
  readonly code: Code;
  /** What exactly was wrong, for the log; holds no secret and no personal data. */
  readonly detail?: string;
}

/** Either a value or a coded refusal. Faults (broken I/O, broken invariants) are exceptions instead. */
export type Result<Value, Code extends string = string> = { readonly ok: true; readonly value: Value } | Refusal<Code>;

/** Wraps a value. */
export const accept = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({ ok: true, value });
/** Builds a refusal. */
export const refuse = <Code extends string>(code: Code, detail?: string): Refusal<Code> =>
  detail === undefined ? { ok: false, code } : { ok: false, code, detail };
