/** Cases: what a man in the middle or a broken network does, and what the SDK must never do then. */

import { HauberkError } from '../../src/core/hauberk-error.ts';
import type { SuiteCase } from './core-cases.ts';
import { holds, refused, same, thrown } from './expect.ts';
import type { Lab } from './lab.ts';

const transfer = (body = '{"amount":1}', headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json', ...headers },
});

/** No two protected requests share session and sequence number. */
const neverRepeats = async (lab: Lab): Promise<void> => {
  const { sequences } = await lab.gateway();
  same(new Set(sequences).size, sequences.length, 'repeated sequence numbers');
};

/**
 * The reply was lost. Chromium sends a POST again by itself when a reused connection closes; that is a replay, whose refusal is unbound,
 * so what is known stays the same: nothing.
 */
const refusedAsLost = async (work: Promise<unknown>): Promise<void> => {
  const error = await thrown(work, 'lost reply');
  if (!(error instanceof HauberkError)) throw error;
  holds(error.code === 'transport' || (error.code === 'unbound' && error.detail === 'replay'), error.message);
  same(error.execution, 'unknown', 'execution');
};

const bent = (lever: string, path: string): SuiteCase => ({
  name: `a reply on ${path} with lever ${lever} is refused as unbound, and a POST without a key is not repeated`,
  run: async (lab) => {
    const { fetch } = lab.client();
    await fetch(path, transfer());
    await lab.gateway({ lever });
    const error = await refused(fetch(path, transfer('{"amount":2}')), 'unbound', lever);
    same([error.phase, error.execution], ['verify', 'unknown'], 'what is known');
    same((await lab.gateway()).executions.length, 2, 'executions');
    await neverRepeats(lab);
  },
});

const levers = ['tamper-body', 'tamper-status', 'tamper-header', 'strip', 'swap'];

const replies: readonly SuiteCase[] = [
  ...levers.flatMap((lever) => [bent(lever, '/api/echo'), bent(lever, '/api/signed/echo')]),
  bent('tamper-declared', '/api/signed/echo'),
  {
    name: 'a forged unsigned refusal never makes a POST run twice',
    run: async (lab) => {
      const { fetch } = lab.client();
      await fetch('/api/echo', transfer());
      await lab.gateway({ lever: 'inject-none' });
      const error = await refused(fetch('/api/echo', transfer()), 'unbound', 'forged refusal');
      same([error.detail, error.execution], ['handshake-required', 'unknown'], 'what is known');
      same((await lab.gateway()).executions.length, 2, 'executions');
    },
  },
  {
    name: 'a safe method is asked again after a bent reply, with a new sequence number',
    run: async (lab) => {
      const { fetch } = lab.client();
      await lab.gateway({ lever: 'tamper-body', times: 2 });
      same((await fetch('/api/echo')).status, 200, 'third attempt');
      same((await lab.gateway()).executions.length, 3, 'executions');
      await neverRepeats(lab);
    },
  },
];

const lost: readonly SuiteCase[] = [
  {
    name: 'a lost reply is asked for again under the same key, and executed once',
    run: async (lab) => {
      const { fetch } = lab.client();
      await lab.gateway({ lever: 'cut-after' });
      const reply = (await (await fetch('/api/keyed', transfer())).json()) as { key: string };
      const { executions, sequences } = await lab.gateway();
      same([executions.length, executions[0]?.key], [1, reply.key], 'one execution');
      same(sequences.length, 2, 'two attempts');
      await neverRepeats(lab);
    },
  },
  {
    name: 'a lost reply without a key is an error that says unknown',
    run: async (lab) => {
      const { fetch } = lab.client();
      await fetch('/api/echo');
      await lab.gateway({ lever: 'cut-after' });
      await refusedAsLost(fetch('/api/echo', transfer()));
      same((await lab.gateway()).executions.length, 2, 'executions');
    },
  },
  {
    name: 'a request that was shed goes out again as the very same bytes, keyless or not, and is executed once',
    run: async (lab) => {
      const { fetch } = lab.client();
      await fetch('/api/echo');
      await lab.gateway({ lever: 'shed', times: 2 });
      same((await fetch('/api/echo', transfer())).status, 200, 'served');
      const { executions, sequences } = await lab.gateway();
      same([executions.length, sequences.length], [2, 2], 'one execution, one sequence number');
      await neverRepeats(lab);
    },
  },
  {
    name: 'a shedding that was forged behind an execution makes no second one',
    run: async (lab) => {
      const { fetch } = lab.client();
      await fetch('/api/echo');
      await lab.gateway({ lever: 'forge-shed' });
      const error = await refused(fetch('/api/echo', transfer()), 'unbound', 'forged shedding');
      same([error.detail, error.execution], ['replay', 'unknown'], 'what is known');
      same((await lab.gateway()).executions.length, 2, 'executions');
    },
  },
  {
    name: "the caller's own key is kept where the route honours keys, and counts for nothing where it does not",
    run: async (lab) => {
      const { fetch } = lab.client();
      await fetch('/api/keyed', transfer('{}', { 'idempotency-key': 'mine' }));
      same((await lab.gateway()).executions[0]?.key, 'mine', 'key');
      await lab.gateway({ lever: 'cut-after' });
      await refusedAsLost(fetch('/api/echo', transfer('{}', { 'idempotency-key': 'other' })));
      same((await lab.gateway()).executions.length, 2, 'executions');
    },
  },
  {
    name: 'a dead first origin costs nothing but a connection: the second one serves',
    run: async (lab) => {
      const [origin, , dead] = lab.platform.origins;
      const { fetch, status } = lab.client({ endpoints: [dead, origin] });
      same((await fetch('/api/echo')).status, 200, 'failover');
      same(status().endpoint, origin, 'origin in use');
    },
  },
  {
    name: 'an origin that cuts connections is left for the next one, in the same session',
    run: async (lab) => {
      const { fetch, status } = lab.client();
      await fetch('/api/echo');
      await lab.gateway({ lever: 'cut-first', times: 10 });
      same((await fetch('/api/echo')).status, 200, 'failover');
      same(status().endpoint, lab.platform.origins[1], 'origin in use');
      same((await lab.gateway()).counts['hello'], 1, 'one session');
    },
  },
  {
    name: 'all origins dead is a transport error',
    run: async (lab) => {
      const dead = lab.platform.origins[2];
      const error = await refused(lab.client({ endpoints: [dead] }).fetch('/api/echo'), 'transport', 'dead');
      same(error.execution, 'none', 'execution');
      holds(['tcp', 'send'].includes(error.phase), error.phase);
    },
  },
  {
    name: 'two hundred requests at once stay within the replay window',
    run: async (lab) => {
      const { fetch } = lab.client();
      const replies = await Promise.all(Array.from({ length: 200 }, () => fetch('/api/signed/many')));
      same([...new Set(replies.map(({ status }) => status))], [200], 'all accepted');
      same((await lab.gateway()).executions.length, 200, 'each executed once');
      await neverRepeats(lab);
    },
  },
];

/** The cases. */
export const attackCases: readonly SuiteCase[] = [...replies, ...lost];
