/** The panel of payments that wait or have just ended; it hides itself when there are none. */
import type { EntryEvent, JournalEntry } from '@hauberk/sdk/journal';
import { fill, h } from './dom.ts';
import { formatTime } from './format.ts';
import { type IconName, icon } from './icons.ts';
import type { Outbox } from './outbox.ts';

/** How often a panel that shows something looks again: an entry that is being sent tells nobody. */
const LOOK_AGAIN_MS = 1500;

interface Told {
  readonly icon: IconName;
  readonly text: string;
}

const WAITS: Readonly<Record<string, Told>> = {
  waiting: { icon: 'clock', text: 'Waits for the network. It is sent once, as soon as the bank can be reached.' },
  sending: { icon: 'send', text: 'Being sent.' },
  'step-up': { icon: 'warning', text: 'The bank asks you to approve it.' },
  login: { icon: 'warning', text: 'Waits until you have logged in again.' },
};

const ENDS: Readonly<Record<string, Told>> = {
  sent: { icon: 'check', text: 'Sent and booked.' },
  failed: { icon: 'warning', text: 'Refused by the bank. Nothing was paid.' },
  expired: { icon: 'warning', text: 'Not sent: it waited for too long. Nothing was paid.' },
  cancelled: { icon: 'check', text: 'Cancelled. Nothing was paid.' },
  unknown: { icon: 'warning', text: 'It is not known whether it was paid. Look at the account before you pay again.' },
};

const waitOf = ({ state, reason }: JournalEntry): Told | undefined =>
  WAITS[state === 'needs-user' ? reason : state] ?? WAITS['waiting'];

/** Draws the panel and keeps it true. `onEnded` hears of a change on the customer's accounts. */
export function outboxPanel(outbox: Outbox, onEnded: (event: EntryEvent) => void): HTMLElement {
  const panel = h('section', {
    class: 'card outbox',
    role: 'status',
    'aria-label': 'Payments that wait',
    hidden: true,
  });
  const told = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const draw = async (): Promise<void> => {
    clearTimeout(timer);
    const waiting = await outbox.waiting();
    const ended = outbox.ended;
    panel.hidden = waiting.length + ended.length === 0;
    fill(
      panel,
      h(
        'ul',
        { class: 'list' },
        waiting.map((entry) => waitingRow(outbox, entry)),
        ended.map((event) => endedRow(outbox, event)),
      ),
    );
    for (const event of ended) {
      if (!told.has(event.id)) onEnded(event);
      told.add(event.id);
    }
    if (waiting.length > 0) timer = setTimeout(() => void draw(), LOOK_AGAIN_MS);
  };
  outbox.onChange(() => void draw());
  void draw();
  return panel;
}

const row = (state: string, told: Told | undefined, entry: JournalEntry, button: HTMLElement | null): HTMLElement =>
  h(
    'li',
    { class: 'line', 'data-state': state },
    icon(told?.icon ?? 'warning'),
    h(
      'span',
      { class: 'grow' },
      h('span', { class: 'strong' }, entry.describe),
      h('span', { class: 'muted small' }, `${told?.text ?? ''} ${formatTime(entry.queuedAtMs)}`),
    ),
    button,
  );

const button = (text: string, entry: JournalEntry, click: () => void): HTMLElement =>
  h('button', { type: 'button', class: 'link', 'aria-label': `${text}: ${entry.describe}`, on: { click } }, text);

const waitingRow = (outbox: Outbox, entry: JournalEntry): HTMLElement => {
  const isStepUp = entry.state === 'needs-user' && entry.reason === 'step-up';
  const cancel = button('Cancel', entry, () => void outbox.cancel(entry.id));
  const approve = button('Approve', entry, () => void outbox.approve(entry.id));
  const buttons = h('span', { class: 'buttons' }, isStepUp && approve, entry.state !== 'sending' && cancel);
  return row(entry.state, waitOf(entry), entry, buttons);
};

const endedRow = (outbox: Outbox, event: EntryEvent): HTMLElement =>
  row(
    event.state,
    ENDS[event.state],
    event,
    button('OK', event, () => outbox.putAway(event.id)),
  );
