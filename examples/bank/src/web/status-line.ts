/** The line that says how the app talks to the bank. */
import type { Connection, ProtectionStatus } from './connection.ts';
import { fill, h } from './dom.ts';
import { icon } from './icons.ts';

/** Follows the connection's status for as long as the page lives. */
export function statusLine(connection: Connection): HTMLElement {
  const line = h('div', { class: 'status-line', role: 'status', 'aria-label': 'Protection' });
  const draw = (): void => {
    const status = connection.status();
    line.dataset['protected'] = String(status.isProtected);
    fill(
      line,
      icon(status.isProtected ? 'shield' : 'open'),
      h('span', { class: 'nowrap' }, describe(status)),
      chips(status),
    );
  };
  connection.onStatus(draw);
  draw();
  return line;
}

const describe = ({ isProtected }: ProtectionStatus): string =>
  isProtected ? 'Protected by Hauberk' : 'Not protected: plain requests';

function chips({ isProtected, session, tier, mode, lastDecision }: ProtectionStatus): HTMLElement | null {
  if (!isProtected) return null;
  const facts = [session === null || session === 'none' ? 'no session' : session.slice(0, 6), tier, mode, lastDecision];
  const shown = facts.filter((fact): fact is string => fact !== null);
  return h(
    'span',
    { class: 'chips' },
    shown.map((fact) => h('span', { class: 'chip' }, fact)),
  );
}
