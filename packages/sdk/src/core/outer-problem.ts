/** The gateway's own problem documents (docs/problems.md), told from those of the service behind it by their type. */
import { type Execution, fromUtf8, problemMediaType } from '@hauberk/primitives';

/** A problem of the gateway. Whether it may be believed depends on the reply that carried it, never on the document. */
export interface OuterProblem {
  readonly code: string;
  readonly execution: Execution;
  /** The gateway's name of the request; anything of another form is dropped. */
  readonly traceId: string | undefined;
  /** Further members, unread. */
  readonly members: Readonly<Record<string, unknown>>;
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Reads a JSON object; an empty one for anything else. */
export const readMembers = (text: string): Readonly<Record<string, unknown>> => {
  const value = parse(text);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
};

const traceForm = /^[0-9a-f]{32}$/;

/** Reads a gateway problem; undefined for any other reply. */
export const readOuterProblem = (contentType: string | undefined, body: Uint8Array): OuterProblem | undefined => {
  if (contentType?.split(';', 1)[0] !== problemMediaType || body.length > 65_536) return undefined;
  const members = readMembers(fromUtf8(body) ?? '');
  const { code, type, execution, traceId } = members as Readonly<Record<string, unknown>>;
  if (typeof code !== 'string' || type !== `urn:hauberk:problem:${code}`) return undefined;
  return {
    code,
    execution: execution === 'none' ? 'none' : 'unknown',
    traceId: typeof traceId === 'string' && traceForm.test(traceId) ? traceId : undefined,
    members,
  };
};
