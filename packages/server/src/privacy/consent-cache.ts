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

/** Answers what a person had decided at an instant. */
export const consentCache = (
  store: Pick<PrivacyStore, 'load' | 'list'>,
): ((scope: Scope, subject: string, at: number) => Promise<Consent>) => {
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
  return async (scope, subject, at) => {
    const events = await eventsOf(scope, subject);
    return consentOf(
      events.every((event) => event.at <= at) ? events : events.filter((event) => event.at <= at),
      subject,
    );
  };
};
