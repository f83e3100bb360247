/**
 * What the admin API refuses with: one closed table, RFC 9457. Callers hold a token, so these codes are precise; only whoever shows no valid token
 * learns nothing but that. docs/administration.md lists the same codes; a test compares both ways.
 */

/** All codes. */
export const adminProblemCodes = [
  'malformed',
  'login-required',
  'right-missing',
  'grant-beyond',
  'cross-site',
  'approval-own',
  'approval-foreign',
  'not-found',
  'method-not-allowed',
  'device-state',
  'device-changed',
  'privacy-state',
  'directive-state',
  'decision-state',
  'approval-changed',
  'approval-closed',
  'approval-pending',
  'approval-expired',
  'approval-lapsed',
  'approvals-full',
  'version-differs',
  'too-large',
  'unsupported',
  'version-required',
  'limited',
  'internal',
  'overloaded',
] as const;

/** A code of the admin API. */
export type AdminProblemCode = (typeof adminProblemCodes)[number];

/** Every code with its status and title. */
export const adminProblems: {
  readonly [Code in AdminProblemCode]: { readonly status: number; readonly title: string };
} = {
  malformed: { status: 400, title: 'The request is malformed' },
  'login-required': { status: 401, title: 'A login is needed' },
  'right-missing': { status: 403, title: 'The token does not have this right' },
  'grant-beyond': { status: 403, title: 'Nobody gives a right that they do not have' },
  'cross-site': { status: 403, title: 'Pages of other sites may not call this' },
  'approval-own': { status: 403, title: 'Somebody else must decide this' },
  'approval-foreign': { status: 403, title: 'Only who proposed it may do this' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'This method is not offered here' },
  'device-state': { status: 409, title: 'The state of the device does not allow this' },
  'device-changed': { status: 409, title: 'The device has changed since it was looked at' },
  'privacy-state': { status: 409, title: 'It does not stand where this is possible' },
  'directive-state': { status: 409, title: 'The directive does not allow this now' },
  'decision-state': { status: 409, title: 'What is decided by does not allow this now' },
  'approval-changed': { status: 409, title: 'The change is not the one that was looked at' },
  'approval-closed': { status: 409, title: 'There is nothing more to decide' },
  'approval-pending': { status: 409, title: 'Nobody else has approved it yet' },
  'approval-expired': { status: 409, title: 'The time to decide is over' },
  'approval-lapsed': { status: 409, title: 'Who proposed it may no longer do it' },
  'approvals-full': { status: 409, title: 'Too many proposals wait' },
  'version-differs': { status: 412, title: 'It has changed since it was read' },
  'too-large': { status: 413, title: 'The request is too large' },
  unsupported: { status: 415, title: 'This way of sending is not supported' },
  'version-required': { status: 428, title: 'The version that was read must be named' },
  limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'The gateway failed' },
  overloaded: { status: 503, title: 'Try again later' },
};

/** Where a request is wrong. */
export interface InputError {
  readonly in: 'path' | 'query' | 'header' | 'body';
  /** RFC 6901, into what `in` names. */
  readonly pointer: string;
  readonly message: string;
}

/** A refusal of the admin API. */
export interface AdminRefusal {
  readonly ok: false;
  readonly code: AdminProblemCode;
  readonly detail?: string;
  readonly errors?: readonly InputError[];
  /** The right that is missing. */
  readonly right?: string;
  readonly retryAfterSeconds?: number;
}

/** Makes a refusal. */
export const deny = (code: AdminProblemCode, members: Omit<AdminRefusal, 'ok' | 'code'> = {}): AdminRefusal => ({
  ok: false,
  code,
  ...members,
});

/** A refusal as a problem document. */
export const adminProblemDocument = (refusal: AdminRefusal, instance: string): Readonly<Record<string, unknown>> => {
  const { code, detail, errors, right } = refusal;
  const { status, title } = adminProblems[code];
  return {
    type: `urn:hauberk:problem:${code}`,
    title,
    status,
    code,
    instance,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    ...(right === undefined ? {} : { right }),
  };
};
