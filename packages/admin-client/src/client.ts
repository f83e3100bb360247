/** Sends the calls of the admin API. */
import { type AdminApi, type Answered, type CallShape, calls, type Problem } from './generated.ts';

/** How to reach the API. */
export interface AdminClientOptions {
  /** Origin of the admin listener, such as `http://127.0.0.1:9443`. */
  readonly url: string;
  /** An API token; only `login` does without. */
  readonly token?: string | undefined;
  /** Longest time for an answer, in milliseconds; 15000 when absent. */
  readonly timeoutMs?: number;
  /** Stands in for the platform's fetch. */
  readonly fetch?: typeof fetch;
}

/** A refusal of the API. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail === undefined ? problem.title : `${problem.title}: ${problem.detail}`);
    this.problem = problem;
  }
}

type Input = Readonly<Record<string, unknown>>;

/** Parameters of path, query and headers are texts and numbers by their types. */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);

const targetOf = (shape: CallShape, input: Input): string => {
  const path = shape.path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(textOf(input[name])));
  const query = new URLSearchParams();
  for (const name of shape.query) if (input[name] !== undefined) query.set(name, textOf(input[name]));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
};

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'title' in value && 'status' in value;

/** What is no problem document did not come from the API: a proxy, another server. */
const strangeAnswer = (status: number): Problem => ({
  type: 'about:blank',
  title: `The answer (${status}) is not of the admin API`,
  status,
  code: 'not-the-api',
  instance: '',
});

const readAnswer = async (reply: Response): Promise<Answered<unknown>> => {
  const value: unknown = await reply.json().catch(() => undefined);
  if (!reply.ok || value === undefined) throw new AdminError(isProblem(value) ? value : strangeAnswer(reply.status));
  return { status: reply.status, version: reply.headers.get('etag') ?? undefined, value };
};

const send = async (options: AdminClientOptions, shape: CallShape, input: Input): Promise<Answered<unknown>> => {
  const { url, token, timeoutMs = 15_000, fetch: sendRequest = fetch } = options;
  const { body, ifMatch } = input;
  const reply = await sendRequest(new URL(`/admin/v1${targetOf(shape, input)}`, url), {
    method: shape.method,
    headers: {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(shape.hasBody ? { 'content-type': 'application/json' } : {}),
      ...(shape.hasVersion && ifMatch !== undefined ? { 'if-match': textOf(ifMatch) } : {}),
    },
    ...(shape.hasBody ? { body: JSON.stringify(body) } : {}),
    // A token must not follow a redirect to somebody else.
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  return readAnswer(reply);
};

/**
 * Makes a client.
 * @throws AdminError, from every call that the API refuses
 */
export const createAdminClient = (options: AdminClientOptions): AdminApi =>
  Object.fromEntries(
    Object.entries(calls).map(([name, shape]) => [name, (input: Input = {}) => send(options, shape, input)]),
    // The calls and their types are generated from one document.
  ) as unknown as AdminApi;
