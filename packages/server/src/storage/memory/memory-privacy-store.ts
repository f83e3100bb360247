/** Rows of privacy in memory, and reports on their way into the outbox. Nothing survives the process. */
import { accept, refuse, utf8 } from '@hauberk/primitives';
import type { AuditLog } from '../../audit/audit-log.ts';
import {
  eventPayload,
  type PrivacyRows,
  type PrivacyStore,
  privacyConsumer,
  reportEventKind,
} from '../../privacy/privacy-store.ts';
import type { Outbox } from '../outbox.ts';
import type { MemoryRecord } from './memory-record.ts';
import { MemoryRows, memoryRows } from './memory-rows.ts';

/** Opens a store in memory over the outbox and the audit log of the same record. */
export const memoryPrivacyStore = (record: MemoryRecord, outbox: Outbox, audit: AuditLog): PrivacyStore => {
  const held = new MemoryRows<PrivacyRows>();
  return {
    ...memoryRows({ held, record, outbox, audit, consumer: privacyConsumer, conflict: 'privacy-conflict' }),
    ingest: async (scope, { tag, fresh, reports, maxBehind }, now) => {
      const behind = (await outbox.head()) - (await outbox.acknowledged(privacyConsumer));
      if (behind > maxBehind) return refuse('privacy-behind');
      const subject = await record.write(() => {
        const known = held.read(scope, { kind: 'subject', id: tag }).value;
        const name = known?.subject ?? fresh;
        const day = new Date(now).toISOString().slice(0, 10);
        if (known?.day === day) return accept(name);
        held.put(scope, { kind: 'subject', id: tag, value: { subject: name, day }, atMs: now });
        held.put(scope, { kind: 'alias', id: name, value: { tag }, atMs: now });
        return accept(name);
      });
      if (!subject.ok) return subject;
      const before = await outbox.head();
      const appended = await outbox.append(
        reports.map(({ kind, mark, untilMs, json }) => ({
          scope,
          kind: reportEventKind(kind),
          atMs: now,
          payload: utf8(eventPayload(subject.value, json)),
          once: { mark, untilMs },
        })),
      );
      return appended.ok ? accept(appended.value - before) : appended;
    },
  };
};
