/**
 * An operation of the admin API as data: its path, who may call it, the schemas that judge what comes in and describe what goes out. The same
 * values serve requests and make the OpenAPI document, so that the two cannot differ.
 */
import type { EpochMs } from '@hauberk/primitives';
import { z } from 'zod';
import type { AdminProblemCode, AdminRefusal } from './admin-problem.ts';
import type { Administration, Caller } from './administration.ts';
import type { OperationName } from './operation-names.ts';
import type { BodyLimits } from './read-body.ts';
import type { Area, Verb } from './right.ts';

/** A method of the API. */
export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What an operation answers when it does not refuse. */
export interface AdminReply {
  readonly ok: true;
  readonly status: number;
  readonly body: unknown;
  /** Entity tag, without quotes. */
  readonly version?: string;
}

/** A parsed request. */
export interface Call<Query, Body> {
  readonly administration: Administration;
  readonly now: EpochMs;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The version of `If-Match`, without quotes; absent when the header is. */
  readonly ifMatch: string | undefined;
}

/** Who may call: anybody; anybody with a token; or whoever has a right on the app of the path, or on the whole organisation. */
export type Access =
  | { readonly kind: 'open' }
  | { readonly kind: 'token' }
  | { readonly kind: 'app' | 'organisation'; readonly area: Area; readonly verb: Verb };

/** What is told of an operation. */
export interface OperationFacts {
  /** Name of the function of a client. */
  readonly id: OperationName;
  readonly method: AdminMethod;
  /** Below `/admin/v1`; `{name}` takes one segment. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  /** Whether `If-Match` is not read, may be given, or must be. */
  readonly ifMatch: 'none' | 'optional' | 'required';
  /** Status → what it answers. */
  readonly replies: Readonly<Record<number, { readonly description: string; readonly schema: z.ZodType }>>;
  /** Codes beyond those of every operation. */
  readonly problems: readonly AdminProblemCode[];
  /** Bounds of the body; the usual ones when absent. */
  readonly bodyLimits?: BodyLimits;
}

/** An operation, ready to be called. */
export interface Operation extends OperationFacts {
  readonly parameters: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType | undefined;
  /** With what the schemas made of the request. `caller` is only absent where access is open. */
  readonly run: (call: Call<unknown, unknown>, caller: Caller | undefined) => Promise<AdminReply | AdminRefusal>;
}

/** Path parameters by name. */
export const pathParameters: Readonly<Record<string, z.ZodType>> = {
  app: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
    .describe('An app of the organisation.'),
  device: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}$/)
    .describe('Id of a device.'),
  attempt: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}$/)
    .describe('Id of an attempt to bind.'),
  token: z
    .string()
    .regex(/^[0-9a-f]{20}$/)
    .describe('Id of a token: the part between `hbk_` and the secret.'),
  approval: z
    .string()
    .regex(/^[0-9a-f]{20}$/)
    .describe('Id of a proposal.'),
  finding: z
    .string()
    .regex(/^[0-9a-f]{20}$/)
    .describe('Id of a finding.'),
  chain: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe('Id of a call chain.'),
  subject: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22}$/)
    .describe('A pseudonym.'),
  policy: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
    .describe('Id of a policy, as its document names it.'),
  version: z
    .string()
    .regex(/^[1-9]\d{0,7}$/)
    .describe('Version of a policy.'),
  list: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
    .describe('Name of a list.'),
  collection: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
    .describe('Id or alias of a collection.'),
  cluster: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe('Name of a cluster.'),
  change: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('Name of a staged change: the hash of what it does.'),
  model: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('Hash of a model.'),
  alert: z
    .string()
    .regex(/^[0-9a-f]{20}$/)
    .describe('Id of an alert.'),
  case: z
    .string()
    .regex(/^[0-9a-f]{20}$/)
    .describe('Id of a case.'),
  decision: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe('Id of a decision: the keyed hash of the id of its event.'),
  text: z
    .string()
    .regex(/^(?:schema|policy|model|run)-[0-9a-f]{1,64}$/)
    .describe('Kind and hash of a text.'),
  directive: z
    .string()
    .regex(/^[0-9a-f]{20}$/)
    .describe('Id of a rollout of a directive.'),
  entry: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,128}$/)
    .describe('Id of an idempotency entry.'),
};

const namesIn = (path: string): readonly string[] => [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name = '']) => name);

const parametersOf = (path: string): z.ZodObject =>
  z.strictObject(Object.fromEntries(namesIn(path).map((name) => [name, pathParameters[name] ?? z.never()])));

/** Makes an operation. The schemas of query and body give `run` its types. */
export const operation = <Query extends z.ZodRawShape, Body extends z.ZodType = z.ZodUndefined>(
  made: Omit<OperationFacts, 'ifMatch' | 'problems'> & {
    readonly query?: Query;
    readonly body?: Body;
    readonly ifMatch?: OperationFacts['ifMatch'];
    readonly problems?: readonly AdminProblemCode[];
    readonly run: (
      call: Call<z.output<z.ZodObject<Query>>, z.output<Body>>,
      caller: Caller,
    ) => Promise<AdminReply | AdminRefusal>;
  },
): Operation => {
  const { query, body, run, ifMatch = 'none', problems = [], ...facts } = made;
  return {
    ...facts,
    ifMatch,
    problems,
    parameters: parametersOf(facts.path),
    query: z.strictObject(query ?? {}),
    body,
    // The schemas of this very operation made the values.
    run: run as Operation['run'],
  };
};

/** An answer. */
export const reply = (status: number, body: unknown, version?: string): AdminReply => ({
  ok: true,
  status,
  body,
  ...(version === undefined ? {} : { version }),
});

/** Where an operation is found: the values of the path's parameters, or undefined when the path is another. */
export const matchPath = (path: string, segments: readonly string[]): Readonly<Record<string, string>> | undefined => {
  const parts = path.slice(1).split('/');
  if (parts.length !== segments.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{')) values[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return values;
};
