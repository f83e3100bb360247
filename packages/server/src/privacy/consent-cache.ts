/** Consents of the persons that are being judged: a ledger is read again only when it has grown. */
import { type Consent, type ConsentEvent, consentOf } from '@hauberk/privacy';
import { type Scope, scopeKey } from '../storage/scope.ts';
import { consentLines } from './consent-record.ts';
import type { PrivacyStore } from './privacy-store.ts';

interface Cached {
  readonly count: number;
  readonly events: readonly ConsentEvent[];
}

/** Persons whose events are held in memory. */
const mostPersons = 4096;

/** Answers what a person had decided at any instant. */
export const consentCache = (
  store: Pick<PrivacyStore, 'load' | 'list'>,
): ((scope: Scope, subject: string) => Promise<(at: number) => Consent>) => {
  const cached = new Map<string, Cached>();
  const eventsOf = async (scope: Scope, subject: string): Promise<readonly ConsentEvent[]> => {
    const name = `${scopeKey(scope)}\u0000${subject}`;
    const [head] = await store.load(scope, [{ kind: 'ledger', id: subject }]);
    const count = head?.value?.count ?? 0;
    const known = cached.get(name);
    if (known?.count === count) return known.events;
    const { events } = await consentLines(store, scope, subject);
    if (cached.size >= mostPersons) for (const oldest of cached.keys()) if (cached.delete(oldest)) break;
    cached.set(name, { count, events });
    return events;
  };
  return async (scope, subject) => {
    const events = await eventsOf(scope, subject);
    const last = events.at(-1)?.at ?? 0;
    const whole = consentOf(events, subject);
    return (at) =>
      last <= at
        ? whole
        : consentOf(
            events.filter((event) => event.at <= at),
            subject,
          );
  };
};
