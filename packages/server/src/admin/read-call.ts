/** Judges path, query, headers and body of a request by the schemas of its operation; every mistake is told with a pointer. */
import type { z } from 'zod';
import { type AdminRefusal, deny, type InputError } from './admin-problem.ts';
import type { Operation } from './operation.ts';

/** The target of a request. */
export interface AdminTarget {
  /** Segments below `/admin/v1`. */
  readonly segments: readonly string[];
  readonly query: ReadonlyMap<string, string>;
}

/** What precedes every path of the API. */
export const apiPrefix = '/admin/v1';

const unescaped = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};

const readQuery = (text: string): ReadonlyMap<string, string> | AdminRefusal => {
  const query = new Map<string, string>();
  for (const part of text === '' ? [] : text.split('&')) {
    const [name, value] = part.split(/=(.*)/s, 2).map(unescaped);
    const isTwice = name !== undefined && query.has(name);
    if (name === undefined || value === undefined || isTwice) {
      const message = isTwice ? 'is given twice' : 'is no name=value';
      return deny('malformed', { errors: [{ in: 'query', pointer: `/${(name ?? '').slice(0, 64)}`, message }] });
    }
    query.set(name, value);
  }
  return query;
};

/** Reads a request target; undefined when it is not of this API. Paths are compared as they are sent: nothing in them needs escaping. */
export const readTarget = (url: string): AdminTarget | AdminRefusal | undefined => {
  if (url.length > 4096) return deny('malformed', { detail: 'the target is too long' });
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (!path.startsWith(`${apiPrefix}/`)) return undefined;
  const query = readQuery(mark < 0 ? '' : url.slice(mark + 1));
  if ('ok' in query) return query;
  return { segments: path.slice(apiPrefix.length + 1).split('/'), query };
};

/** A pointer (RFC 6901). */
const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** At most so many mistakes are told. */
const mostErrors = 20;

/** What a schema found wrong. */
export const inputErrors = (place: InputError['in'], error: z.ZodError): readonly InputError[] =>
  error.issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ in: place, pointer: pointerOf([...issue.path, key]), message: 'is not known' }))
        : [{ in: place, pointer: pointerOf(issue.path), message: issue.message }],
    )
    .slice(0, mostErrors);

/** The version of an `If-Match` header: one strong entity tag. */
export const readIfMatch = (
  operation: Operation,
  header: string | undefined,
): { readonly ok: true; readonly version: string | undefined } | AdminRefusal => {
  if (header === undefined)
    return operation.ifMatch === 'required' ? deny('version-required') : { ok: true, version: undefined };
  if (operation.ifMatch === 'none') return { ok: true, version: undefined };
  const [, version] = /^"(\d{1,15})"$/.exec(header) ?? [];
  return version === undefined
    ? deny('malformed', { errors: [{ in: 'header', pointer: '/if-match', message: 'is no entity tag such as "7"' }] })
    : { ok: true, version };
};

/** Path, query and body as their schemas make them. */
export interface ReadCall {
  readonly ok: true;
  readonly path: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}

/** Judges the parameters of the path; one that cannot be an id names nothing. */
export const judgePath = (operation: Operation, path: Readonly<Record<string, string>>): boolean =>
  operation.parameters.safeParse(path).success;

/** Judges query and body. */
export const judgeInput = (
  operation: Operation,
  path: Readonly<Record<string, string>>,
  query: ReadonlyMap<string, string>,
  body: unknown,
): ReadCall | AdminRefusal => {
  const asked = operation.query.safeParse(Object.fromEntries(query));
  if (!asked.success) return deny('malformed', { errors: inputErrors('query', asked.error) });
  if (operation.body === undefined) return { ok: true, path, query: asked.data, body: undefined };
  const judged = operation.body.safeParse(body);
  if (!judged.success) return deny('malformed', { errors: inputErrors('body', judged.error) });
  return { ok: true, path, query: asked.data, body: judged.data };
};
