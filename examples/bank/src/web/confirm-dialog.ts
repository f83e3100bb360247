/** A modal question. Built on `<dialog>`, so focus, Escape and the backdrop behave as users expect. */
import { h } from './dom.ts';

/** What is asked. */
export interface Question {
  readonly title: string;
  /** Label and value pairs, for example `To` and a name. */
  readonly facts: readonly (readonly [string, string])[];
  readonly note?: string;
  readonly agree: string;
}

/** Shows the question and resolves when it is answered; anything but the button that agrees is a no. */
export function askUser({ title, facts, note, agree }: Question): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' });
  const close = (answer: string) => ({ click: () => dialog.close(answer) });
  dialog.append(
    h('h2', { id: 'dialog-title' }, title),
    factList(facts),
    h('p', { class: 'muted', hidden: note === undefined }, note ?? ''),
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', class: 'button quiet', on: close('no') }, 'Cancel'),
      h('button', { type: 'button', class: 'button', autofocus: true, on: close('yes') }, agree),
    ),
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    resolve(dialog.returnValue === 'yes');
  });
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}

/** Labelled values, one per line. */
export const factList = (facts: readonly (readonly [string, string])[]): HTMLElement =>
  h(
    'dl',
    { class: 'facts' },
    facts.map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value))),
  );
