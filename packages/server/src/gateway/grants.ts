/** Object grants: a request may only name objects (accounts) that the live login was granted, wherever the route says it names them. */
import { matchPattern, type RequestTarget } from '@hauberk/channel';
import { accept, fromUtf8, parseJson, type Result, refuse } from '@hauberk/primitives';
import type { Login } from '../storage/login-store.ts';
import { idsAt } from './json-pointer.ts';
import type { ObjectRule, Route } from './route.ts';

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

const queryValues = (query: string, name: string): readonly (string | undefined)[] =>
  query
    .slice(1)
    .split('&')
    .map((pair) => pair.split('='))
    .filter(([key = '']) => decode(key.replaceAll('+', ' ')) === name)
    .map(([, ...value]) => decode(value.join('=').replaceAll('+', ' ')));

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

const named = (
  rule: ObjectRule,
  route: Route,
  target: RequestTarget,
  body: BodyReader,
): Result<readonly (string | undefined)[], GrantReason> => {
  const { from } = rule;
  if (from.in === 'path') return accept([decode(matchPattern(route.pattern, target.path)?.[from.parameter] ?? '%')]);
  if (from.in === 'query') return accept(queryValues(target.query, from.parameter));
  const root = body();
  if (root === undefined) return refuse('body.not-json');
  const ids = idsAt(root, from.pointer);
  return ids === undefined ? refuse('grant.object-foreign', 'not an id') : accept(ids);
};

/** Whether every object that the request names was granted to this login. A rule that finds no object refuses: nothing was named. */
export const checkObjects = (
  route: Route,
  target: RequestTarget,
  body: BodyReader,
  login: Login,
): Result<true, GrantReason> => {
  for (const rule of route.objects) {
    const ids = named(rule, route, target, body);
    if (!ids.ok) return ids;
    if (ids.value.length === 0) return refuse('grant.object-missing', rule.kind);
    const foreign = ids.value.some((id) => id === undefined || !login.grants.has(grantOf(rule.kind, id)));
    if (foreign) return refuse('grant.object-foreign', rule.kind);
  }
  return accept(true);
};
