/** The way to the bank through Hauberk: the SDK's `fetch`, and a record of what became of the last request. */
import { createHauberk, type HauberkOptions, type StepUpTransaction } from '@hauberk/sdk';
import { openDirectives } from '@hauberk/sdk/directives-web';
import type { HauberkTrust, TransferOrder } from '../bank-api.ts';
import { aspect } from './aspect.ts';
import type { Question } from './confirm-dialog.ts';
import type { Connection, ProtectionStatus } from './connection.ts';
import { formatMoney } from './format.ts';
import { Outbox } from './outbox.ts';

const TIERS = ['software', 'hardware'] as const;

/** Connects with the trust that the bank published; `ask` is put before the user when the gateway demands a step-up; `names` tells what ids stand for. */
export function protectedConnection(
  trust: HauberkTrust,
  ask: (question: Question) => Promise<boolean>,
  names: ReadonlyMap<string, string>,
): Connection {
  const listeners: (() => void)[] = [];
  let lastDecision: string | null = null;
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const decide = (decision: string): void => {
    lastDecision = decision;
    tell();
  };
  const outbox = new Outbox();
  const hauberk = createHauberk({
    ...optionsOf(trust),
    journal: outbox.journal,
    directives: openDirectives(),
    confirm: (transaction) => ask(questionOf(transaction, names)),
    onProblem: ({ code }) => decide(code),
    onSession: tell,
  });
  outbox.attach(hauberk);
  aspect.connect(hauberk);
  const status = (): ProtectionStatus => {
    const { session, deviceId, tier } = hauberk.status();
    return {
      isProtected: true,
      session: session === 'open' ? (deviceId ?? session) : session,
      tier: tier === undefined ? null : (TIERS[tier] ?? `tier ${tier}`),
      mode: null,
      lastDecision,
    };
  };
  return {
    fetch: async (input, init) => {
      const response = await hauberk.fetch(input, init);
      decide(response.ok ? 'allowed' : await refusalOf(response));
      return response;
    },
    outbox,
    status,
    onStatus: (listener) => void listeners.push(listener),
    logOut: () => hauberk.logout(),
  };
}

/** Written in by the bundler. */
declare const BUILD_TIME_MS: number;

const optionsOf = (trust: HauberkTrust): HauberkOptions => ({
  organisation: trust.organisation,
  app: trust.app,
  service: trust.service,
  endpoints: trust.endpoints.length === 0 ? [location.origin] : trust.endpoints,
  trust: { configKeys: trust.configKeys, minConfigVersion: trust.minConfigVersion, buildTimeMs: BUILD_TIME_MS },
});

/** Gateway and bank both answer with problem documents; their code says who refused and why. */
async function refusalOf(response: Response): Promise<string> {
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const isCoded = typeof problem === 'object' && problem !== null && 'code' in problem;
  return isCoded ? String(problem.code) : String(response.status);
}

/** Shows what will be signed, read from the very bytes, not from what the screen believes. */
function questionOf({ body, path }: StepUpTransaction, names: ReadonlyMap<string, string>): Question {
  const nameOf = (id = ''): string => names.get(id) ?? id;
  const order = JSON.parse(new TextDecoder().decode(body)) as Partial<TransferOrder>;
  const { amountMinor, currency, fromAccountId, payeeId, toAccountId } = order;
  const amount = amountMinor === undefined || currency === undefined ? path : formatMoney(amountMinor, currency);
  return {
    title: 'Approve with your device',
    facts: [
      ['Amount', amount],
      ['To', nameOf(payeeId ?? toAccountId)],
      ['From', nameOf(fromAccountId)],
    ],
    note: 'This is a large payment. Your device signs exactly what you see here.',
    agree: 'Approve',
  };
}
