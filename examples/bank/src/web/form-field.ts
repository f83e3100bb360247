/** Labelled inputs whose errors are tied to them for screen readers. */
import { type Attributes, h } from './dom.ts';

/** An input with its label, hint and error. */
export interface FormField {
  readonly element: HTMLElement;
  readonly value: () => string;
  /** Shows an error and moves the focus to the input; `null` takes the error away. */
  readonly setError: (text: string | null) => void;
  readonly control: HTMLInputElement | HTMLSelectElement;
}

/** A one-line input. */
export const inputField = (id: string, label: string, attributes: Attributes = {}): FormField =>
  wrap(id, label, h('input', { id, name: id, class: 'control', ...attributes }));

/** A choice among values with their labels. */
export function selectField(id: string, label: string, choices: readonly (readonly [string, string])[]): FormField {
  const options = choices.map(([value, text]) => h('option', { value }, text));
  return wrap(id, label, h('select', { id, name: id, class: 'control' }, options));
}

/** Runs `act` while the button shows that something is going on and cannot be pressed twice. */
export async function whileBusy(button: HTMLButtonElement, act: () => Promise<void>): Promise<void> {
  if (button.disabled) return;
  button.disabled = true;
  button.classList.add('busy');
  try {
    await act();
  } finally {
    button.disabled = false;
    button.classList.remove('busy');
  }
}

function wrap(id: string, label: string, control: HTMLInputElement | HTMLSelectElement): FormField {
  const error = h('p', { class: 'field-error', id: `${id}-error`, hidden: true });
  control.setAttribute('aria-describedby', error.id);
  const setError = (text: string | null): void => {
    error.textContent = text ?? '';
    error.hidden = text === null;
    control.setAttribute('aria-invalid', String(text !== null));
    if (text !== null) control.focus();
  };
  control.addEventListener('input', () => setError(null));
  const element = h('div', { class: 'field' }, h('label', { for: id }, label), control, error);
  return { element, control, setError, value: () => control.value.trim() };
}
