/** The SMS inbox in memory. */
import { accept } from '@hauberk/primitives';
import type { NewSms, SmsInbox } from '../sms-inbox.ts';
import type { MemoryRecord } from './memory-record.ts';

/** Opens an inbox in memory. */
export const memorySmsInbox = (record: MemoryRecord): SmsInbox => {
  const rows = new Map<number, NewSms & { readonly isSettled: boolean }>();
  let last = 0;
  const waiting = () => [...rows].filter(([, { isSettled }]) => !isSettled);
  return {
    take: (sms) =>
      record.write(() => {
        const isKnown = [...rows.values()].some(
          ({ identity, receivedAtMs }) => identity === sms.identity && receivedAtMs >= sms.sameSinceMs,
        );
        if (isKnown) return accept('known' as const);
        last += 1;
        rows.set(last, { ...sms, isSettled: false });
        return accept('taken' as const);
      }),
    waiting: async (afterPosition, limit) =>
      waiting()
        .filter(([position]) => position > afterPosition)
        .slice(0, limit)
        .map(([position, { content, receivedAtMs }]) => ({ position, content, receivedAtMs })),
    countWaiting: async () => waiting().length,
    settle: (positions) =>
      record.write(() => {
        const held = waiting().filter(([position]) => positions.includes(position));
        for (const [position, row] of held) rows.set(position, { ...row, isSettled: true });
        return accept(held.length);
      }),
    purge: (now, limit) =>
      record.write(() => {
        const due = [...rows].filter(([, { expiresAtMs }]) => expiresAtMs <= now).slice(0, limit);
        for (const [position] of due) rows.delete(position);
        return accept(due.length);
      }),
  };
};
