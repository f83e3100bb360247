/** The canonical request of AWS Signature Version 4: one spelling for everything that may be spelt in several ways. */

/** How the path is canonicalised: services other than S3 normalise it and encode the encoded path once more; S3 takes object keys as they are. */
export type SigV4Path = 'normalised' | 's3';

const hex = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** Percent-encodes every byte of the UTF-8 form but the unreserved characters of RFC 3986. */
export const uriEncode = (text: string): string => {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    encoded += /[\w.~-]/.test(character) ? character : hex(byte);
  }
  return encoded;
};

/** Undoes percent-encoding; undefined when an escape is broken or its bytes are no UTF-8. */
export const uriDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

const normalised = (path: string): string => {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(uriEncode(segment));
  }
  const isFolder = /(?:^|\/)\.{0,2}$/.test(path);
  return `/${segments.join('/')}${isFolder && segments.length > 0 ? '/' : ''}`;
};

/** The canonical URI of a path as it stands on the request line; undefined when it cannot be decoded. */
export const canonicalPath = (path: string, style: SigV4Path): string | undefined => {
  if (style === 'normalised') return normalised(path);
  const segments = path.split('/').map(uriDecode);
  return segments.every((segment) => segment !== undefined) ? segments.map(uriEncode).join('/') : undefined;
};

const byCode = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Decoded query parameters in their order; undefined when one has no single reading. */
export const queryPairs = (query: string): readonly (readonly [string, string])[] | undefined => {
  const pairs: (readonly [string, string])[] = [];
  // A raw `+` is a space to some servers and a plus to others: whoever signs must say which.
  if (query.includes('+')) return undefined;
  for (const part of query.slice(1).split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = uriDecode(equals < 0 ? part : part.slice(0, equals));
    const value = uriDecode(equals < 0 ? '' : part.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    pairs.push([name, value]);
  }
  return pairs;
};

/** The canonical query: encoded, then sorted by name and value. */
export const canonicalQuery = (pairs: readonly (readonly [string, string])[]): string =>
  pairs
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .toSorted((left, right) => byCode(left[0], right[0]) || byCode(left[1], right[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

/** A header value on one line: outer space gone, inner runs of it single. */
const canonicalValue = (value: string): string => value.trim().replace(/\s+/g, ' ');

/** The canonical headers, each with its values joined in the order in which they came; undefined when a signed one is absent. */
export const canonicalHeaders = (rawHeaders: readonly string[], signed: readonly string[]): string | undefined => {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = canonicalValue(rawHeaders[index + 1] ?? '');
    const held = values.get(name);
    values.set(name, held === undefined ? value : `${held},${value}`);
  }
  let text = '';
  for (const name of signed) {
    const value = values.get(name);
    if (value === undefined) return undefined;
    text += `${name}:${value}\n`;
  }
  return text;
};
