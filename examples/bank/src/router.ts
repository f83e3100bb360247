/** Finds the endpoint of a request and lets only those in whom it serves. */
import { type Answer, type Bank, type Call, refusalAnswer } from './call.ts';
import { callerOf } from './caller.ts';
import { factsHold } from './gateway-facts.ts';
import { refused } from './problem.ts';
import { ROUTES, type Route } from './routes.ts';

interface CompiledRoute {
  readonly method: string;
  readonly pattern: RegExp;
  readonly route: Route;
}

const COMPILED: readonly CompiledRoute[] = Object.entries(ROUTES).map(([name, route]) => {
  const [method = '', path = ''] = name.split(' ');
  const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
  return { method, pattern, route };
});

/** Answers a request. Throws only on faults. */
export async function answerCall(bank: Bank, call: Omit<Call, 'params'>): Promise<Answer> {
  const candidates = COMPILED.filter(({ pattern }) => pattern.test(call.path));
  const found = candidates.find(({ method }) => method === call.method);
  if (found === undefined) return refusalAnswer(refused(candidates.length > 0 ? 'method-not-allowed' : 'not-found'));
  const params = readParams(found.pattern, call.path);
  if (params === null) return refusalAnswer(refused('not-found'));
  return enter(bank, found.route, { ...call, params });
}

async function enter(bank: Bank, route: Route, call: Call): Promise<Answer> {
  if (route.access === 'public') return route.handle(bank, call);
  if (bank.factsKey !== null && !factsHold(bank.factsKey, call, bank.now())) {
    return refusalAnswer(refused('unverified-request'));
  }
  if (route.access === 'open') return route.handle(bank, call);
  const session = route.access === 'half' ? bank.sessions.find(call.headers.authorization) : callerOf(bank, call);
  if (session === undefined) return refusalAnswer(refused('login-required'));
  if (route.access === 'customer' && !session.complete && bank.guards.loginSteps) {
    return refusalAnswer(refused('step-missing'));
  }
  return route.handle(bank, { ...call, session });
}

function readParams(pattern: RegExp, path: string): Readonly<Record<string, string>> | null {
  const groups = Object.entries(pattern.exec(path)?.groups ?? {});
  try {
    return Object.fromEntries(groups.map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    return null;
  }
}
