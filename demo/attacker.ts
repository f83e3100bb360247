/** The attacker in the background: holds a captured session and tries, one after the other, what must not work. */
import { DEMO_CUSTOMERS, type HauberkTrust } from '@hauberk/example-bank';
import { fromBase64Url } from '@hauberk/primitives';
import { problemOf, send } from '../attack/http-call.ts';
import { withHeader } from '../attack/tamper.ts';
import { craftTransfer, newVictim, nextReference, transferBody, type Victim, victimCall } from '../attack/victim.ts';
import { deliver, type Target } from '../attack/wire-client.ts';
import { pause } from './customers.ts';
import type { Tally } from './tally.ts';

/** What the attacker has. */
export interface AttackerOptions {
  readonly gateway: string;
  readonly trust: HauberkTrust;
  readonly tally: Tally;
}

/** One try: what came back, and whether the gateway held. */
interface Try {
  readonly action: string;
  readonly attempt: (victim: Victim) => Promise<{ readonly result: string; readonly held: boolean }>;
}

const pauseMs = 700;

const replayed = async (victim: Victim) => {
  const captured = await craftTransfer(victim, nextReference());
  await deliver(victim.target, victim.session, captured);
  const copy = await deliver(victim.target, victim.session, captured);
  return { result: copy.code, held: copy.code === 'replay' };
};

const tampered = async (victim: Victim) => {
  const crafted = await craftTransfer(victim, nextReference());
  const body = Uint8Array.from(crafted.body ?? [0]);
  body[0] = (body[0] ?? 0) ^ 1;
  const answer = await deliver(victim.target, victim.session, { ...crafted, body });
  return { result: answer.code, held: answer.status >= 400 };
};

const heldBack = async (victim: Victim) => {
  const old = await craftTransfer(victim, nextReference(), { created: Math.floor(Date.now() / 1000) - 900 });
  const answer = await deliver(victim.target, victim.session, old);
  return { result: answer.code, held: answer.code === 'clock' };
};

const foreign = async (victim: Victim) => {
  const other = DEMO_CUSTOMERS.find(({ customerId }) => customerId !== victim.customer.customerId);
  const answer = await victimCall(victim, 'GET', `/api/accounts/${other?.accounts[0]?.accountId}`);
  return { result: answer.code, held: answer.status >= 400 };
};

const unsigned = async (victim: Victim) => {
  const headers = {
    authorization: victim.authorization,
    'content-type': 'application/json',
    'idempotency-key': nextReference(),
  };
  const body = Buffer.from(transferBody(victim.customer, nextReference()));
  const reply = await send(victim.target.gateway, { method: 'POST', path: '/api/transfers', headers, body });
  return { result: problemOf(reply), held: reply.status >= 400 };
};

const spliced = async (victim: Victim) => {
  const crafted = await craftTransfer(victim, nextReference());
  const answer = await deliver(victim.target, victim.session, withHeader(crafted, 'authorization', 'Bearer stolen'));
  return { result: answer.code, held: answer.status >= 400 };
};

const grabbed = async (victim: Victim) => {
  const calls = Array.from({ length: 20 }, () => victimCall(victim, 'POST', '/api/coupons/cinema-25/claim'));
  const answers = await Promise.all(calls);
  const limited = answers.filter(({ code }) => code === 'limited').length;
  return { result: `limited ${limited} of 20`, held: limited >= 18 };
};

const probed = async (victim: Victim) => {
  const answer = await victimCall(victim, 'GET', '/api/internal/customers');
  // The decoy is plausible and holds nobody.
  const shown = JSON.stringify(answer.json);
  return { result: 'trapped', held: answer.status === 200 && !DEMO_CUSTOMERS.some(({ name }) => shown.includes(name)) };
};

const tries: readonly Try[] = [
  { action: 'replay a transfer', attempt: replayed },
  { action: 'change a sealed body', attempt: tampered },
  { action: 'hold a request back', attempt: heldBack },
  { action: "read another's account", attempt: foreign },
  { action: 'call without protection', attempt: unsigned },
  { action: 'swap the credential', attempt: spliced },
  { action: 'grab coupons', attempt: grabbed },
  { action: 'probe a forgotten export', attempt: probed },
];

/** The gateway as attackers see it. */
export const targetOf = ({ gateway, trust }: Pick<AttackerOptions, 'gateway' | 'trust'>): Target => ({
  gateway,
  organisation: trust.organisation,
  app: trust.app,
  service: trust.service,
  configKeys: trust.configKeys.map(({ kid, publicKey }) => ({
    kid,
    publicKey: fromBase64Url(publicKey) ?? new Uint8Array(0),
  })),
});

const attackUntil = async (options: AttackerOptions, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const victim = await newVictim(targetOf(options));
    for (const { action, attempt } of tries) {
      await pause(pauseMs, signal);
      if (signal.aborted) return;
      const { result, held } = await attempt(victim);
      options.tally.note('attacker', action, result, held);
    }
  }
};

/** Starts the attacker. A fault of its own (a gateway that drains) pauses it and it begins anew. */
export const startAttacker = (options: AttackerOptions): { readonly stop: () => Promise<void> } => {
  const ending = new AbortController();
  const live = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await attackUntil(options, ending.signal).catch(() => undefined);
      await pause(1000, ending.signal);
    }
  };
  const lived = live();
  return {
    stop: async () => {
      ending.abort();
      await lived;
    },
  };
};
