/** The one shape in which refusals reach the outside: RFC 9457 problem details with a stable code. */
import type { JsonValue } from './canonical-json.ts';
import { accept, type Result, refuse } from './result.ts';

/** Whether the upstream may have acted on the request. Only `none` lets a client repeat it on its own. */
export type Execution = 'none' | 'unknown';

/** RFC 9457 section 3, with the members that every problem of ours carries. */
export interface Problem {
  /** A URI reference that names the kind of problem (docs/problems.md). */
  readonly type: string;
  readonly title: string;
  /** The HTTP status, 400 to 599. */
  readonly status: number;
  readonly detail?: string;
  /** The request that met the problem. */
  readonly instance?: string;
  /** Stable outer code; programs decide by this one, never by title or detail. */
  readonly code: string;
  readonly execution: Execution;
}

/** The media type of a problem document. */
export const problemMediaType = 'application/problem+json';

/** Why a document is no problem of ours. */
export type ProblemCode = 'problem.malformed';

const textOf = (value: JsonValue | undefined, most: number): string | undefined =>
  typeof value === 'string' && value.length > 0 && value.length <= most ? value : undefined;

const isStatus = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599;

/** Reads a problem document. Unknown members are ignored, as RFC 9457 section 3.2 demands; ill-typed ones are refused. */
export const readProblem = (value: JsonValue): Result<Problem, ProblemCode> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('problem.malformed');
  const members = value as { readonly [name: string]: JsonValue };
  const type = textOf(members['type'], 256);
  const title = textOf(members['title'], 256);
  const code = textOf(members['code'], 64);
  const { status, execution, detail, instance } = members;
  const isComplete = type !== undefined && title !== undefined && code !== undefined && isStatus(status);
  if (!isComplete || (execution !== 'none' && execution !== 'unknown')) return refuse('problem.malformed');
  if (![detail, instance].every((text) => text === undefined || textOf(text, 1024) !== undefined))
    return refuse('problem.malformed');
  return accept({
    type,
    title,
    status,
    code,
    execution,
    ...(typeof detail === 'string' ? { detail } : {}),
    ...(typeof instance === 'string' ? { instance } : {}),
  });
};
