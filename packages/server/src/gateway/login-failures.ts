/**
 * Limits of failed logins: by the name that logs in, by device, by address. Whether an attempt fails is known when the service has answered, so each
 * is charged before it is forwarded and given back when the reply is no refusal: guesses that are sent at once cannot slip past the count. One that the
 * gateway itself refuses after the charge is given back too: it was no guess.
 */
import type { VerifiedRequest } from '@hauberk/channel';
import type { EpochMs } from '@hauberk/primitives';
import type { Login } from '../storage/login-store.ts';
import { networkOf } from './address-network.ts';
import { readBodyOnce } from './grants.ts';
import { idsAt } from './json-pointer.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { LoginFailureRule, RateLimit, Route } from './route.ts';

/** Counts failed logins. */
export interface LoginFailures {
  /** Says where a request came from, before it is judged. */
  readonly arrived: (request: VerifiedRequest, address: string) => void;
  /** Charges an attempt; false when it is over a limit, and then nothing is charged. */
  readonly charge: (route: Route, request: VerifiedRequest, login: Login | undefined, now: EpochMs) => boolean;
  /** Gives the charge of a request back: it was no failure. */
  readonly forgive: (request: VerifiedRequest, now: EpochMs) => void;
}

interface Charge {
  readonly limit: RateLimit;
  readonly scope: string;
  readonly subject: string;
}

const longestName = 256;

/** Whoever logs in, in one spelling: the customer of a login that is there, otherwise what the body names. */
const nameOf = (rule: LoginFailureRule, request: VerifiedRequest, login: Login | undefined): string => {
  if (login !== undefined) return `customer\n${login.customer}`;
  const [name] = idsAt(readBodyOnce(request.body)(), rule.namePointer ?? []) ?? [];
  // Bodies that show no name share one count: leaving the name out, or writing it so that only the service finds it, is no way round.
  return name === undefined ? '' : `name\n${name.normalize('NFKC').trim().toLowerCase().slice(0, longestName)}`;
};

const chargesOf = (
  rule: LoginFailureRule,
  { organisation, service, id }: Route,
  request: VerifiedRequest,
  login: Login | undefined,
  address: string,
): readonly Charge[] => {
  const scope = `${organisation}\n${service}\n${id}`;
  return [
    ...(rule.device === undefined
      ? []
      : [{ limit: rule.device, scope: `failed-device\n${scope}`, subject: request.facts.deviceId }]),
    ...(rule.address === undefined
      ? []
      : [{ limit: rule.address, scope: `failed-address\n${scope}`, subject: networkOf(address) }]),
    ...(rule.name === undefined
      ? []
      : [{ limit: rule.name, scope: `failed-name\n${scope}`, subject: nameOf(rule, request, login) }]),
  ];
};

/** The counter of one thread; all threads count in the limiter's shared memory. */
export const createLoginFailures = (limiter: RateLimiter): LoginFailures => {
  const addresses = new WeakMap<VerifiedRequest, string>();
  const charged = new WeakMap<VerifiedRequest, readonly Charge[]>();
  const giveBack = (charges: readonly Charge[], now: EpochMs): void => {
    for (const { limit, scope, subject } of charges) limiter.giveBack(limit, scope, subject, now);
  };
  return {
    arrived: (request, address) => void addresses.set(request, address),
    charge: (route, request, login, now) => {
      const rule = route.login?.failures;
      if (rule === undefined) return true;
      const charges = chargesOf(rule, route, request, login, addresses.get(request) ?? '');
      const refusedAt = charges.findIndex(({ limit, scope, subject }) => limiter.admit(limit, scope, subject, now) > 0);
      if (refusedAt >= 0) giveBack(charges.slice(0, refusedAt), now);
      else charged.set(request, charges);
      return refusedAt < 0;
    },
    forgive: (request, now) => {
      giveBack(charged.get(request) ?? [], now);
      charged.delete(request);
    },
  };
};
