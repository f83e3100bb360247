/**
 * What a person decided, told to the gateway: `recordConsent({ hauberk, decision })`. The answer is the signed line of the person's ledger, a
 * receipt to be kept; it also names the pseudonym under which the person may ask what is known.
 */
import { endpoint } from '@hauberk/channel/client';
import type { Hauberk } from './core/hauberk.ts';

/** One purpose of a decision, in the words of docs/privacy.md. */
export interface DecidedPurpose {
  readonly purpose: string;
  /** Kinds of data; empty in a refusal or withdrawal of the whole purpose. */
  readonly items: readonly string[];
  /** `explicit`: an act for these data alone. */
  readonly method: 'explicit' | 'general';
  /** Third parties that the data may go to. */
  readonly recipients: readonly string[];
  readonly retentionDays: number;
}

/** What was decided about which notice. */
export interface ConsentDecision {
  /** The app's own name for this record. */
  readonly recordId: string;
  /** `hash` is the SHA-256 of the notice's text as base64url. */
  readonly notice: { readonly id: string; readonly hash: string; readonly language: string };
  /** SHA-256 of the list of SDKs that was shown, as base64url. */
  readonly sdkListHash: string;
  /** Where it was decided, in the app's words. */
  readonly channel: string;
  readonly state: 'given' | 'refused' | 'withdrawn';
  readonly purposes: readonly DecidedPurpose[];
  /** Epoch milliseconds; now when absent. The gateway moves it between the decision before and now. */
  readonly at?: number;
  /** When it lapses by itself; null when it does not. */
  readonly expiresAt: number | null;
}

/** A line of the ledger. */
export interface ConsentReceipt {
  /** The signed line; `hauberk privacy verify` checks a whole ledger of them. */
  readonly line: string;
  /** Where the ledger stands after it: keep the newest to notice a missing end. */
  readonly head: { readonly count: number; readonly hash: string };
}

/** What a decision is told with. */
export interface ConsentOptions {
  readonly hauberk: Pick<Hauberk, 'fetch'>;
  readonly decision: ConsentDecision;
  readonly signal?: AbortSignal;
}

/** The gateway did not record it; `code` is its problem. The same decision may be told again. */
export class ConsentError extends Error {
  override readonly name = 'ConsentError';
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/**
 * Records a decision; it is on the gateway's disk when this resolves. Tell it before the accesses that rest on it are reported.
 * @throws ConsentError when the gateway refuses, HauberkError when it cannot be reached.
 */
export const recordConsent = async ({ hauberk, decision, signal }: ConsentOptions): Promise<ConsentReceipt> => {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(decision), ...(signal === undefined ? {} : { signal }) };
  const reply = await hauberk.fetch(endpoint.consent, init);
  const told = (await reply.json()) as Partial<ConsentReceipt> & { readonly code?: string };
  if (reply.status !== 200 || told.line === undefined || told.head === undefined)
    throw new ConsentError(told.code ?? `status-${reply.status}`);
  return { line: told.line, head: told.head };
};
