/** A part of a screen that has to be fetched: placeholder first, then content, or the reason why there is none and a way to retry. */
import { CallError } from './call-error.ts';
import { type Child, fill, h } from './dom.ts';
import { icon } from './icons.ts';
import type { AppContext } from './view.ts';

/** A section and the way to fetch it again. */
export interface AsyncSection {
  readonly element: HTMLElement;
  /** Fetches anew and swaps the content when it has arrived. */
  reload(): Promise<void>;
}

/** Fetches with `load`, shows with `draw`. `lines` is how tall the placeholder is. */
export function asyncSection<Loaded>(
  context: AppContext,
  lines: number,
  load: () => Promise<Loaded>,
  draw: (loaded: Loaded) => Child,
): AsyncSection {
  const element = h('div', { class: 'section', 'aria-busy': 'true' }, skeleton(lines));
  const reload = async (): Promise<void> => {
    element.setAttribute('aria-busy', 'true');
    try {
      const loaded = await load();
      fill(element, draw(loaded));
    } catch (error) {
      if (isExpired(error)) context.expired();
      else
        fill(
          element,
          problemCard(error, () => void reload()),
        );
    } finally {
      element.removeAttribute('aria-busy');
    }
  };
  void reload();
  return { element, reload };
}

/** Whether the bank has forgotten the login. */
export const isExpired = (error: unknown): boolean => error instanceof CallError && error.code === 'login-required';

/** What to tell the user about a failed call. */
export const messageOf = (error: unknown): string =>
  error instanceof CallError ? error.message : 'Something went wrong in the app.';

/** A failed call, with its code for whoever helps the user, and a button to try again. */
export const problemCard = (error: unknown, retry?: () => void): HTMLElement =>
  h(
    'div',
    { class: 'notice problem', role: 'alert' },
    icon('warning'),
    h(
      'div',
      {},
      h('p', {}, messageOf(error)),
      error instanceof CallError && h('p', { class: 'muted small' }, `Code: ${error.code}`),
      retry !== undefined && h('button', { type: 'button', class: 'link', on: { click: retry } }, 'Try again'),
    ),
  );

/** Said where a list is empty. */
export const emptyNote = (title: string, text: string): HTMLElement =>
  h('div', { class: 'empty' }, h('p', { class: 'strong' }, title), h('p', { class: 'muted' }, text));

const skeleton = (lines: number): HTMLElement =>
  h(
    'div',
    { class: 'card skeleton', role: 'status' },
    h('span', { class: 'visually-hidden' }, 'Loading'),
    Array.from({ length: lines }, () => h('span', { class: 'bone' })),
  );
