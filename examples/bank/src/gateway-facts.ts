/**
 * Checks that a request came through the gateway: its `hauberk-verified-*` headers are signed, with a key that only gateway and bank
 * hold, over time and request line, so that neither a direct call nor facts moved to another request pass.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const PREFIX = 'hauberk-verified-';
const SIGNATURE = 'hauberk-verified-signature';
const STATE = 'hauberk-verified-state';
const MAX_AGE_SECONDS = 60;

/** A request's head, exactly as it arrived. */
export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
}

/** The facts in the order of their arrival, the signature left out. */
const factsOf = ({ rawHeaders }: RequestHead): readonly (readonly [string, string])[] =>
  rawHeaders.flatMap((name, index) => {
    const lower = name.toLowerCase();
    const isFact = index % 2 === 0 && lower.startsWith(PREFIX);
    return isFact ? [[lower, rawHeaders[index + 1] ?? ''] as const] : [];
  });

/** Signs facts as the gateway does: time, method and target, then one line per fact in the order of sending. */
export function signFacts(key: string, head: RequestHead, createdSeconds: number): string {
  const lines = factsOf(head)
    .filter(([name]) => name !== SIGNATURE)
    .map(([name, value]) => `${name}: ${value}\n`);
  const base = `${createdSeconds}\n${head.method}\n${head.target}\n${lines.join('')}`;
  return `t=${createdSeconds},h=${createHmac('sha256', key).update(base).digest('base64url')}`;
}

/** Whether the facts are signed for this very request, say that it was verified, and are no older than a minute. */
export function factsHold(key: string, head: RequestHead, nowMs: number): boolean {
  const facts = factsOf(head);
  const signatures = facts.filter(([name]) => name === SIGNATURE);
  const offered = signatures[0]?.[1] ?? '';
  const created = /^t=(\d{1,12}),h=/.exec(offered)?.[1];
  if (created === undefined || signatures.length !== 1) return false;
  const expected = Buffer.from(signFacts(key, head, Number(created)));
  if (offered.length !== expected.length || !timingSafeEqual(Buffer.from(offered), expected)) return false;
  if (Math.abs(nowMs / 1000 - Number(created)) > MAX_AGE_SECONDS) return false;
  return facts.some(([name, value]) => name === STATE && value === 'verified');
}
