/** Calls that did not succeed: why, and whether the bank may have acted all the same. */

/** Failures of the way to the bank that deserve words of their own. All codes are the SDK's. */
const NO_ANSWER: Readonly<Record<string, string>> = {
  'step-up-declined': 'You did not approve. Nothing was sent.',
  'step-up-refused': 'Your approval was not accepted. Nothing was sent.',
  unbound: 'An answer came that cannot be trusted. It was thrown away.',
  'config-refused': 'The way to the bank cannot be trusted at the moment.',
  'enrolment-refused': 'This device was not accepted.',
};

/** A call that did not succeed. */
export class CallError extends Error {
  /** The problem's code, or why no answer came. */
  readonly code: string;
  /** 0 when no answer came. */
  readonly status: number;
  /** Whether the bank may have acted. Then only the very same order may be sent again. */
  readonly isUnknown: boolean;

  constructor(code: string, message: string, told: { status: number; isUnknown: boolean; cause?: unknown }) {
    super(message, { cause: told.cause });
    this.code = code;
    this.status = told.status;
    this.isUnknown = told.isUnknown;
  }
}

/** Without an answer everything is possible, unless the SDK vouches that nothing was executed. */
export function noAnswer(cause: unknown): never {
  const code = member(cause, 'code') ?? 'unreachable';
  const message = NO_ANSWER[code] ?? 'No answer came back. Check your connection.';
  throw new CallError(code, message, { status: 0, isUnknown: member(cause, 'execution') !== 'none', cause });
}

/** A refusal says by itself whether anything was executed; where it does not, only a server's fault leaves doubt. */
export async function refusal(response: Response): Promise<CallError> {
  const { status } = response;
  const problem: unknown = await response.json().catch(() => null);
  const title = member(problem, 'title') ?? `The bank answered ${status}.`;
  const execution = member(problem, 'execution') ?? (status >= 500 ? 'unknown' : 'none');
  return new CallError(member(problem, 'code') ?? 'unknown', title, { status, isUnknown: execution !== 'none' });
}

function member(value: unknown, name: string): string | null {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : null;
}
