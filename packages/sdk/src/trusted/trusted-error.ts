/** What trusted services throw. */
import type { BridgeErrorCode } from './bridge-contract.ts';

/** Codes of the contract, and two of the caller: no answer in time, an answer against the contract. */
export type TrustedCode = BridgeErrorCode | 'timeout' | 'bridge-broken';

/** A coded failure. Programs decide by `code`. */
export class TrustedError extends Error {
  override readonly name = 'TrustedError';
  readonly code: TrustedCode;
  readonly detail: string | undefined;
  constructor(code: TrustedCode, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
  }
}
