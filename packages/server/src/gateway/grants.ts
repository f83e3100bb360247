/** Object grants: a request may only name objects (accounts) that the live login was granted, wherever the route says it names them. */
import { type HeaderValues, header, matchPattern, type VerifiedRequest } from '@hauberk/channel';
import { accept, fromUtf8, parseJson, type Result, refuse } from '@hauberk/primitives';
import type { Login } from '../storage/login-store.ts';
import { idsAt, valuesAt } from './json-pointer.ts';
import type { JsonPointer, ObjectRule, Route } from './route.ts';

/** Why a request is refused here. */
export type GrantReason = 'grant.object-foreign' | 'grant.object-missing' | 'body.not-json';

/** How a grant is spelled in the record. */
export const grantOf = (kind: string, id: string): string => `${kind}:${id}`;
/** How a passed step is spelled in the record. */
export const stepGrant = (step: string): string => grantOf('step', step);

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

/** Names that some servers read as one: case, brackets of arrays, blanks and NUL folded away. */
const folded = (name: string): string => name.replace(/\[.*$/s, '').replaceAll('\u0000', '').trim().toLowerCase();

/** The values of a query parameter; undefined when another spelling of its name stands beside it, or another separator. */
const queryValues = (query: string, name: string): readonly (string | undefined)[] | undefined => {
  const pairs = query
    .slice(1)
    .split('&')
    .map((pair) => pair.split('='))
    .map(
      ([key = '', ...value]) =>
        [decode(key.replaceAll('+', ' ')), decode(value.join('=').replaceAll('+', ' '))] as const,
    );
  const isAmbiguous = pairs.some(([key]) => key === undefined || (key !== name && folded(key) === folded(name)));
  return isAmbiguous || query.includes(';')
    ? undefined
    : pairs.filter(([key]) => key === name).map(([, value]) => value);
};

/** Whether, anywhere along a pointer, an object has two members that a careless reader takes for one. */
const hasTwins = (root: unknown, pointer: JsonPointer): boolean =>
  pointer.some((token, depth) =>
    valuesAt(root, pointer.slice(0, depth)).some(
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.keys(value).some((name) => name !== token && folded(name) === folded(token)),
    ),
  );

/** Bodies that both sides read as the same JSON: UTF-8, and coded in no way. */
const isPlainJson = (headers: HeaderValues): boolean => {
  const type = headers[header.contentType];
  const coding = headers[header.contentEncoding];
  if (coding !== undefined && coding !== 'identity') return false;
  return (
    typeof type === 'string' &&
    /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i.test(type)
  );
};

/** Larger bodies are capped by the route; this bounds what parsing one may cost. */
const bodyLimits = { maxDepth: 32, maxKeys: 65_536, maxLength: 8_388_608 };

/** A JSON body, parsed once, strictly: with a doubled member the gateway and the upstream could see two different accounts. */
export type BodyReader = () => unknown;

/** Parses lazily and at most once. */
export const readBodyOnce = (body: Uint8Array): BodyReader => {
  let parsed: { readonly value: unknown } | undefined;
  return () => {
    if (parsed === undefined) {
      const text = fromUtf8(body);
      const result = text === undefined ? undefined : parseJson(text, bodyLimits);
      parsed = { value: result?.ok === true ? result.value : undefined };
    }
    return parsed.value;
  };
};

const readers = new WeakMap<object, BodyReader>();

/** The reader of a request's body, the same for everybody who asks: grants, decisions and amounts parse it once. */
export const bodyOnce = (request: { readonly body: Uint8Array }): BodyReader => {
  const held = readers.get(request);
  if (held !== undefined) return held;
  const reader = readBodyOnce(request.body);
  readers.set(request, reader);
  return reader;
};

/** What a request has in its path or query under a name; undefined where two readers might read otherwise. */
export const parameterValues = (
  route: Route,
  { target }: Pick<VerifiedRequest, 'target'>,
  from: { readonly in: 'path' | 'query'; readonly parameter: string },
): readonly string[] | undefined => {
  const values =
    from.in === 'path'
      ? [decode(matchPattern(route.pattern, target.path)?.[from.parameter] ?? '%')]
      : queryValues(target.query, from.parameter);
  return values?.every((value) => value !== undefined) === true ? (values as readonly string[]) : undefined;
};

/** What stands at a place of a JSON body that both sides read alike; undefined where they might not, or where it is no JSON. */
export const plainValuesAt = (
  headers: HeaderValues,
  body: BodyReader,
  pointer: JsonPointer,
): readonly unknown[] | undefined => {
  const root = isPlainJson(headers) ? body() : undefined;
  return root === undefined || hasTwins(root, pointer) ? undefined : valuesAt(root, pointer);
};

const named = (
  rule: ObjectRule,
  route: Route,
  { target, headers }: Pick<VerifiedRequest, 'target' | 'headers'>,
  body: BodyReader,
): Result<readonly (string | undefined)[], GrantReason> => {
  const { from } = rule;
  if (from.in === 'path') return accept([decode(matchPattern(route.pattern, target.path)?.[from.parameter] ?? '%')]);
  if (from.in === 'query') {
    const values = queryValues(target.query, from.parameter);
    return values === undefined ? refuse('grant.object-foreign', 'ambiguous query') : accept(values);
  }
  const root = isPlainJson(headers) ? body() : undefined;
  if (root === undefined) return refuse('body.not-json');
  if (hasTwins(root, from.pointer)) return refuse('grant.object-foreign', 'ambiguous members');
  const ids = idsAt(root, from.pointer);
  return ids === undefined ? refuse('grant.object-foreign', 'not an id') : accept(ids);
};

/** Whether every object that the request names was granted to this login. A rule that finds no object refuses: nothing was named. */
export const checkObjects = (
  route: Route,
  request: Pick<VerifiedRequest, 'target' | 'headers'>,
  body: BodyReader,
  login: Login,
): Result<true, GrantReason> => {
  for (const rule of route.objects) {
    const ids = named(rule, route, request, body);
    if (!ids.ok) return ids;
    if (ids.value.length === 0) return refuse('grant.object-missing', rule.kind);
    const foreign = ids.value.some((id) => id === undefined || !login.grants.has(grantOf(rule.kind, id)));
    if (foreign) return refuse('grant.object-foreign', rule.kind);
  }
  return accept(true);
};
