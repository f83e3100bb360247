/**
 * Path patterns such as `/api/accounts/{accountId}/transactions`, matched segment by segment. Client and gateway use this one matcher,
 * so that both see the same route. `{name}` takes exactly one segment, a final `{name*}` the rest.
 */

/** A compiled pattern. */
export interface PathPattern {
  readonly text: string;
  readonly segments: readonly PatternSegment[];
}

type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'rest'; readonly name: string };

const parameterName = /^\{([A-Za-z][A-Za-z0-9_]{0,63})(\*?)\}$/;

const readSegment = (text: string, isLast: boolean): PatternSegment | undefined => {
  const match = parameterName.exec(text);
  if (match === null) return /[{}*?#\\]/.test(text) ? undefined : { kind: 'literal', text };
  const name = match[1] ?? '';
  if (match[2] !== '*') return { kind: 'parameter', name };
  return isLast ? { kind: 'rest', name } : undefined;
};

/** Compiles a pattern; undefined when it is malformed. */
export const compilePattern = (text: string): PathPattern | undefined => {
  if (!text.startsWith('/')) return undefined;
  const parts = text.slice(1).split('/');
  const segments: PatternSegment[] = [];
  for (const [index, part] of parts.entries()) {
    const segment = readSegment(part, index === parts.length - 1);
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  return { text, segments };
};

/** The parameters of a path that matches (still percent-encoded), or undefined. */
export const matchPattern = (pattern: PathPattern, path: string): Readonly<Record<string, string>> | undefined => {
  const parameters: Record<string, string> = {};
  let start = 1;
  for (const segment of pattern.segments) {
    if (start > path.length) return undefined;
    if (segment.kind === 'rest') {
      parameters[segment.name] = path.slice(start);
      return parameters;
    }
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    const part = path.slice(start, end);
    if (segment.kind === 'literal' ? part !== segment.text : part.length === 0) return undefined;
    if (segment.kind === 'parameter') parameters[segment.name] = part;
    start = end + 1;
  }
  return start === path.length + 1 ? parameters : undefined;
};
