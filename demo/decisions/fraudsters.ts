/** Bots whose every request is signed and genuine: only what they do gives them away. Each is a device of its own. */
import { DEMO_CUSTOMERS, type DemoCustomer } from '@hauberk/example-bank';
import {
  logIn,
  newVictim,
  nextReference,
  passwordStep,
  transferBody,
  type Victim,
  victimCall,
} from '../../attack/victim.ts';
import { type Answer, call, enrol, openSession, type Session, type Target } from '../../attack/wire-client.ts';
import { pause } from '../customers.ts';
import type { Tally } from '../tally.ts';

/** What they need. */
export interface FraudstersOptions {
  readonly target: Target;
  readonly tally: Tally;
}

interface Told {
  readonly result: string;
  /** Whether the gateway did what its policy says. */
  readonly held: boolean;
}

const pauseMs = 900;

const customer = (turn: number): DemoCustomer => {
  const found = DEMO_CUSTOMERS[turn % DEMO_CUSTOMERS.length];
  if (found === undefined) throw new Error('the bank has customers');
  return found;
};

const newSession = async (target: Target): Promise<Session> => openSession(target, await enrol(target));

/** Tries one stolen password after the other, all of them right. */
const stuffs = async (target: Target): Promise<Told> => {
  const session = await newSession(target);
  const codes: string[] = [];
  for (let turn = 0; turn < 8; turn += 1) codes.push((await passwordStep(target, session, customer(turn))).code);
  const denied = codes.filter((code) => code === 'forbidden').length;
  return { result: `denied ${denied} of ${codes.length} names`, held: denied >= 2 };
};

const claim = (target: Target, session: Session, authorization: string): Promise<Answer> =>
  call(target, session, 'POST', '/api/coupons/welcome-5/claim', { headers: { authorization } });

/** Collects coupons for one customer after the other, on one phone. */
const farms = async (target: Target): Promise<Told> => {
  const session = await newSession(target);
  const answers: Answer[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    answers.push(await claim(target, session, await logIn(target, session, customer(turn))));
    // Faster than this the limit of the device answers, and nobody else.
    await new Promise((resolve) => setTimeout(resolve, 2100));
  }
  const told = answers.filter(({ json }) => json['transferId'] === 't-00091734').length;
  return { result: `told ${told} stories`, held: told >= 1 };
};

const payTo = (victim: Victim, toAccountId: string, amountMinor: number): Promise<Answer> => {
  const order = JSON.parse(transferBody(victim.customer, nextReference(), amountMinor)) as object;
  return victimCall(victim, 'POST', '/api/transfers', {
    body: JSON.stringify({ ...order, toAccountId }),
    headers: { 'idempotency-key': `key-${nextReference()}` },
  });
};

/** Holds the session of somebody and sends much money to somebody new; there is no user who could confirm it. */
const drains = async (target: Target): Promise<Told> => {
  const victim = await newVictim(target);
  const answer = await payTo(victim, `mule-${nextReference()}`, 45_000);
  return { result: answer.code, held: answer.code === 'step-up-required' };
};

/** Reads the forgotten export, and pays to the account that it found there from another phone. */
const buysNumbers = async (target: Target): Promise<Told> => {
  const thief = await newVictim(target);
  const shown = JSON.stringify((await victimCall(thief, 'GET', '/api/internal/customers')).json);
  const [number = ''] = /[1-9]\d{17}/.exec(shown) ?? [];
  const answer = await payTo(await newVictim(target), number, 100);
  return { result: answer.status === 201 ? 'believes it has paid' : answer.code, held: answer.status === 201 };
};

const kinds: readonly { readonly action: string; readonly attempt: (target: Target) => Promise<Told> }[] = [
  { action: 'bot: tries stolen logins', attempt: stuffs },
  { action: 'bot: drains to a new payee', attempt: drains },
  { action: 'bot: pays to a canary', attempt: buysNumbers },
  { action: 'bot: collects coupons', attempt: farms },
];

/** Starts them, one after the other, for ever. A fault of their own pauses them and they begin anew. */
export const startFraudsters = ({ target, tally }: FraudstersOptions): { readonly stop: () => Promise<void> } => {
  const ending = new AbortController();
  const live = async (): Promise<void> => {
    while (!ending.signal.aborted)
      for (const { action, attempt } of kinds) {
        await pause(pauseMs, ending.signal);
        if (ending.signal.aborted) return;
        const told = await attempt(target).catch(() => undefined);
        if (told !== undefined && !ending.signal.aborted) tally.note('attacker', action, told.result, told.held);
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
