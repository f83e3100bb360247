/** One request to the bank and the forms that an answer can take. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { HauberkTrust } from './bank-api.ts';
import type { Books } from './books.ts';
import type { BankEvents } from './events.ts';
import type { BankGuards } from './guards.ts';
import { type Outcome, problemOf, type Refused } from './problem.ts';
import type { Session, Sessions } from './sessions.ts';
import type { Teller } from './teller.ts';

/** A request whose body has arrived. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** A request of someone who is logged in. */
export interface CustomerCall extends Call {
  readonly session: Session;
}

/** What handlers work with. */
export interface Bank {
  readonly books: Books;
  readonly sessions: Sessions;
  readonly teller: Teller;
  readonly events: BankEvents;
  readonly guards: BankGuards;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
  /** `null` while the bank stands alone. */
  readonly trust: () => HauberkTrust | null;
  /** When set, only requests with facts signed under it are served, except on `public` routes. */
  readonly factsKey: string | null;
}

/** An answer: complete, or a stream that its owner writes until either side ends it. */
export type Answer =
  | {
      readonly kind: 'complete';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
    }
  | { readonly kind: 'stream'; readonly open: (response: ServerResponse) => void };

/** Answers with JSON. */
export const jsonAnswer = (status: number, value: unknown, contentType = 'application/json'): Answer => ({
  kind: 'complete',
  status,
  headers: { 'content-type': contentType, 'cache-control': 'no-store' },
  body: Buffer.from(JSON.stringify(value)),
});

/** Answers with a refusal document. */
export function refusalAnswer(refusal: Refused): Answer {
  const problem = problemOf(refusal);
  return jsonAnswer(problem.status, problem, 'application/problem+json');
}

/** Answers with the value, or with why there is none. */
export const outcomeAnswer = <Value>(outcome: Outcome<Value>, status = 200): Answer =>
  outcome.ok ? jsonAnswer(status, outcome.value) : refusalAnswer(outcome);

/** Answers with nothing. */
export const emptyAnswer: Answer = { kind: 'complete', status: 204, headers: {}, body: Buffer.alloc(0) };
