/** Who is calling: the login behind `authorization`, or whom the gateway's facts name. */
import type { Bank, Call } from './call.ts';
import { DEMO_CUSTOMERS } from './customers.ts';
import type { Session } from './sessions.ts';

const CUSTOMER = 'hauberk-verified-customer';

/**
 * The caller's session. A named customer goes before the login, as in a bank that leaves authentication to its gateway. Where the facts
 * were checked (a facts key is set) only the signed spelling counts; without the guard any spelling is believed: the hole.
 */
export function callerOf(bank: Bank, { headers }: Call): Session | undefined {
  const session = bank.sessions.find(headers.authorization);
  const named = bank.factsKey !== null || bank.guards.signedFacts ? signedName(bank, headers) : anyName(headers);
  const customer = DEMO_CUSTOMERS.find(({ customerId }) => customerId === named);
  if (customer === undefined || customer === session?.customer) return session;
  return { authorization: session?.authorization ?? '', customer, complete: true, expiresAtMs: bank.now() };
}

const signedName = (bank: Bank, headers: Call['headers']): unknown =>
  bank.factsKey === null ? undefined : headers[CUSTOMER];

/** Frameworks that turn headers into variables cannot tell `-` from `_`. */
const anyName = (headers: Call['headers']): unknown => headers[CUSTOMER] ?? headers[CUSTOMER.replaceAll('-', '_')];
