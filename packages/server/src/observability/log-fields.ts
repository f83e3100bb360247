/**
 * What a log field may be. There is no kind for free text: whoever wants to log a value says which kind it is, and the kind decides what is
 * written, so that a secret or a customer's data has no field to stand in. What is not of its kind at run time is withheld.
 */
import { constants } from 'node:os';
import { type AdminProblemCode, adminProblemCodes } from '../admin/admin-problem.ts';
import { type AdminTokenReason, adminTokenReasons } from '../admin/admin-token-reason.ts';
import { type OperationName, operationNames } from '../admin/operation-names.ts';
import { type ConfigIssue, issueText } from '../config/config-issue.ts';
import { ListenError } from '../gateway/listen-error.ts';
import { StateError, StorageFault } from '../storage/storage-refusal.ts';
import { type RequestId, traceIdOf } from './trace-context.ts';

/** The kinds that need no list, with what a caller gives. */
interface KindValues {
  /** A finite number. */
  readonly count: number;
  /** The id of a request. */
  readonly request: RequestId;
  /** The id of an API token, not its secret; undefined where nobody is known. */
  readonly token: string | undefined;
  /** An operation of the admin API; undefined where none was found. */
  readonly operation: OperationName | undefined;
  /** What the admin API refuses with. */
  readonly problem: AdminProblemCode;
  /** Why an API token was not believed; undefined where it was, or none was asked for. */
  readonly 'token-reason': AdminTokenReason | undefined;
  /** Anything that was thrown. Its message is free text of somebody else and stays out. */
  readonly fault: unknown;
  /** What is wrong with the operator's own configuration. */
  readonly issues: readonly ConfigIssue[];
}

/** A kind by its name, or the list of the words that may stand there. */
export type FieldKind = keyof KindValues | readonly string[];

/** What a caller gives for a kind. */
export type FieldValue<Kind extends FieldKind> = Kind extends keyof KindValues
  ? KindValues[Kind]
  : Kind extends readonly (infer Word)[]
    ? Word
    : never;

const withheld = '[withheld]';
const mostIssues = 32;
const mostIssueCharacters = 512;
const mostFrames = 16;
const mostCauses = 4;

const nameForm = /^(?:[A-Z][A-Za-z0-9]{0,40})?(?:Error|Fault|Exception)$/;
/** Families of codes that node, its HTTP parser, undici and OpenSSL make, beside the system's own. */
const codeForm = /^(?:ERR|HPE|UND_ERR|CERT|UNABLE|DEPTH|SELF)_[A-Z0-9_]{1,60}$/;
const systemCodes: ReadonlySet<string> = new Set([...Object.keys(constants.errno), 'ENOTFOUND', 'EAI_AGAIN']);
const systemCalls: ReadonlySet<string> = new Set(
  'accept bind connect listen getaddrinfo read write open close fsync fdatasync stat mkdir rename unlink spawn'.split(
    ' ',
  ),
);
const frameForm = /^ {4}at (?:async )?(?:[\w$.<>#[\] ]{1,120} \()?(?:file:\/\/|node:|\/)[\w@+~/.-]{1,400}:\d+:\d+\)?$/;

/** The frames of a stack, without the message before them, whatever that looks like. */
const framesOf = ({ message, stack = '' }: Error): readonly string[] => {
  const said = stack.indexOf(message);
  const rest = (said < 0 ? stack : stack.slice(said + message.length)).split('\n').slice(1);
  // Frames end a stack: what only looks like one stands before something that does not.
  const lastOther = rest.findLastIndex((line) => !frameForm.test(line));
  return rest.slice(lastOther + 1, lastOther + 1 + mostFrames).map((line) => line.trim());
};

const textIn = (error: object, name: string, isKnown: (text: string) => boolean): string | undefined => {
  const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value;
  return typeof value === 'string' && isKnown(value) ? value : undefined;
};

const numberIn = (error: object, name: string): number | undefined => {
  const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 65_536 ? value : undefined;
};

const isCode = (text: string): boolean => systemCodes.has(text) || codeForm.test(text);

/** Faults whose messages are written here, of constants, file names and the words of SQLite. */
const speaks = (error: Error): boolean =>
  error instanceof StorageFault || error instanceof StateError || error instanceof ListenError;

/** A fault as it is logged: class, code, place, causes. */
export interface ShownFault {
  readonly name: string;
  readonly code?: string;
  readonly syscall?: string;
  /** SQLite's extended result code. */
  readonly errcode?: number;
  readonly message?: string;
  readonly frames?: readonly string[];
  readonly cause?: ShownFault;
}

/** Reduces anything that was thrown to what may be logged. */
export const shownFault = (thrown: unknown, depth = 0): ShownFault => {
  if (!(thrown instanceof Error)) return { name: `thrown ${typeof thrown}` };
  const code = textIn(thrown, 'code', isCode);
  const syscall = textIn(thrown, 'syscall', (text) => systemCalls.has(text));
  const errcode = numberIn(thrown, 'errcode');
  const { cause } = thrown;
  return {
    name: nameForm.test(thrown.name) ? thrown.name : withheld,
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall }),
    ...(errcode === undefined ? {} : { errcode }),
    ...(speaks(thrown) ? { message: thrown.message } : {}),
    frames: framesOf(thrown),
    ...(cause === undefined || depth >= mostCauses ? {} : { cause: shownFault(cause, depth + 1) }),
  };
};

const isIssue = (value: unknown): value is ConfigIssue =>
  typeof value === 'object' && value !== null && 'file' in value && 'path' in value && Array.isArray(value.path);

const shownIssues = (issues: readonly unknown[]): readonly string[] =>
  issues
    .slice(0, mostIssues)
    .map((issue) => (isIssue(issue) ? issueText(issue).slice(0, mostIssueCharacters) : withheld));

const wordOf = (words: readonly string[], value: unknown): unknown => {
  if (value === undefined) return null;
  return typeof value === 'string' && words.includes(value) ? value : withheld;
};

/** Writes a value as its kind says. */
export const shownField = (kind: FieldKind, value: unknown): unknown => {
  if (typeof kind !== 'string') return typeof value === 'string' && kind.includes(value) ? value : withheld;
  switch (kind) {
    case 'count':
      return typeof value === 'number' && Number.isFinite(value) ? value : withheld;
    case 'request':
      return typeof value === 'string' && traceIdOf(value) !== undefined ? value : withheld;
    case 'token':
      return value === undefined || (typeof value === 'string' && /^[0-9a-f]{20}$/.test(value))
        ? (value ?? null)
        : withheld;
    case 'operation':
      return wordOf(operationNames, value);
    case 'problem':
      return wordOf(adminProblemCodes, value);
    case 'token-reason':
      return wordOf(adminTokenReasons, value);
    case 'fault':
      return shownFault(value);
    case 'issues':
      return Array.isArray(value) ? shownIssues(value) : withheld;
  }
};
