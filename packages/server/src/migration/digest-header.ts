/** `Digest` (RFC 3230, as draft-cavage uses it): every listed algorithm that is known must match, and one of them must be strong. */
import { hash } from 'node:crypto';

const algorithms: Readonly<Record<string, string>> = { 'sha-256': 'sha256', 'sha-512': 'sha512' };

/** Whether a `Digest` value vouches for a body. */
export const isDigestOf = (value: string, body: Uint8Array): boolean => {
  let matched = false;
  for (const part of value.split(',')) {
    const equals = part.indexOf('=');
    const algorithm = algorithms[part.slice(0, equals).trim().toLowerCase()];
    // MD5 and SHA-1 beside a strong one are passed over; alone they vouch for nothing.
    if (equals < 0 || algorithm === undefined) continue;
    if (hash(algorithm, body, 'base64') !== part.slice(equals + 1).trim()) return false;
    matched = true;
  }
  return matched;
};
