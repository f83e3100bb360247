/** Why the journal does not take a request. */

/** Stable codes; docs/sdk.md explains each. */
export type JournalCode = 'no-owner' | 'full' | 'too-large' | 'credential' | 'foreign-endpoint';

/** A request that was not taken: nothing is queued and nothing will be sent. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalCode;
  constructor(code: JournalCode) {
    super(`the journal does not take the request: ${code}`);
    this.code = code;
  }
}
