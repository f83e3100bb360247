/** Login in two steps: name and password, then the one-time code. */
import type { LoginReply } from '../../bank-api.ts';
import type { BankApi } from '../api.ts';
import { messageOf } from '../async-section.ts';
import { fill, h, onSubmit } from '../dom.ts';
import { inputField, whileBusy } from '../form-field.ts';
import { icon } from '../icons.ts';

/** The first of the customers that the read-me lists. */
const DEMO_LOGIN = { username: 'alice.moreau', password: 'amber-falcon-27' } as const;

/** Draws the login and calls `done` once both steps are through. */
export function loginView(api: BankApi, done: (reply: LoginReply) => void): HTMLElement {
  const stage = h('div', { class: 'card pad' });
  const showCode = (first: LoginReply): void => fill(stage, codeForm(api, first, done));
  const enter = (reply: LoginReply): void => (reply.nextStep === 'otp' ? showCode(reply) : done(reply));
  fill(stage, passwordForm(api, enter));
  return h(
    'div',
    { class: 'login' },
    h('div', { class: 'brand-mark' }, brandRings()),
    h('h1', { tabindex: '-1' }, 'Mailbrook'),
    h('p', { class: 'muted' }, 'A small bank that keeps its books in order.'),
    stage,
  );
}

function passwordForm(api: BankApi, enter: (reply: LoginReply) => void): HTMLFormElement {
  const username = inputField('username', 'User name', {
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    required: true,
  });
  const password = inputField('password', 'Password', {
    type: 'password',
    autocomplete: 'current-password',
    required: true,
  });
  const button = h('button', { class: 'button wide', type: 'submit' }, 'Continue');
  const send = (): Promise<void> =>
    whileBusy(button, async () => {
      try {
        enter(await api.logIn(username.value(), password.value()));
      } catch (error) {
        password.setError(messageOf(error));
      }
    });
  const useDemo = (): void => {
    username.control.value = DEMO_LOGIN.username;
    password.control.value = DEMO_LOGIN.password;
    button.focus();
  };
  return h(
    'form',
    { class: 'stack', on: onSubmit(() => void send()) },
    username.element,
    password.element,
    button,
    h('button', { class: 'link', type: 'button', on: { click: useDemo } }, 'Fill in a demo customer'),
  );
}

function codeForm(api: BankApi, first: LoginReply, done: (reply: LoginReply) => void): HTMLFormElement {
  const code = inputField('code', 'One-time code', {
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    pattern: '[0-9]{6}',
    maxlength: 6,
    required: true,
    class: 'control code',
  });
  const button = h('button', { class: 'button wide', type: 'submit' }, 'Log in');
  const send = (): Promise<void> =>
    whileBusy(button, async () => {
      try {
        done(await api.confirmCode(code.value()));
      } catch (error) {
        code.setError(messageOf(error));
      }
    });
  const form = h(
    'form',
    { class: 'stack', on: onSubmit(() => void send()) },
    h('p', {}, `Hello ${first.customerName.split(' ')[0] ?? ''}. We have sent you a code.`),
    h(
      'div',
      { class: 'message', role: 'status' },
      icon('shield'),
      h('p', {}, 'Message to your phone (demo): your code is ', h('strong', { id: 'demo-code' }, first.demoCode ?? '')),
    ),
    code.element,
    button,
  );
  queueMicrotask(() => code.control.focus());
  return form;
}

function brandRings(): HTMLElement {
  return h('img', { src: '/icon.svg', alt: '', width: 64, height: 64 });
}
