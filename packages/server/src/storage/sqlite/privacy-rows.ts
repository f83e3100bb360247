/** Rows of privacy in the record, and reports on their way into the outbox. */
import { accept, type EpochMs, refuse, utf8 } from '@hauberk/primitives';
import { eventPayload, type PrivacyRows, privacyConsumer, reportEventKind } from '../../privacy/privacy-store.ts';
import type { OutboxEntry } from '../outbox.ts';
import type { Scope } from '../scope.ts';
import type { WriteHandlers } from '../write-command.ts';
import { outboxReads } from './outbox-reads.ts';
import { rowWrites } from './versioned-rows.ts';
import type { WriteContext } from './write-context.ts';

type Kinds = 'privacy.ingest' | 'privacy.commit' | 'privacy.purge';

/** The code behind the writes of privacy; `outbox` is that behind those of the outbox. */
export const privacyWrites = (
  context: WriteContext,
  outbox: WriteHandlers<'outbox.append' | 'outbox.acknowledge'>,
): WriteHandlers<Kinds> => {
  const rows = rowWrites<PrivacyRows>(context, 'privacy_rows');
  const stream = outboxReads(context.database);

  /** The pseudonym of a device; here, where there is one thread, so that two reports cannot draw two. */
  const subjectOf = (scope: Scope, tag: string, fresh: string, now: EpochMs): string => {
    const held = rows.reads.read(scope, { kind: 'subject', id: tag }).value;
    const subject = held?.subject ?? fresh;
    const day = new Date(now).toISOString().slice(0, 10);
    // Once a day: retention forgets who was not heard of for long.
    if (held?.day === day) return subject;
    rows.put(scope, { kind: 'subject', id: tag, value: { subject, day }, atMs: now });
    rows.put(scope, { kind: 'alias', id: subject, value: { tag }, atMs: now });
    return subject;
  };

  return {
    'privacy.ingest': ({ scope, intake, now }, client) => {
      const { tag, fresh, reports, maxBehind } = intake;
      if (stream.head() - stream.acknowledged(privacyConsumer) > maxBehind) return refuse('privacy-behind');
      const subject = subjectOf(scope, tag, fresh, now);
      const entries = reports.map(
        ({ kind, mark, untilMs, json }): OutboxEntry => ({
          scope,
          kind: reportEventKind(kind),
          atMs: now,
          payload: utf8(eventPayload(subject, json)),
          once: { mark, untilMs },
        }),
      );
      const before = stream.head();
      const appended = outbox['outbox.append']({ entries }, client);
      return appended.ok ? accept(appended.value - before) : appended;
    },
    'privacy.commit': ({ commit, now }, client) => {
      const { changes, advance } = commit;
      const isElsewhere = advance !== undefined && stream.acknowledged(privacyConsumer) !== advance.from;
      if (isElsewhere || changes.some(rows.isStale)) return refuse('privacy-conflict');
      for (const change of changes) rows.apply(change, now);
      if (advance !== undefined)
        outbox['outbox.acknowledge']({ consumer: privacyConsumer, position: advance.to }, client);
      return accept(true);
    },
    'privacy.purge': ({ kind, before, limit }) => accept(rows.purge(kind, before, limit)),
  };
};
