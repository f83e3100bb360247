/** How far a request of Node's fetch got before it failed, read from the error's cause. */
import type { FailurePhase } from './core/hauberk-error.ts';

const phases: readonly (readonly [RegExp, FailurePhase])[] = [
  [/^(ENOTFOUND|EAI_AGAIN|EAI_FAIL|ENODATA)$/, 'dns'],
  [/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/, 'tcp'],
  [/^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH)/, 'tls'],
];

const read = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** The phase of a failed fetch; `send` where the cause does not tell, for then anything may have happened. */
export const nodePhaseOf = (error: unknown): FailurePhase => {
  const cause = read(error, 'cause');
  const code = read(cause, 'code');
  if (typeof code !== 'string') return 'send';
  const found = phases.find(([pattern]) => pattern.test(code));
  if (found !== undefined) return found[1];
  return read(cause, 'syscall') === 'connect' ? 'connect' : 'send';
};
